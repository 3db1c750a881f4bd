"""Which policy is in force in which group and location."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import connection

from exceptions_app.models.exception import ProcessException
from exceptions_app.models.policy import PolicyAssignment
from exceptions_app.policies.compile import (
    EffectiveSet,
    GroupFacts,
    Origin,
    Places,
    Rule,
    effective_sets,
    resolve,
)
from truscan.models.estate import Group, Location

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from exceptions_app.models.policy import Policy

# The groups asked for, and above each as far as it inherits.
UPWARD = """
WITH RECURSIVE up AS (
    SELECT id, parent_id, inherits FROM truscan_group WHERE id = ANY(%s)
    UNION
    SELECT g.id, g.parent_id, g.inherits FROM truscan_group g JOIN up ON g.id = up.parent_id
    WHERE up.inherits)
SELECT id, parent_id, inherits FROM up ORDER BY id
"""

# The groups given, and below each all that inherit from it.
DOWNWARD = """
WITH RECURSIVE down AS (
    SELECT id FROM truscan_group WHERE id = ANY(%s)
    UNION
    SELECT g.id FROM truscan_group g JOIN down ON g.parent_id = down.id WHERE g.inherits)
SELECT id FROM down
"""


@dataclass(frozen=True, slots=True)
class InForce:
    """The policy of a group (location None) or of a location in it; policy None = not known.

    `from_group_id` is the group that the policy is assigned to; `inherited` tells that it is
    another one than this group.
    """

    group_id: int
    location_id: int | None
    policy_id: int | None
    from_group_id: int | None
    inherited: bool


def policies_in_force(group_ids: Sequence[int] | None = None) -> list[InForce]:
    """One per group with location None, plus one per location, sorted; None = all groups.

    Locations that a group inherits from above appear with the ancestor's id unless the group has
    one of that name itself. Three queries, whatever the number of groups.
    """
    wanted = None if group_ids is None else set(group_ids)
    if wanted is not None and not wanted:
        return []
    return in_force_rows(resolve(_group_facts(wanted)), wanted)


def in_force_rows(places: Mapping[int, Places], wanted: set[int] | None) -> list[InForce]:
    """The places of the wanted groups (None = all), by group, the group itself first."""
    return [
        row
        for pk in sorted(places if wanted is None else wanted & places.keys())
        for row in _rows(pk, places[pk])
    ]


def draft_sets(group_id: int, at: datetime) -> dict[int | None, EffectiveSet]:
    """By location (None: the group itself) what would hold if all drafts were published at that
    moment, with what is left out. Four queries."""
    places = resolve(_group_facts({group_id}))
    here = {group_id: places[group_id]}
    policies = {origin.policy_id for origin in _origins(here[group_id])}
    rows = ProcessException.objects.filter(policy__in=policies - {None}, retired_at=None)
    rules: dict[int, list[Rule]] = defaultdict(list)
    for policy_id, process_id, response, pk, expires_at in rows.order_by("pk").values_list(
        "policy_id", "process_id", "response", "pk", "expires_at"
    ):
        rules[policy_id].append(Rule(process_id, response, pk, expires_at))
    sets = effective_sets(here, rules, at)
    return {location_id: found for (_, location_id), found in sets.items()}


def _origins(places: Places) -> list[Origin]:
    return [places.group, *(origin for _, origin in places.locations.values())]


def _rows(group_id: int, places: Places) -> list[InForce]:
    def row(location_id: int | None, origin: Origin) -> InForce:
        return InForce(
            group_id, location_id, origin.policy_id, origin.from_group_id, origin.inherited
        )

    locations = [row(pk, origin) for pk, origin in places.locations.values()]
    return [row(None, places.group), *sorted(locations, key=lambda r: r.location_id or 0)]


def _group_facts(wanted: set[int] | None) -> list[GroupFacts]:
    if wanted is None:
        groups = list(Group.objects.values_list("id", "parent_id", "inherits").order_by("id"))
        locations, assignments = Location.objects.all(), PolicyAssignment.objects.all()
    else:
        with connection.cursor() as cursor:
            cursor.execute(UPWARD, [list(wanted)])
            groups = cursor.fetchall()
        ids = [row[0] for row in groups]
        locations = Location.objects.filter(group__in=ids)
        assignments = PolicyAssignment.objects.filter(group__in=ids)
    keys: dict[int, dict[str, int]] = defaultdict(dict)
    for pk, group_id, key in locations.order_by().values_list("id", "group_id", "name_key"):
        keys[group_id][key] = pk
    assigned: dict[int, dict[int | None, int]] = defaultdict(dict)
    for group_id, location_id, policy_id in assignments.values_list(
        "group_id", "location_id", "policy_id"
    ):
        assigned[group_id][location_id] = policy_id
    return [
        GroupFacts(
            pk,
            parent_id,
            inherits and parent_id is not None,
            keys.get(pk, {}),
            assigned.get(pk, {}),
        )
        for pk, parent_id, inherits in groups
    ]


def inheriting_from(group_ids: Iterable[int]) -> list[int]:
    """The groups given and all below them that inherit, directly or through others."""
    with connection.cursor() as cursor:
        cursor.execute(DOWNWARD, [list(group_ids)])
        return sorted(row[0] for row in cursor.fetchall())


def groups_with(policy_ids: Iterable[int]) -> list[int]:
    """The groups where one of the policies is in force, for the group itself or a location."""
    wanted = set(policy_ids)
    assigned_to = PolicyAssignment.objects.filter(policy__in=wanted).values_list("group", flat=True)
    near = inheriting_from(set(assigned_to))
    return sorted({row.group_id for row in policies_in_force(near) if row.policy_id in wanted})


def groups_touched(policies: Iterable[Policy]) -> set[int]:
    """Every group where a change of these policies arrives, and those they are assigned to.

    Views compare it with the groups that a person may write (house rule 10).
    """
    wanted = {policy.pk for policy in policies}
    assigned_to = PolicyAssignment.objects.filter(policy__in=wanted).values_list("group", flat=True)
    return set(assigned_to) | set(groups_with(wanted))
