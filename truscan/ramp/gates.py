"""Gates with three answers: may a plan leave its level. Pure Python.

A gate compares one number with one bound. Where the number is not known the answer is
inconclusive, never pass and never fail, and a sentence says what is missing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from truscan.ramp.facts import RECENT_DAYS, Facts
from truscan.ramp.thresholds import RULES, Key, Mode, Rule, Threshold, Unit
from truscan.ramp.units import show
from truscan.ramp.unseen import Seen, enough_for, estimate

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


class Answer(StrEnum):
    PASS = "pass"  # noqa: S105 - a gate's answer, no password
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True, slots=True)
class Measured:
    """A gate's number, or None and what is missing; `detail` says what it is made of."""

    number: float | None
    missing: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """What one gate says. `sentence` tells number and bound, or what is not known; `speaks_back`
    that the number is beyond what the level may stay with."""

    rule: Rule
    threshold: Threshold
    answer: Answer
    number: float | None
    sentence: str
    detail: str
    speaks_back: bool

    @property
    def key(self) -> Key:
        return self.rule.key

    @property
    def counts(self) -> bool:
        """Whether it holds the plan; a gate in dry run only shows what it would have said."""
        return self.threshold.mode is Mode.REQUIRED

    @property
    def shown(self) -> str:
        """The number with its unit."""
        return show(self.rule.unit, self.number)

    @property
    def bound_shown(self) -> str:
        word = "at least" if self.rule.at_least else "at most"
        return f"{word} {show(self.rule.unit, self.threshold.bound)}"


def read_gates(facts: Facts, thresholds: Mapping[Key, Threshold], now: datetime) -> list[Reading]:
    """What every gate that is not off says at `now`, in their order."""
    return [
        _read(RULES[key], thresholds[key], MEASURES[key](facts, now, thresholds[key]))
        for key in RULES
        if thresholds[key].mode is not Mode.OFF
    ]


def overall(readings: Sequence[Reading]) -> Answer:
    """Fail before inconclusive before pass, of the gates that count; without any: inconclusive."""
    answers = {reading.answer for reading in readings if reading.counts}
    if not answers:
        return Answer.INCONCLUSIVE
    return next(a for a in (Answer.FAIL, Answer.INCONCLUSIVE, Answer.PASS) if a in answers)


def _read(rule: Rule, threshold: Threshold, measured: Measured) -> Reading:
    number, bound = measured.number, threshold.bound
    if number is None:
        return Reading(
            rule, threshold, Answer.INCONCLUSIVE, None, measured.missing, measured.detail, False
        )
    is_met = number >= bound if rule.at_least else number <= bound
    back = threshold.back_at
    reading = Reading(
        rule,
        threshold,
        Answer.PASS if is_met else Answer.FAIL,
        number,
        "",
        measured.detail,
        back is not None and number >= back,
    )
    sentence = f"{rule.title}: {reading.shown}, {reading.bound_shown} asked."
    return Reading(
        rule, threshold, reading.answer, number, sentence, measured.detail, reading.speaks_back
    )


Measure = Callable[[Facts, datetime, Threshold], Measured]

NO_REPORTS = (
    "No report of these groups covers a whole day at this level; that is not the same as a quiet "
    "level. Import their logs."
)

NO_LINE = "No line of these groups was ever read. Import their logs."


def _days(facts: Facts, now: datetime, threshold: Threshold) -> Measured:
    if not facts.days_reported and facts.days >= threshold.bound:
        return Measured(None, NO_REPORTS)
    told = f"{facts.days} whole days, those of the newest week only if they brought reports."
    return Measured(facts.days_reported, detail=told)


def _heard(facts: Facts, now: datetime, threshold: Threshold) -> Measured:
    if facts.clients is None:
        return Measured(None, _unknown_clients(facts))
    if facts.clients == 0:
        return Measured(None, "The groups have no clients, so nobody can be heard from.")
    if facts.newest_at is None:
        return Measured(None, NO_LINE)
    told = f"{facts.heard:,} of {facts.clients:,} clients since the level was set."
    return Measured(min(facts.heard / facts.clients, 1.0), detail=told)


