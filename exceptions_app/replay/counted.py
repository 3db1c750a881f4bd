"""Rows and occurrences of a replay: exact per UTC day, and never from detections themselves.

Closed days come from the roll-up of months, a row for each process and place; days that were
counted on since, and today, from DailyCount. Each day is read in one of the two.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from exceptions_app.replay.core import Strip, Tally
from exceptions_app.replay.query import GIVEN, rows_of
from truscan.ingest.day_digits import read, slots
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
# What a number holds of the days between two powers of ten.
RUN = """
UNION ALL
SELECT m.month, m.process_id, m.group_id, m.location_id,
    mod(m.days, %(high_{n})s::numeric) - mod(m.days, %(low_{n})s::numeric)
FROM truscan_monthcount m WHERE m.month = %(month_{n})s::date {narrow}
    AND mod(m.days, %(high_{n})s::numeric) >= %(low_{n})s::numeric
"""
DAYS = """
SELECT m.day AS at, m.process_id, m.group_id, coalesce(m.location_id, 0) AS location_id,
    m.rows, m.occurrences
FROM truscan_dailycount m WHERE m.day = ANY(%(unrolled)s) {narrow}
"""
ROLLED_SUMS = "sum(c.days)::text"
DAILY_SUMS = "sum(c.rows)::bigint, sum(c.occurrences)::bigint"
STRIPS = """
SELECT c.at, c.group_id, nullif(c.location_id, 0), r.before, r.after, {sums}
"""
EVERYTHING = """
SELECT c.at, c.group_id, c.location_id, {sums} FROM counted c
"""
PROCESSES = """
SELECT c.process_id, coalesce(r.before, %(was)s), coalesce(r.after, %(becomes)s),
    array_agg(DISTINCT c.group_id), {sums}
"""
# `+ 0` keeps the planner from walking an index once per rule and group: one pass and a hash.
IN_PLACE = """
FROM counted c
JOIN place p ON p.group_id = c.group_id AND p.location_id = c.location_id
{join} JOIN rule r ON r.policy_id = p.policy_id AND r.process_id = c.process_id + 0
"""


# By day: rows, occurrences.
Days = dict["date", tuple[int, int]]


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
        return [strip for _, strip in ruled]
    # What has no rule is all less what has one: far cheaper than a look at each process.
    rest = _all(given, window)
    for at, strip in ruled:
        left = rest[at, strip.group_id, strip.location_id]
        for day, rows, occurrences in strip.days:
            had = left[day]
            left[day] = had[0] - rows, had[1] - occurrences
    was, becomes = given.values["was"], given.values["becomes"]
    unruled = [
        Strip(group, location, was, becomes, days)
        for (_, group, location), left in rest.items()
        if (days := [(day, *counts) for day, counts in left.items() if counts[0]])
    ]
    return [strip for _, strip in ruled] + unruled


def _ruled(given: Asked, window: Rolled) -> list[tuple[date, Strip]]:
    """Of processes with a rule, by the month or day that they were read at."""
    if not given.values["processes"]:
        return []
    narrow = "AND m.process_id = ANY(%(processes)s)"
    select = STRIPS + IN_PLACE.format(join="")
    rolled, daily = _counted(given.values, window, narrow, select, "GROUP BY 1, 2, 3, 4, 5")
    found = [
        (month, Strip(group, location, before, after, list(read(month, digits))))
        for month, group, location, before, after, digits in rolled
    ]
    return found + [
        (day, Strip(group, location, before, after, [(day, rows, occurrences)]))
        for day, group, location, before, after, rows, occurrences in daily
    ]


def _all(given: Asked, window: Rolled) -> dict[tuple[date, int, int | None], Days]:
    """Every process, by month or day and place. A month that is read by runs, and days of it that
    are read one by one, are told apart by what they were read at."""
    values = given.values
    places = set(zip(values["groups"], values["locations"], strict=True))
    daily_narrow = "AND m.group_id = ANY(%(any_group)s)"
    narrow = f"{daily_narrow} AND m.process_id = {ALL}"
    rolled, daily = _counted(
        values, window, narrow, EVERYTHING, "GROUP BY 1, 2, 3", daily_narrow=daily_narrow
    )
    found: dict[tuple[date, int, int | None], Days] = {}
    for month, group, location, digits in rolled:
        if (group, location) in places:
            days = {day: (rows, n) for day, rows, n in read(month, digits)}
            found[month, group, location or None] = days
    for day, group, location, rows, occurrences in daily:
        if (group, location) in places:
            # The first of a month has the date of the month.
            found.setdefault((day, group, location or None), {})[day] = rows, occurrences
    return found


def processes(given: Asked, window: Rolled, wanted: Sequence[int]) -> list[ProcessRow]:
    """These processes by outcome, everywhere in the places."""
    narrow = "AND m.process_id = ANY(%(wanted)s)"
    select = PROCESSES + IN_PLACE.format(join="LEFT")
    values = given.values | {"wanted": list(wanted)}
    rolled, daily = _counted(values, window, narrow, select, "GROUP BY 1, 2, 3")
    summed = [(*key, *_sums(digits)) for *key, digits in rolled]
    found: dict[tuple[int, str, str], tuple[Tally, set[int]]] = {}
    for process, before, after, groups, rows, occurrences in [*summed, *daily]:
        tally, seen = found.get((process, before, after), (Tally(), set()))
        more = tally + Tally(rows, occurrences)
        found[process, before, after] = more, seen.union(groups)
    return [
        ProcessRow(*key, tally.rows, tally.occurrences, len(groups))
        for key, (tally, groups) in sorted(found.items())
    ]


def _counted(
    values: dict[str, Any],
    window: Rolled,
    narrow: str,
    select: str,
    grouped: str,
    *,
    daily_narrow: str | None = None,
) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
    """The rows of a question to the months, and of the same to the other days, which have no rows
    of all processes together: `daily_narrow` takes the place of `narrow` there."""
    by_month, by_day = [], []
    if window.months or window.runs:
        parts = [RUN.format(n=n, narrow=narrow) for n in range(len(window.runs))]
        counted = MONTHS.format(narrow=narrow) + "".join(parts)
        sql = f"{GIVEN}, counted AS NOT MATERIALIZED ({counted}) {select} {grouped}"
        bounds = {
            f"{name}_{n}": str(bound)
            for n, run in enumerate(window.runs)
            for name, bound in zip(("month", "low", "high"), run, strict=True)
        }
        by_month = rows_of(
            sql.format(sums=ROLLED_SUMS), values | bounds | {"months": window.months}
        )
    if window.unrolled:
        counted = DAYS.format(narrow=narrow if daily_narrow is None else daily_narrow)
        sql = f"{GIVEN}, counted AS NOT MATERIALIZED ({counted}) {select} {grouped}"
        by_day = rows_of(sql.format(sums=DAILY_SUMS), values | {"unrolled": window.unrolled})
    return by_month, by_day


def _sums(digits: str) -> tuple[int, int]:
    """Rows and occurrences of all days together."""
    days = list(slots(digits))
    return sum(rows for _, rows, _ in days), sum(occurrences for _, _, occurrences in days)
