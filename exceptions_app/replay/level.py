"""Replay of a level before it is confirmed: what the last days say about it.

Nobody knows what a level will find before it is set. Two things are known: how the places of the
plan stand with what they found so far, by the outcome under what is in force; and what other
groups, whose log says that they scanned at the new level already, found there that was never seen
here. Both are exact sums of daily counts.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import transaction

from exceptions_app.replay import counted, query
from exceptions_app.replay.core import STOPS, Tally
from exceptions_app.replay.counted import ProcessRow
from exceptions_app.replay.rules import confirmed_bad, published
from exceptions_app.replay.run import DAYS, in_force_at, ordered, pairs_of, window
from truscan.ingest.day_digits import totals
from truscan.ingest.roll_up import rolled
from truscan.models.ramp import Track
from truscan.ramp.rows import state_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import date, datetime

    from exceptions_app.replay.query import Asked
    from exceptions_app.replay.rules import Rules
    from truscan.models.ramp import RampPlan

NAMED = 50

# The level of the log counts on the ramp's scale of tens only; other scales say nothing of it.
CANDIDATES = """
SELECT s.process_id, s.group_id FROM truscan_sighting s
WHERE s.level_max > %(was)s AND s.level_min <= %(level)s AND s.last_at >= %(since)s
    AND s.group_id <> ALL(%(own)s::bigint[]) {seen}
    AND NOT EXISTS (SELECT FROM truscan_sighting o
        WHERE o.process_id = s.process_id AND o.group_id = ANY(%(own)s::bigint[]))
"""
# By process, since each of them is rare, and their days among all groups are few.
AHEAD = """
SELECT d.process_id, sum(d.rows)::bigint, sum(d.occurrences)::bigint, count(DISTINCT d.group_id)
FROM truscan_dailycount d
JOIN unnest(%(processes)s::bigint[], %(groups)s::bigint[]) c(process_id, group_id)
    ON c.process_id = d.process_id AND c.group_id = d.group_id
WHERE d.process_id = ANY(%(processes)s::bigint[])
    AND d.day BETWEEN %(start)s AND %(end)s AND d.event_type IN (1, 2)
    AND d.sensitivity > %(was)s AND d.sensitivity <= %(level)s AND d.sensitivity %% 10 = 0
GROUP BY 1 ORDER BY 3 DESC, 1
"""


@dataclass(frozen=True, slots=True)
class LevelReplay:
    """What the days from `start` to `end` (UTC, both included) say about `level`.

    `outcomes` are the detections of the places by what clients do with them now ("" = only
    logged), in all and by group. `ahead` are processes that other groups found above `was` and up
    to `level`, and these places never, with the response that holds here; None if the log cannot
    tell, since the level is no number. `let_through` are confirmed-bad processes, of both, that
    would not be stopped here. `heard` is False if no row is stored for these places and days.
    """

    start: date
    end: date
    was: str
    level: str
    outcomes: dict[str, Tally]
    by_group: dict[int, dict[str, Tally]]
    ahead: list[ProcessRow] | None
    let_through: list[ProcessRow]
    heard: bool

    @property
    def ahead_sum(self) -> Tally:
        rows = self.ahead or []
        return sum((Tally(row.rows, row.occurrences) for row in rows), Tally())


@transaction.atomic
def replay_level(
    plan: RampPlan,
    places: Sequence[tuple[int, int | None]],
    level: str,
    *,
    now: datetime,
    days: int = DAYS,
    groups: Collection[int] | None = None,
) -> LevelReplay:
    """`places` are those of the plan; `groups` narrows the others to what a person sees."""
    start, end = window(days, now)
    was = state_of(plan, now).level_in_force or ""
    here = in_force_at(places)
    rules = published({row.policy_id for row in here if row.policy_id}, now)
    given = query.asked(here, pairs_of(rules, rules, keep_same=True), start, end, whole=True)
    query.settle_plans()
    counts = rolled(start, end)
    by_group: dict[int, dict[str, Tally]] = defaultdict(lambda: defaultdict(Tally))
    for strip in counted.strips(given, counts):
        by_group[strip.group_id][strip.after] += Tally(*totals(strip.days))
    bad = confirmed_bad(None, now)
    own_bad = counted.processes(given, counts, sorted(bad)) if bad else []
    ahead = _ahead(given, was, level, groups, rules) if _is_scale(plan, was, level) else None
    return LevelReplay(
        start,
        end,
        was,
        level,
        _summed(by_group.values()),
        {pk: dict(found) for pk, found in by_group.items()},
        ahead,
        ordered(
            row
            for row in [*own_bad, *(row for row in ahead or [] if row.process_id in bad)]
            if row.after not in STOPS
        ),
        bool(by_group) or query.is_heard(given),
    )


def _is_scale(plan: RampPlan, was: str, level: str) -> bool:
    """Whether both are numbers of the log's scale; before the first level it is 0."""
    return (
        plan.track == Track.TROJANS
        and level.isdecimal()
        and (not was or was.isdecimal() or was == "defaults")
    )


