"""What the logs say about a plan's groups, from the count tables only."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.core.cache import cache
from django.db import connection, transaction

from truscan.audit import canonical_json
from truscan.models.estate import Group
from truscan.models.rolled import CountedDay
from truscan.ramp.evidence_sql import BY_HASH, TAKEN
from truscan.ramp.where import Scope, places_of, scopes_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from django.contrib.auth.models import User

    from truscan.models.ramp import RampPlan, ScanPolicy

# Days of a plan of the whole estate take seconds on millions of rows: beyond so many days of groups
# each is read once, until an import counts on it.
MANY = 4000
REMEMBERED_SECONDS = 24 * 3600

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
    days = [start + timedelta(days=count) for count in range((end - start).days + 1)]
    if not scopes:
        return []
    is_long = len(days) * len(scopes) > MANY
    return _remembered(scopes, days) if is_long else _read(scopes, days)


def _read(scopes: Sequence[Scope], days: Sequence[date]) -> list[DayCount]:
    locations, taken = places_of(scopes)
    asked: dict[str, Any] = {
        "groups": [scope.group_id for scope in scopes],
        "locations": locations,
        "days": list(days),
        "taken_groups": [pair[0] for pair in taken],
        "taken_locations": [pair[1] for pair in taken],
    }
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(BY_HASH)
        cursor.execute(BY_DAY.format(more=TAKEN if taken else ""), asked)
        return [DayCount(*row) for row in sorted(cursor.fetchall())]


def _remembered(scopes: Sequence[Scope], days: Sequence[date]) -> list[DayCount]:
    """Days of many groups, those on which nothing was counted since they were last read from the
    cache. Versions are read before counts, so that an import in between is read again."""
    told = canonical_json([(s.group_id, s.location_key, sorted(s.taken)) for s in scopes])
    key = f"ramp-days-of:{hashlib.sha256(told.encode()).hexdigest()}"
    known: dict[date, tuple[int, DayCount | None]] = cache.get(key) or {}
    versions = dict(CountedDay.objects.filter(day__in=days).values_list("day", "version"))
    stale = [day for day in days if day not in known or known[day][0] != versions.get(day, 0)]
    found = {one.day: one for one in _read(scopes, stale)} if stale else {}
    known.update({day: (versions.get(day, 0), found.get(day)) for day in stale})
    cache.set(key, known, REMEMBERED_SECONDS)
    return [count for day in days if (count := known[day][1])]


def groups_in_force(policy: ScanPolicy) -> list[tuple[int, str | None]]:
    """(group id, location key or None for the whole group), inheriting sub-groups included."""
    pairs = {(scope.group_id, scope.location_key) for scope in scopes_of({policy.pk})}
    return sorted(pairs, key=lambda pair: (pair[0], pair[1] or ""))
