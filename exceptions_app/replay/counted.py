"""Rows and occurrences of a replay: exact per UTC day, and never from detections themselves.

Closed days come from the roll-up of months, a row for each process and place; days that were
counted on since, and today, from DailyCount. Each day is read in one of the two.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from exceptions_app.replay.core import Strip, Tally
from exceptions_app.replay.query import GIVEN, array, outcomes, rows_of
from truscan.ingest.day_digits import of_day, totals
from truscan.ingest.roll_up import ALL

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from exceptions_app.replay.query import Asked
    from truscan.ingest.roll_up import Rolled

MONTHS = """
SELECT m.month AS at, m.process_id, m.group_id, m.location_id, m.days
FROM truscan_monthcount m WHERE m.month = ANY(%(months)s::date[]) {narrow}
"""
# What a number holds of the days between two of its digits; to cut digits off is far cheaper than
# a remainder.
RUN = """
UNION ALL
SELECT m.month, m.process_id, m.group_id, m.location_id,
    trunc(m.days, -%(low_{n})s) - trunc(m.days, -%(high_{n})s)
FROM truscan_monthcount m WHERE m.month = %(month_{n})s::date {narrow}
    AND trunc(m.days, -%(low_{n})s) <> trunc(m.days, -%(high_{n})s)
"""
DAYS = """
SELECT m.day AS at, m.process_id, m.group_id, coalesce(m.location_id, 0) AS location_id,
    m.rows, m.occurrences
FROM truscan_dailycount m WHERE m.day = ANY(%(unrolled)s::date[]) {narrow}
"""
# The same sums, and what they are called within a query that is summed once more.
OF_MONTHS = {"sums": "sum(c.days)::text", "columns": "sum(c.days) AS days"}
OF_DAYS = {
    "sums": "sum(c.rows)::bigint, sum(c.occurrences)::bigint",
    "columns": "sum(c.rows) AS rows, sum(c.occurrences) AS occurrences",
}
# `+ 0` keeps the planner from walking an index once per rule and group: one pass and a hash.
IN_PLACE = """
FROM counted c
JOIN place p ON p.group_id = c.group_id AND p.location_id = c.location_id
{join} JOIN rule r ON r.policy_id = p.policy_id AND r.process_id = c.process_id + 0
"""
STRIPS = f"""
SELECT c.at, c.group_id, nullif(c.location_id, 0), r.pair, {{sums}}
{IN_PLACE.format(join="")} GROUP BY 1, 2, 3, 4
"""
EVERYTHING = "SELECT c.at, c.group_id, c.location_id, {sums} FROM counted c GROUP BY 1, 2, 3"
# By group first, which workers may share.
PROCESSES = f"""
SELECT c.process_id, c.pair, array_agg(c.group_id), {{sums}} FROM (
    SELECT c.process_id, coalesce(r.pair, %(no_rule)s) AS pair, c.group_id, {{columns}}
    {IN_PLACE.format(join="LEFT")} GROUP BY 1, 2, 3) c