def _ahead(
    given: Asked,
    was: str,
    level: str,
    groups: Collection[int] | None,
    rules: Mapping[int, Rules],
) -> list[ProcessRow]:
    values = given.values | {
        "was": int(was) if was.isdecimal() else 0,
        "level": int(level),
        "own": given.values["any_group"],
        "seen": query.array(sorted(groups or ())),
    }
    seen = "" if groups is None else "AND s.group_id = ANY(%(seen)s::bigint[])"
    candidates = query.rows_of_whole(CANDIDATES.format(seen=seen), values)
    if not candidates:
        return []
    processes, of = (query.array(ids) for ids in zip(*candidates, strict=True))
    found = query.rows_of(AHEAD, values | {"processes": processes, "groups": of})
    policies = sorted({row.policy_id or 0 for row in given.places})
    ruled = set().union(*rules.values())
    return [
        ProcessRow(
            process,
            "",
            _answer(process, policies, rules) if process in ruled else "",
            rows,
            occurrences,
            count,
        )
        for process, rows, occurrences, count in found
    ]


def _answer(process: int, policies: Iterable[int], rules: Mapping[int, Rules]) -> str:
    """The response that holds in every place; none if one place has none or another."""
    answers = {rules.get(policy, {}).get(process, "") for policy in policies}
    return answers.pop() if len(answers) == 1 else ""


def _summed(groups: Iterable[Mapping[str, Tally]]) -> dict[str, Tally]:
    outcomes: dict[str, Tally] = defaultdict(Tally)
    for group in groups:
        for outcome, tally in group.items():
            outcomes[outcome] += tally
    return dict(outcomes)


def level_outline(replay: LevelReplay) -> dict[str, object]:
    """As plain values, for REST."""
    return {
        "start": replay.start.isoformat(),
        "end": replay.end.isoformat(),
        "is_known": replay.heard,
        "level_in_force": replay.was or None,
        "level": replay.level,
        "outcomes": _told(replay.outcomes),
        "groups": [
            {"group": pk, "outcomes": _told(found)} for pk, found in sorted(replay.by_group.items())
        ],
        "ahead": None if replay.ahead is None else [_row(row) for row in replay.ahead[:NAMED]],
        "ahead_processes": None if replay.ahead is None else len(replay.ahead),
        "ahead_occurrences": None if replay.ahead is None else replay.ahead_sum.occurrences,
        "confirmed_bad_let_through": [_row(row) for row in replay.let_through],
    }


def _told(outcomes: Mapping[str, Tally]) -> dict[str, dict[str, int]]:
    return {
        word or "log": {"rows": tally.rows, "occurrences": tally.occurrences}
        for word, tally in sorted(outcomes.items())
    }


def _row(row: ProcessRow) -> dict[str, object]:
    return {
        "process": row.process_id,
        "now": row.after or "log",
        "rows": row.rows,
        "occurrences": row.occurrences,
        "groups": row.groups,
    }
