"""The SQL of a replay: daily counts, presence, and what is known of single processes.

Never detections themselves: rows and occurrences come from DailyCount, exact per UTC day;
computers and users from the stored presence, which knows neither day nor location.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import connection

from exceptions_app.replay.core import Cell

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
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

# `+ 0` keeps the planner from walking an index once per rule and group: one pass and a hash.
CELLS = """
SELECT d.day, d.group_id, d.location_id,
    coalesce(r.before, %(was)s), coalesce(r.after, %(becomes)s),
    sum(d.rows)::bigint, sum(d.occurrences)::bigint
FROM truscan_dailycount d
JOIN place p ON p.group_id = d.group_id AND p.location_id = coalesce(d.location_id, 0)
{join} JOIN rule r ON r.policy_id = p.policy_id AND r.process_id = d.process_id + 0
WHERE d.day BETWEEN %(start)s AND %(end)s {narrow}
GROUP BY 1, 2, 3, 4, 5
"""

PROCESSES = """
SELECT d.process_id, coalesce(r.before, %(was)s), coalesce(r.after, %(becomes)s),
    sum(d.rows)::bigint, sum(d.occurrences)::bigint, count(DISTINCT d.group_id)
FROM truscan_dailycount d
JOIN place p ON p.group_id = d.group_id AND p.location_id = coalesce(d.location_id, 0)
LEFT JOIN rule r ON r.policy_id = p.policy_id AND r.process_id = d.process_id
WHERE d.process_id = ANY(%(wanted)s) AND d.day BETWEEN %(start)s AND %(end)s
GROUP BY 1, 2, 3
"""

# A process whose outcome changes in one place of a group counts for the whole group: presence
# does not know the location.
TOUCHED = """,
changed AS NOT MATERIALIZED (
    SELECT DISTINCT p.group_id, r.process_id FROM place p JOIN rule r USING (policy_id)
    WHERE r.before <> r.after)
SELECT s.group_id, s.{who} FROM {table} s
JOIN changed c ON c.group_id = s.group_id AND c.process_id = s.process_id + 0
WHERE s.process_id = ANY(%(processes)s)
    AND s.last_at >= %(start)s AND s.first_at < %(end)s::date + 1
GROUP BY 1, 2
"""

# If the scan itself acts differently, everything changes except what a rule keeps the same.
TOUCHED_BY_SCAN = """,
kept AS NOT MATERIALIZED (
    SELECT DISTINCT p.group_id, r.process_id FROM place p JOIN rule r USING (policy_id)
    WHERE r.before = r.after)
SELECT s.group_id, s.{who} FROM {table} s
LEFT JOIN kept k ON k.group_id = s.group_id AND k.process_id = s.process_id + 0
WHERE s.group_id = ANY(%(groups)s) AND k.process_id IS NULL
    AND s.last_at >= %(start)s AND s.first_at < %(end)s::date + 1
GROUP BY 1, 2
"""

# Per group and, by the row without a group, for all together.
COUNTED = """
SELECT group_id, count(*) FROM seen GROUP BY 1
UNION ALL SELECT NULL, count(DISTINCT {who}) FROM seen
"""

MOST = """
SELECT s.process_id FROM truscan_sighting s
JOIN (SELECT DISTINCT group_id, policy_id FROM place) p ON p.group_id = s.group_id
{join} JOIN rule r ON r.policy_id = p.policy_id AND r.process_id = s.process_id
WHERE s.last_at >= %(start)s AND s.first_at < %(end)s::date + 1
    AND coalesce(r.before, %(was)s) <> coalesce(r.after, %(becomes)s)
GROUP BY 1 ORDER BY sum(s.occurrences) DESC, 1 LIMIT %(most)s
"""


@dataclass(frozen=True, slots=True)
class ProcessRow:
    """A process with one pair of outcomes: what was counted in the days, and in how many groups."""

    process_id: int
    before: str
    after: str
    rows: int
    occurrences: int
    groups: int


@dataclass(frozen=True, slots=True)
class Asked:
    """The parameters of all queries of one replay."""

    values: dict[str, Any]

    @property
    def by_scan(self) -> bool:
        """Whether detections without a rule change their outcome too."""
        return bool(self.values["was"] != self.values["becomes"])

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
) -> Asked:
    """`rules` by (policy, process) give the outcome before and after."""
    rows = list(places)
    return Asked(
        {
            "groups": [row.group_id for row in rows],
            "locations": [row.location_id or 0 for row in rows],
            "policies": [row.policy_id or 0 for row in rows],
            "of": [policy for policy, _ in rules],
            "processes": [process for _, process in rules],
            "before": [before for before, _ in rules.values()],
            "after": [after for _, after in rules.values()],
            "start": start,
            "end": end,
            "was": was,
            "becomes": becomes,
        }
    )


def cells(given: Asked) -> list[Cell]:
    """Daily counts of every place by outcome; without a change of the scan, of ruled processes."""
    narrow = "" if given.by_scan else "AND d.process_id = ANY(%(processes)s)"
    sql = GIVEN + CELLS.format(join=given.join, narrow=narrow)
    return [Cell(*row) for row in _rows(sql, given.values)]


def processes(given: Asked, wanted: Sequence[int]) -> list[ProcessRow]:
    return [ProcessRow(*row) for row in _rows(GIVEN + PROCESSES, given.values | {"wanted": wanted})]


def most_seen(given: Asked, most: int) -> list[int]:
    """The processes with a change that were detected most, since logs were first read."""
    return [
        row[0] for row in _rows(GIVEN + MOST.format(join=given.join), given.values | {"most": most})
    ]


def touched(given: Asked, who: str) -> tuple[int, dict[int, int]]:
    """How many computers (`who` "computer") or accounts saw a change: in all, and by group."""
    table, column = {
        "computer": ("truscan_presence", "computer_id"),
        "account": ("truscan_userpresence", "account_id"),
    }[who]
    sql = (TOUCHED_BY_SCAN if given.by_scan else TOUCHED).format(table=table, who=column)
    head, _, body = sql.partition("SELECT s.")
    sql = f"{GIVEN}{head}, seen AS MATERIALIZED (SELECT s.{body}){COUNTED.format(who=column)}"
    found = dict(_rows(sql, given.values))
    return found.pop(None, 0), found


def is_heard(given: Asked) -> bool:
    """Whether any row is stored for these groups and days: silence is not health."""
    sql = (
        "SELECT EXISTS (SELECT 1 FROM truscan_dailycount WHERE group_id = ANY(%(groups)s)"
        " AND day BETWEEN %(start)s AND %(end)s)"
    )
    return bool(_rows(sql, given.values)[0][0])


def _rows(sql: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return list(cursor.fetchall())
