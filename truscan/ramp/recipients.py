"""Who is reminded: the people who may confirm the level, in all groups of the plan."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from truscan.access.scope import roles_from
from truscan.models.access import RoleGrant

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.contrib.auth.models import User

    from truscan.models.estate import Group
    from truscan.models.ramp import RampPlan


def approvers_of(plans: Iterable[RampPlan]) -> dict[int, list[User]]:
    """Active approvers with an e-mail address, by plan id, in the order of their names.

    One query for any number of plans whose scan policies' uses are fetched.
    """
    grants = (
        RoleGrant.objects.filter(role__in=roles_from("approver"), user__is_active=True)
        .exclude(user__email="")
        .select_related("user", "group")
        .order_by("user__username")
    )
    places: dict[User, list[Group | None]] = defaultdict(list)
    for grant in grants:
        places[grant.user].append(grant.group)
    return {
        plan.pk: [user for user, held in places.items() if _covers_all(held, plan)]
        for plan in plans
    }


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
