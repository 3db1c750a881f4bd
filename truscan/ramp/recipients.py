"""Who is reminded, and who is told next: people who may confirm, in all groups of the plan."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from truscan.access.scope import roles_from
from truscan.models.access import Role, RoleGrant

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.contrib.auth.models import User

    from truscan.models.estate import Group
    from truscan.models.ramp import RampPlan


@dataclass(frozen=True, slots=True)
class Ladder:
    """`first` are reminded; `second` are told when those do not act."""

    first: list[User]
    second: list[User]


def approvers_of(plans: Iterable[RampPlan]) -> dict[int, list[User]]:
    """Who is reminded of each plan, by plan id, in the order of their names."""
    return {pk: ladder.first for pk, ladder in ladders_of(plans).items()}


def ladders_of(plans: Iterable[RampPlan]) -> dict[int, Ladder]:
    """Active approvers with an e-mail address first, then administrators of all the groups.

    Where no approver is below them the administrators come first, and nobody second. One query
    for any number of plans whose scan policies' uses are fetched.
    """
    grants = (
        RoleGrant.objects.filter(role__in=roles_from("approver"), user__is_active=True)
        .exclude(user__email="")
        .select_related("user__person_settings", "group")
        .order_by("user__username")
    )
    places: dict[User, list[Group | None]] = defaultdict(list)
    administered: dict[User, list[Group | None]] = defaultdict(list)
    for grant in grants:
        places[grant.user].append(grant.group)
        if grant.role == Role.ADMINISTRATOR:
            administered[grant.user].append(grant.group)
    return {plan.pk: _ladder(plan, places, administered) for plan in plans}


def _ladder(
    plan: RampPlan,
    places: dict[User, list[Group | None]],
    administered: dict[User, list[Group | None]],
) -> Ladder:
    above = [user for user, held in administered.items() if _covers_all(held, plan)]
    may = [user for user, held in places.items() if _covers_all(held, plan)]
    approvers = [user for user in may if user not in above]
    return Ladder(approvers, above) if approvers else Ladder(above, [])


def _covers_all(held: list[Group | None], plan: RampPlan) -> bool:
    uses = plan.scan_policy.uses.all()
    return all(any(_covers(place, use.group) for place in held) for use in uses)


def _covers(place: Group | None, group: Group) -> bool:
    if place is None:
        return True
    if place.domain_id != group.domain_id:
        return False
    if place.path_key == group.path_key:
        return True
    return bool(place.path_key) and group.path_key.startswith(place.path_key + "\\")
