"""What the group pages show, gathered set-based for all rows at once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.db.models import Count, Max

from exceptions_app.export.targets import TARGETS
from exceptions_app.models.policy import Policy, Revision
from exceptions_app.policies.effective import InForce, policies_in_force
from truscan.models.counts import Sighting
from truscan.models.estate import Computer, Group, Location
from truscan.ramp.in_force import levels_in_force
from truscan.ramp.words import level_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from django.contrib.auth.models import User

MOST_ROWS = 200


@dataclass(frozen=True, slots=True)
class PolicyHere:
    """What a (group, location) gets and from where; policy None = not known.

    `is_mine` and `from_mine` tell whether the person may open the policy and the group it is from.
    """

    location: Location | None
    policy: Policy | None
    revision: int | None
    from_group: Group | None
    inherited: bool
    is_mine: bool
    from_mine: bool


@dataclass(slots=True)
class GroupLine:
    group: Group
    open_items: int
    last_heard_at: datetime | None
    computers: int
    here: list[PolicyHere] = field(default_factory=list)

    @property
    def merged(self) -> list[tuple[PolicyHere, list[Location]]]:
        """What holds, with the locations where it is the same: most groups have one line."""
        told: dict[tuple[Any, ...], tuple[PolicyHere, list[Location]]] = {}
        for place in self.here:
            same = (place.policy, place.from_group, place.inherited)
            _, locations = told.setdefault(same, (place, []))
            if place.location is not None:
                locations.append(place.location)
        return list(told.values())

    @property
    def depth(self) -> int:
        return min(self.group.path.count("\\"), 8)


def group_lines(groups: Sequence[Group], user: User, now: datetime) -> list[GroupLine]:
    """A line for each group, in the order given; a fixed number of queries however many."""
    ids = [g.pk for g in groups]
    open_items = dict(
        Sighting.objects.open(now)
        .filter(group__in=ids)
        .values_list("group")
        .annotate(n=Count("pk"))
        .order_by()
    )
    heard = {
        group: (newest, count)
        for group, newest, count in Computer.objects.filter(group__in=ids)
        .exclude(name_key="")
        .values_list("group")
        .annotate(newest=Max("last_heard_at"), n=Count("pk"))
        .order_by()
    }
    here = policies_here(ids, user)
    return [
        GroupLine(
            group=g,
            open_items=open_items.get(g.pk, 0),
            last_heard_at=heard.get(g.pk, (None, 0))[0],
            computers=heard.get(g.pk, (None, 0))[1],
            here=here.get(g.pk, []),
        )
        for g in groups
    ]


def policies_here(group_ids: Sequence[int], user: User) -> dict[int, list[PolicyHere]]:
    """The policy in force per group, the group itself first, then its locations by name."""
    rows = policies_in_force(group_ids)
    policies = Policy.objects.in_bulk({r.policy_id for r in rows if r.policy_id})
    owners = Group.objects.in_bulk({r.from_group_id for r in rows if r.from_group_id})
    places = Location.objects.in_bulk({r.location_id for r in rows if r.location_id})
    newest = _newest_revisions(policies)
    mine = set(
        Policy.objects.visible_to(user).filter(pk__in=list(policies)).values_list("pk", flat=True)
    )
    open_groups = set(
        Group.objects.visible_to(user).filter(pk__in=list(owners)).values_list("pk", flat=True)
    )
    found: dict[int, list[PolicyHere]] = {}
    for r in sorted(rows, key=lambda r: _order(r, places)):
        found.setdefault(r.group_id, []).append(
            PolicyHere(
                location=places.get(r.location_id) if r.location_id else None,
                policy=policies.get(r.policy_id) if r.policy_id else None,
                revision=newest.get(r.policy_id) if r.policy_id else None,
                from_group=owners.get(r.from_group_id) if r.from_group_id else None,
                inherited=r.inherited,
                is_mine=r.policy_id in mine,
                from_mine=r.from_group_id in open_groups,
            )
        )
    return found


def _order(row: InForce, places: dict[int, Location]) -> tuple[int, str]:
    place = places.get(row.location_id) if row.location_id else None
    return row.group_id, place.name_key if place else ""


def _newest_revisions(policy_ids: Iterable[int]) -> dict[int, int]:
    rows = Revision.objects.filter(policy__in=list(policy_ids)).order_by()
    return dict(rows.values_list("policy").annotate(newest=Max("number")))


def group_state(group: Group, user: User, now: datetime) -> dict[str, Any]:
    """Everything of one group's page."""
    parent = group.parent
    levels = levels_in_force(now, [group.pk])
    return {
        "group": group,
        "line": group_lines([group], user, now)[0],
        "locations": group.locations.all()[:MOST_ROWS],
        "children": group.children.order_by("path_key")[:MOST_ROWS],
        "parent_is_mine": parent is not None and Group.objects.visible_to(user).contains(parent),
        "assignments": group.policy_assignments.select_related("policy", "location"),
        "levels": [(level, level_name(level.track, level.level)) for level in levels],
        "targets": TARGETS.values(),
    }
