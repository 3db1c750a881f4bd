"""What all queries of a replay are given, and the shorter ones of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from django.db import connection

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date

    from exceptions_app.policies.effective import InForce

# Inlined, so that the planner knows how long the arrays are and may scan in parallel; a CTE that
# is materialised is neither. Location 0 is the group itself, and a line that names no location.
# A process without a row in `rule` has the outcomes that the scan gives by itself.
GIVEN = """
WITH place(group_id, location_id, policy_id) AS NOT MATERIALIZED (SELECT * FROM unnest(
        %(groups)s::bigint[], %(locations)s::bigint[], %(policies)s::bigint[])),
rule(policy_id, process_id, before, after) AS NOT MATERIALIZED (SELECT * FROM unnest(
        %(of)s::bigint[], %(processes)s::bigint[], %(before)s::text[], %(after)s::text[]))
"""

MOST = """
SELECT s.process_id FROM truscan_sighting s
JOIN (SELECT DISTINCT group_id, policy_id FROM place) p ON p.group_id = s.group_id
{join} JOIN rule r ON r.policy_id = p.policy_id AND r.process_id = s.process_id
WHERE s.last_at >= %(since)s AND s.first_at < %(until)s
    AND coalesce(r.before, %(was)s) <> coalesce(r.after, %(becomes)s)
GROUP BY 1 ORDER BY sum(s.occurrences) DESC, 1 LIMIT %(most)s
"""


@dataclass(frozen=True, slots=True)
class Asked:
    """The parameters of all queries of one replay; `whole` if what has no rule counts too."""

    values: dict[str, Any]
    whole: bool = False

    @property
    def by_scan(self) -> bool:
        """Whether detections without a rule are asked for too."""
        return self.whole or bool(self.values["was"] != self.values["becomes"])

    @property
    def join(self) -> str:
        return "LEFT" if self.by_scan else ""


def asked(
    places: Iterable[InForce],
    rules: Mapping[tuple[int, int], tuple[str, str]],
    start: date,
    end: date,
    *,
    was: str = "",
    becomes: str = "",
    whole: bool = False,
) -> Asked:
    """`rules` by (policy, process) give the outcome before and after."""
    rows = list(places)
    return Asked(
        {
            "groups": [row.group_id for row in rows],
            "any_group": sorted({row.group_id for row in rows}),
            "locations": [row.location_id or 0 for row in rows],
            "policies": [row.policy_id or 0 for row in rows],
            "of": [policy for policy, _ in rules],
            "processes": [process for _, process in rules],
            "before": [before for before, _ in rules.values()],
            "after": [after for _, after in rules.values()],
            "start": start,
            "end": end,
            "since": datetime.combine(start, time(), UTC),
            "until": datetime.combine(end + timedelta(days=1), time(), UTC),
            "was": was,
            "becomes": becomes,
        },
        whole,
    )


def settle_plans() -> None:
    """One pass over the counts and a hash for each short list, to the end of the transaction.

    The planner takes the short lists for shorter than they are, and would sort a quarter of the
    counts on disk, or walk an index for each of their rows.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SET LOCAL work_mem = '64MB'; SET LOCAL jit = off; SET LOCAL enable_sort = off;"
            " SET LOCAL enable_mergejoin = off; SET LOCAL enable_nestloop = off"
        )


def most_seen(given: Asked, most: int) -> list[int]:
    """The processes with a change that were detected most, since logs were first read."""
    return [
        row[0]
        for row in rows_of(GIVEN + MOST.format(join=given.join), given.values | {"most": most})
    ]


def is_heard(given: Asked) -> bool:
    """Whether any row is stored for these groups and days: silence is not health."""
    sql = (
        "SELECT EXISTS (SELECT FROM generate_series(%(start)s::date, %(end)s::date,"
        " interval '1 day') g(day) CROSS JOIN unnest(%(any_group)s::bigint[]) place(id)"
        " CROSS JOIN LATERAL (SELECT FROM truscan_dailycount d"
        " WHERE d.day = g.day::date AND d.group_id = place.id LIMIT 1) found)"
    )
    return bool(rows_of(sql, given.values)[0][0])


def rows_of(sql: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return list(cursor.fetchall())
