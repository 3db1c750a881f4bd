"""What the logs say about a plan's groups, from the count tables only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db import connection, transaction

from truscan.models.estate import Group
from truscan.ramp.evidence_sql import BY_HASH, TAKEN
from truscan.ramp.where import Scope, places_of, scopes_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from django.contrib.auth.models import User

    from truscan.models.ramp import RampPlan, ScanPolicy

# Days are listed one by one, so that each is one probe of the index (day, group). Behind the fence
# the planner takes few rows for each; else it reads the whole table.
BY_DAY = """
WITH s AS MATERIALIZED (
    SELECT * FROM unnest(%(groups)s::int[], %(locations)s::int[]) AS place(group_id, location_id),
        unnest(%(days)s::date[]) AS listed(day))
SELECT d.day, coalesce(sum(d.occurrences) FILTER (WHERE d.event_type = 1), 0)::bigint,
    coalesce(sum(d.occurrences) FILTER (WHERE d.event_type = 2), 0)::bigint,
    coalesce(sum(d.occurrences) FILTER (WHERE d.event_type = 3), 0)::bigint
FROM s JOIN truscan_dailycount d ON d.day = s.day AND d.group_id = s.group_id
WHERE (s.location_id = 0 OR d.location_id = s.location_id) {more}
GROUP BY d.day
"""


@dataclass(frozen=True, slots=True)
class DayCount:
    """Occurrences of one UTC day. A day without a row is unknown, not quiet."""

    day: date
    potential: int
    security: int
    commercial: int

    @property
    def total(self) -> int:
        return self.potential + self.security + self.commercial


@dataclass(frozen=True, slots=True)
class Clients:
    """Clients that the plan's groups are known to have, and how many groups do not tell."""

    known: int
    groups: int
    groups_unknown: int


@dataclass(frozen=True, slots=True)
class Places:
    """Where a plan's scan policy is in force and a person may look."""

    scopes: list[Scope]
    clients: Clients


def places_seen(plan: RampPlan, user: User) -> Places:
    """The places, and their client totals, where unknown stays unknown."""
    scopes = scopes_of({plan.scan_policy_id})
    groups = Group.objects.visible_to(user).filter(pk__in={scope.group_id for scope in scopes})
    counts = dict(groups.values_list("pk", "client_count"))
    known = [count for count in counts.values() if count is not None]
    return Places(
        [scope for scope in scopes if scope.group_id in counts],
        Clients(sum(known), len(counts), len(counts) - len(known)),
    )


def detections_by_day(scopes: Sequence[Scope], start: date, end: date) -> list[DayCount]:
    """Daily occurrences from `start` to `end`, both included, in these places."""
    if not scopes:
        return []
    locations, taken = places_of(scopes)
    asked: dict[str, Any] = {
        "groups": [scope.group_id for scope in scopes],
        "locations": locations,
        "days": [start + timedelta(days=count) for count in range((end - start).days + 1)],
        "taken_groups": [pair[0] for pair in taken],
        "taken_locations": [pair[1] for pair in taken],
    }
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(BY_HASH)
        cursor.execute(BY_DAY.format(more=TAKEN if taken else ""), asked)
        return [DayCount(*row) for row in sorted(cursor.fetchall())]


def groups_in_force(policy: ScanPolicy) -> list[tuple[int, str | None]]:
    """(group id, location key or None for the whole group), inheriting sub-groups included."""
    pairs = {(scope.group_id, scope.location_key) for scope in scopes_of({policy.pk})}
    return sorted(pairs, key=lambda pair: (pair[0], pair[1] or ""))