GROUP BY 1, 2
"""  # noqa: S608
# Rules for more processes than this are met by a look at every count, divided between workers;
# an index would be walked once for each process and month.
LISTED_MOST = 2_000


@dataclass(frozen=True, slots=True)
class ProcessRow:
    """A process with one pair of outcomes: what was counted in the days, and in how many groups."""

    process_id: int
    before: str
    after: str
    rows: int
    occurrences: int
    groups: int


def strips(given: Asked, window: Rolled) -> list[Strip]:
    """What was counted in every place by outcome; without a change of the scan, of ruled processes.

    Strips of one place may follow each other: a month each, or a day.
    """
    ruled = _ruled(given, window)
    if not given.by_scan:
        return ruled
    # What has no rule is all less what has one: far cheaper than a look at each process.
    rest = _all(given, window)
    for strip in ruled:
        rest[strip.group_id, strip.location_id, strip.month] -= strip.days
    return ruled + [
        Strip(group, location, given.was, given.becomes, month, days)
        for (group, location, month), days in rest.items()
        if days
    ]


def _ruled(given: Asked, window: Rolled) -> list[Strip]:
    """Of processes with a rule."""
    if not given.rules:
        return []
    is_listed = len({process for _, process in given.rules}) <= LISTED_MOST
    listed, every = "= ANY(%(processes)s::bigint[])", f"<> {ALL}"
    narrow = f"AND m.process_id {listed if is_listed else every}"
    rolled, daily = _counted(given.values, window, Question(GIVEN, narrow, STRIPS))
    found = [
        Strip(group, location, *outcomes(pair), month, int(digits))
        for month, group, location, pair, digits in rolled
    ]
    return found + [
        Strip(group, location, *outcomes(pair), day.replace(day=1), of_day(day, rows, n))
        for day, group, location, pair, rows, n in daily
    ]


def _all(given: Asked, window: Rolled) -> dict[tuple[int, int | None, date], int]:
    """Every process, by place and month."""
    places = {(row.group_id, row.location_id or 0) for row in given.places}
    daily_narrow = "AND m.group_id = ANY(%(any_group)s::bigint[])"
    narrow = f"{daily_narrow} AND m.process_id = {ALL}"
    ask = Question("WITH", narrow, EVERYTHING, daily_narrow)
    rolled, daily = _counted(given.values, window, ask)
    found: dict[tuple[int, int | None, date], int] = defaultdict(int)
    for month, group, location, digits in rolled:
        if (group, location) in places:
            found[group, location or None, month] += int(digits)
    for day, group, location, rows, n in daily:
        if (group, location) in places:
            found[group, location or None, day.replace(day=1)] += of_day(day, rows, n)
    return found


def processes(given: Asked, window: Rolled, wanted: Sequence[int]) -> list[ProcessRow]:
    """These processes by outcome, everywhere in the places."""
    narrow = "AND m.process_id = ANY(%(wanted)s::bigint[])"
    ask = Question(GIVEN, narrow, PROCESSES)
    rolled, daily = _counted(given.values | {"wanted": array(wanted)}, window, ask)
    summed = [(*key, *totals(int(digits))) for *key, digits in rolled]
    found: dict[tuple[int, int], tuple[Tally, set[int]]] = {}
    for process, pair, groups, rows, occurrences in [*summed, *daily]:
        tally, seen = found.get((process, pair), (Tally(), set()))
        found[process, pair] = tally + Tally(rows, occurrences), seen.union(groups)
    return [
        ProcessRow(process, *outcomes(pair), tally.rows, tally.occurrences, len(groups))
        for (process, pair), (tally, groups) in sorted(found.items())
    ]


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of the months, and the same of the other days, which have no rows of all
    processes together: `daily_narrow` takes the place of `narrow` there."""

    given: str
    narrow: str
    select: str
    daily_narrow: str | None = None

    def sql(self, counted: str, sums: dict[str, str]) -> str:
        begin = self.given if self.given == "WITH" else f"{self.given},"
        return f"{begin} counted AS NOT MATERIALIZED ({counted}) {self.select.format(**sums)}"


def _counted(
    values: dict[str, Any], window: Rolled, ask: Question
) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
    by_month, by_day = [], []
    if window.months or window.runs:
        parts = [RUN.format(n=n, narrow=ask.narrow) for n in range(len(window.runs))]
        counted = MONTHS.format(narrow=ask.narrow) + "".join(parts)
        bounds = {
            f"{name}_{n}": bound
            for n, run in enumerate(window.runs)
            for name, bound in zip(("month", "low", "high"), run, strict=True)
        }
        months = {"months": array(window.months)}
        by_month = rows_of(ask.sql(counted, OF_MONTHS), values | bounds | months)
    if window.unrolled:
        counted = DAYS.format(narrow=ask.narrow if ask.daily_narrow is None else ask.daily_narrow)
        by_day = rows_of(ask.sql(counted, OF_DAYS), values | {"unrolled": array(window.unrolled)})
    return by_month, by_day