def _fresh(facts: Facts, now: datetime, threshold: Threshold) -> Measured:
    if facts.newest_at is None:
        return Measured(None, NO_LINE)
    if facts.clients is None:
        return Measured(None, _unknown_clients(facts))
    told = f"{facts.heard_lately:,} of {facts.clients:,} clients within three days."
    return Measured(max((now - facts.newest_at) / HOUR, 0.0), detail=told)


def _open(facts: Facts, now: datetime, threshold: Threshold) -> Measured:
    if facts.open_processes is None:
        return Measured(None, NO_REPORTS)
    return Measured(facts.open_processes, detail="Neither decided nor observed.")


def _waiting(facts: Facts, now: datetime, threshold: Threshold) -> Measured:
    if facts.open_processes is None:
        return Measured(None, NO_REPORTS)
    if facts.oldest_open_at is None:
        return Measured(0, detail="Nothing is open.")
    return Measured(max((now - facts.oldest_open_at) / DAY, 0.0), detail="The oldest open process.")


def _covered(facts: Facts, now: datetime, threshold: Threshold) -> Measured:
    if facts.potential is None or facts.potential_ignored is None:
        return Measured(None, NO_REPORTS)
    if facts.potential == 0:
        return Measured(1.0, detail="Reports came, and none of a potential risk.")
    told = (
        f"{facts.potential_ignored:,} of {facts.potential:,} occurrences of Potential risk found."
    )
    return Measured(facts.potential_ignored / facts.potential, detail=told)


def _legitimate(facts: Facts, now: datetime, threshold: Threshold) -> Measured:
    if facts.legitimate_as_risk is None:
        return Measured(None, NO_REPORTS)
    told = f"Processes with Ignore, on the newest {RECENT_DAYS} days with reports."
    return Measured(facts.legitimate_as_risk, detail=told)


def _false_quarantines(facts: Facts, now: datetime, threshold: Threshold) -> Measured:
    if facts.false_quarantines is None:
        return Measured(None, NO_REPORTS)
    return Measured(facts.false_quarantines, detail="Occurrences since the level was set.")


def _load(facts: Facts, now: datetime, threshold: Threshold) -> Measured:
    if not facts.notifies:
        return Measured(0, detail="Notifications to users are turned off.")
    if facts.load is None:
        return Measured(None, NO_REPORTS)
    return Measured(facts.load, detail="19 of 20 days of a user stay below this; all tracks.")


def _content(facts: Facts, now: datetime, threshold: Threshold) -> Measured:
    if facts.content_since is None or facts.content_on is None:
        return Measured(None, "No content date was recorded. Record it beside the level.")
    told = f"Content of {facts.content_on.isoformat()}."
    return Measured(max((now - facts.content_since) / DAY, 0.0), detail=told)


def _unseen(facts: Facts, now: datetime, threshold: Threshold) -> Measured:
    found = estimate(facts.seen) if facts.seen else None
    if facts.seen is None or found is None:
        return Measured(None, NO_REPORTS)
    seen = facts.seen
    told = (
        f"{seen.once:,} of {seen.kinds:,} processes were seen on one day of one group only, of "
        f"{seen.total:,} such days{_silent(seen)} (Good-Turing; ± "
        f"{show(Unit.SHARE, found.error)}). "
        f"At least {found.processes:,.0f} processes are still unseen (Chao1)."
    )
    wanted = enough_for(threshold.bound)
    if seen.scanned < wanted:
        few = f"{seen.scanned:,.0f} observations are too few for this bound: it takes {wanted:,}."
        return Measured(None, few, told)
    return Measured(found.probability, detail=told)


def _silent(seen: Seen) -> str:
    if not seen.silent:
        return ""
    return f" and about {seen.silent:,.0f} that ignored processes would have added"


def _unknown_clients(facts: Facts) -> str:
    many = facts.groups_unknown
    groups = "1 group" if many == 1 else f"{many} groups"
    return f"The number of clients of {groups} is unknown. Enter it on the page of the group."


MEASURES: dict[Key, Measure] = {
    Key.DAYS: _days,
    Key.HEARD: _heard,
    Key.FRESH: _fresh,
    Key.OPEN: _open,
    Key.WAITING: _waiting,
    Key.COVERED: _covered,
    Key.LEGITIMATE: _legitimate,
    Key.FALSE_QUARANTINES: _false_quarantines,
    Key.LOAD: _load,
    Key.CONTENT: _content,
    Key.UNSEEN: _unseen,
}
