"""What all queries of a replay are given, and the shorter ones of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from django.db import connection

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
rule(policy_id, process_id, pair) AS NOT MATERIALIZED (SELECT * FROM unnest(
        %(of)s::bigint[], %(processes)s::bigint[], %(pairs)s::smallint[]))
"""
# If the scan itself acts differently, everything changes except what rules keep the same.
KEPT = """
WITH kept(group_id, process_id) AS NOT MATERIALIZED (SELECT * FROM unnest(
    %(kept_groups)s::bigint[], %(kept_processes)s::bigint[]))
"""
# A group has a policy for itself and for each location, mostly the same; a row for which two of
# them change is there twice.
OF_CHANGED = """
JOIN (SELECT DISTINCT group_id, policy_id FROM place) p ON p.group_id = b.group_id
JOIN rule r ON r.policy_id = p.policy_id AND r.process_id = b.process_id + 0
    AND r.pair %% 5 <> 0
WHERE b.process_id = ANY(%(processes)s::bigint[])
"""
NOT_OF_KEPT = """
LEFT JOIN kept c ON c.group_id = b.group_id AND c.process_id = b.process_id + 0
WHERE b.group_id = ANY(%(any_group)s::bigint[]) AND c.process_id IS NULL
"""

MOST_OF_CHANGED = """
SELECT process_id, count(*) OVER () FROM (
    SELECT DISTINCT b.process_id, b.group_id, b.occurrences FROM truscan_sighting b {of}
        AND b.last_at >= %(since)s AND b.first_at < %(until)s) seen
GROUP BY 1 ORDER BY sum(occurrences) DESC, 1 LIMIT %(most)s
"""
MOST_OF_REST = """
SELECT b.process_id, count(*) OVER () FROM truscan_sighting b {of}
    AND b.last_at >= %(since)s AND b.first_at < %(until)s
GROUP BY 1 ORDER BY sum(b.occurrences) DESC, 1 LIMIT %(most)s
"""


# Outcomes before and after as one small number, since a hash of numbers is met faster than one of
# words: those that do not change are the multiples of 5.
WORDS = ("", "ignore", "quarantine", "terminate")
PAIRS = tuple((before, after) for before in WORDS for after in WORDS)


def outcomes(pair: int) -> tuple[str, str]:
    """Before and after."""
    return PAIRS[pair]


@dataclass(frozen=True, slots=True)
class Asked:
    """The places and rules of one replay and, as `values`, the parameters of all its queries.

    `was` and `becomes` are what the scan does without a rule; `whole` if what has no rule counts
    too even if they are the same.
    """

    places: Sequence[InForce]
    rules: Mapping[tuple[int, int], tuple[str, str]]
    was: str
    becomes: str
    whole: bool
    values: dict[str, Any]

    @property
    def by_scan(self) -> bool:
        """Whether detections without a rule are asked for too."""
        return self.whole or self.was != self.becomes

    @property
    def given_and_of(self) -> tuple[str, str]:
        """SQL that names what changes, and that narrows a table `b` of processes to it."""
        return (KEPT, NOT_OF_KEPT) if self.by_scan else (GIVEN, OF_CHANGED)


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
    values: dict[str, Any] = {
        "groups": array(row.group_id for row in rows),
        "any_group": array(sorted({row.group_id for row in rows})),
        "locations": array(row.location_id or 0 for row in rows),
        "policies": array(row.policy_id or 0 for row in rows),
        "of": array(policy for policy, _ in rules),
        "processes": array(process for _, process in rules),
        "pairs": array(map(PAIRS.index, rules.values())),
        "start": start,
        "end": end,
        "since": datetime.combine(start, time(), UTC),
        "until": datetime.combine(end + timedelta(days=1), time(), UTC),
        "no_rule": PAIRS.index((was, becomes)),
    }
    if was != becomes:
        kept = kept_same(rows, rules)
        values["kept_groups"] = array(group for group, _ in kept)
        values["kept_processes"] = array(process for _, process in kept)
    return Asked(rows, rules, was, becomes, whole, values)


def array(values: Iterable[object]) -> str:
    """As PostgreSQL writes arrays; a parameter that is a list takes ten times as long."""
    return "{" + ",".join(map(str, values)) + "}"


def kept_same(
    places: Iterable[InForce], rules: Mapping[tuple[int, int], tuple[str, str]]
) -> list[tuple[int, int]]:
    """(group, process) for which every place of the group has a rule that does not change."""
    same: dict[int, set[int]] = {}
    for (policy, process), (before, after) in rules.items():
        if before == after:
            same.setdefault(policy, set()).add(process)
    policies: dict[int, set[int]] = {}
    for row in places:
        policies.setdefault(row.group_id, set()).add(row.policy_id or 0)
    return [
        (group, process)
        for group, of in sorted(policies.items())
        for process in sorted(set.intersection(*(same.get(policy, set()) for policy in of)))
    ]


def settle_plans() -> None:
    """One pass over the counts and a hash for each short list, in the order in which the joins are
    written, to the end of the transaction.

    The planner takes the short lists for shorter than they are, and would sort a quarter of the
    counts on disk, walk an index for each of their rows, or join all lists first.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SET LOCAL work_mem = '64MB'; SET LOCAL jit = off; SET LOCAL enable_sort = off;"
            " SET LOCAL enable_mergejoin = off; SET LOCAL enable_nestloop = off;"
            " SET LOCAL join_collapse_limit = 1; SET LOCAL enable_seqscan = off"
        )


def most_seen(given: Asked, most: int) -> tuple[list[int], int]:
    """The processes with a change that were detected most, since logs were first read, and how many
    were seen in the window at all."""
    sql, of = given.given_and_of
    sql += (MOST_OF_REST if given.by_scan else MOST_OF_CHANGED).format(of=of)
    ask = rows_of_whole if given.by_scan else rows_of
    found = ask(sql, given.values | {"most": most})
    return [process for process, _ in found], found[0][1] if found else 0


def is_heard(given: Asked) -> bool:
    """Whether any row is stored for these groups and days: silence is not health."""
    sql = (
        "SELECT EXISTS (SELECT FROM generate_series(%(start)s::date, %(end)s::date,"
        " interval '1 day') g(day) CROSS JOIN unnest(%(any_group)s::bigint[]) place(id)"
        " CROSS JOIN LATERAL (SELECT FROM truscan_dailycount d"
        " WHERE d.day = g.day::date AND d.group_id = place.id LIMIT 1) found)"
    )
    return bool(rows_of(sql, given.values)[0][0])


def rows_of_whole(sql: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
    """Of sightings, most of which are asked for: read from the first to the last."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = on")
        cursor.execute(sql, values)
        found = list(cursor.fetchall())
        cursor.execute("SET LOCAL enable_seqscan = off")
    return found


def rows_of(sql: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return list(cursor.fetchall())
