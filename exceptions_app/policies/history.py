"""Where policies were assigned and who inherited at a moment: set-based, from kept changes.

A group or place without any change keeps what is there now: nothing else is known of it.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import connection

from exceptions_app.policies.compile import GroupFacts, resolve
from exceptions_app.policies.effective import in_force_rows
from truscan.models.estate import Location

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from exceptions_app.policies.effective import InForce

# All groups above, whether they inherit now or not: then may have been otherwise. Before the first
# change that is kept of a group, what that change found held.
GROUPS = """
WITH RECURSIVE up AS (
    SELECT id, parent_id, inherits FROM truscan_group WHERE id = ANY(%(groups)s)
    UNION
    SELECT g.id, g.parent_id, g.inherits FROM truscan_group g JOIN up ON g.id = up.parent_id)
SELECT up.id, up.parent_id, coalesce(told.inherits, first.was, up.inherits), told.audit_event_id,
    told.group_id IS NOT NULL
FROM up
LEFT JOIN LATERAL (
    SELECT c.group_id, c.inherits, c.audit_event_id FROM exceptions_app_inheritancechange c
    WHERE c.group_id = up.id AND c.at <= %(at)s ORDER BY c.at DESC, c.id DESC LIMIT 1) told ON true
LEFT JOIN LATERAL (
    SELECT c.was FROM exceptions_app_inheritancechange c
    WHERE c.group_id = up.id ORDER BY c.at, c.id LIMIT 1) first ON true
ORDER BY up.id
"""
PLACEMENTS = """
SELECT DISTINCT ON (group_id, location_id) group_id, location_id, policy_id, audit_event_id
FROM exceptions_app_placement
WHERE group_id = ANY(%(groups)s) AND at <= %(at)s
ORDER BY group_id, location_id, at DESC, id DESC
"""


@dataclass(frozen=True, slots=True)
class Change:
    """The last change of a place by then: its policy (None: taken off), or `is_inheritance`.

    `event_id` is the ledger's line; None for what is older than the history."""

    group_id: int
    policy_id: int | None
    event_id: int | None
    is_inheritance: bool = False


@dataclass(frozen=True, slots=True)
class Past:
    """The groups asked for and all above them as they were, and the changes that tell it."""

    facts: tuple[GroupFacts, ...]
    changes: tuple[Change, ...]


def past_of(group_ids: Iterable[int], at: datetime) -> Past:
    """Three queries, whatever the number of groups. Locations that were added later are there
    already, with what holds for their group."""
    asked: dict[str, Any] = {"groups": sorted(set(group_ids)), "at": at}
    with connection.cursor() as cursor:
        cursor.execute(GROUPS, asked)
        groups = cursor.fetchall()
        ids = [row[0] for row in groups]
        cursor.execute(PLACEMENTS, {"groups": ids, "at": at})
        placed = cursor.fetchall()
    keys: dict[int, dict[str, int]] = defaultdict(dict)
    locations = Location.objects.filter(group__in=ids).order_by()
    for pk, group_id, key in locations.values_list("pk", "group_id", "name_key"):
        keys[group_id][key] = pk
    assigned: dict[int, dict[int | None, int]] = defaultdict(dict)
    for group_id, location_id, policy_id, _ in placed:
        if policy_id is not None:
            assigned[group_id][location_id] = policy_id
    facts = tuple(
        GroupFacts(
            pk, parent, inherits and parent is not None, keys.get(pk, {}), assigned.get(pk, {})
        )
        for pk, parent, inherits, _, _ in groups
    )
    changes = [Change(pk, policy, event) for pk, _, policy, event in placed]
    changes += [
        Change(pk, None, event, is_inheritance=True)
        for pk, _, _, event, is_told in groups
        if is_told
    ]
    return Past(facts, tuple(changes))


def in_force_at(group_ids: Sequence[int], at: datetime) -> list[InForce]:
    """What `policies_in_force` answered, or would have answered, at that moment."""
    if not group_ids:
        return []
    return in_force_rows(resolve(past_of(group_ids, at).facts), set(group_ids))
