"""Facts for the ramp's gates and forecast: counts of days, sightings and decisions, no more."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Any

from django.db import connection
from django.db.models import Sum

from exceptions_app.policies.effective import policies_in_force
from truscan.coverage import RampFacts
from truscan.models.counts import DailyCount, Sighting
from truscan.models.detection import EventType

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

# Events that ask for a decision; forced and now-allowed ones come from exceptions (guide p. 73).
ASKING = (
    EventType.POTENTIAL_RISK,
    EventType.SECURITY_RISK,
    EventType.COMMERCIAL,
    EventType.OTHER,
)

COVERED = """
SELECT coalesce(sum(d.occurrences), 0)::bigint FROM truscan_dailycount d
JOIN truscan_sighting s ON s.process_id = d.process_id AND s.group_id = d.group_id
WHERE d.group_id = ANY(%(groups)s) AND d.day >= %(start)s AND d.day <= %(end)s
    AND d.event_type = ANY(%(asking)s) AND s.covered_until > %(at)s
"""

# From the first detection in these groups to the decision that stands.
DECISIONS = """
WITH seen AS (
    SELECT process_id, min(first_at) AS first_at FROM truscan_sighting
    WHERE group_id = ANY(%(groups)s) GROUP BY process_id),
decided AS (
    SELECT DISTINCT d.id, i.process_id, d.decided_at
    FROM exceptions_app_decision d JOIN exceptions_app_decisionitem i ON i.decision_id = d.id
    WHERE d.decided_at >= %(from)s AND d.decided_at < %(to)s AND d.undone_at IS NULL
        AND d.kind IN ('respond', 'observe') AND i.skipped_because = '')
SELECT count(DISTINCT decided.id),
    percentile_cont(0.5) WITHIN GROUP (
        ORDER BY greatest(0, extract(epoch FROM decided.decided_at - seen.first_at)))
FROM decided JOIN seen USING (process_id)
"""

# What clients quarantined or terminated though people say Ignore where it was seen.
FALSE_QUARANTINES = """
SELECT coalesce(sum(d.occurrences), 0)::bigint FROM truscan_dailycount d
JOIN truscan_action a ON a.id = d.action_id
WHERE d.group_id = ANY(%(groups)s) AND d.day >= %(start)s AND d.day <= %(end)s
    AND (a.name_key LIKE '%%quarantin%%' OR a.name_key LIKE '%%terminat%%')
    AND EXISTS (SELECT 1 FROM exceptions_app_processexception e
        WHERE e.process_id = d.process_id AND e.response = 'ignore' AND e.retired_at IS NULL)
"""

IGNORED = """
SELECT DISTINCT p.group_id, e.process_id
FROM unnest(%(groups)s::bigint[], %(policies)s::bigint[]) AS p(group_id, policy_id)
JOIN exceptions_app_processexception e ON e.policy_id = p.policy_id
WHERE e.response = 'ignore' AND e.retired_at IS NULL
    AND (e.expires_at IS NULL OR e.expires_at > %(at)s)
"""


def ignored_in(group_ids: Sequence[int], at: datetime) -> list[tuple[int, int]]:
    """(group id, process id) where the draft of a policy in force in the group, or in one of its
    locations, says Ignore at that moment."""
    places = [place for place in policies_in_force(list(group_ids)) if place.policy_id is not None]
    asked: dict[str, Any] = {
        "groups": [place.group_id for place in places],
        "policies": [place.policy_id for place in places],
        "at": at,
    }
    with connection.cursor() as cursor:
        cursor.execute(IGNORED, asked)
        return [(group_id, process_id) for group_id, process_id in cursor.fetchall()]


def ramp_facts(group_ids: Sequence[int], start: datetime, end: datetime) -> RampFacts:
    """Facts of these groups from the UTC day of `start` to that of `end`, both included.

    Open processes are those open at `end`. No row at all in those days is no fact: false
    quarantines are then None, since silence is not health (guide p. 59). Action words of a log in
    another language than English are not recognised as quarantine.
    """
    groups = list(group_ids)
    asked: dict[str, Any] = {
        "groups": groups,
        "start": start.astimezone(UTC).date(),
        "end": end.astimezone(UTC).date(),
        "asking": [int(kind) for kind in ASKING],
        "at": end,
        "from": start,
        "to": end,
    }
    days = DailyCount.objects.filter(
        group__in=groups, day__gte=asked["start"], day__lte=asked["end"]
    )
    by_day = dict(
        days.filter(event_type__in=ASKING)
        .order_by("day")
        .values("day")
        .annotate(total=Sum("occurrences"))
        .values_list("day", "total")
    )
    decisions, median = _one(DECISIONS, asked)
    return RampFacts(
        open_processes=Sighting.objects.open(end)
        .filter(group__in=groups)
        .order_by()
        .values("process_id")
        .distinct()
        .count(),
        covered_occurrences=_one(COVERED, asked)[0],
        candidate_occurrences=sum(by_day.values()),
        decisions=decisions,
        median_decision_seconds=None if median is None else float(median),
        false_quarantines=_one(FALSE_QUARANTINES, asked)[0] if days.exists() else None,
        by_day=by_day,
    )


def _one(sql: str, asked: dict[str, Any]) -> tuple[int, float | None]:
    with connection.cursor() as cursor:
        cursor.execute(sql, asked)
        row = cursor.fetchone()
    return (row[0], row[1] if len(row) > 1 else None) if row else (0, None)
