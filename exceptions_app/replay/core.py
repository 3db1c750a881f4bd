"""What other rules would have done to what was seen: plain values in, plain values out.

Every day of a process in a place has an outcome under the rules of now and one under the others:
ignored, quarantined, terminated or logged. The difference of the two is the effect. Events that
come from exceptions already (forced, now allowed) count too: they are the process, seen.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from truscan.ingest.day_digits import read, totals

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date

IGNORE = "ignore"
STOPS = frozenset({"quarantine", "terminate"})
LOGGED = ""  # no exception, and the scan only logs


class Effect(StrEnum):
    """What changes for a detection; the value is the word of the API."""

    SILENCED = "silenced"
    STOPPED = "stopped"
    BACK = "logged_again"
    OTHER_STOP = "stopped_otherwise"
    SAME = "unchanged"


@dataclass(frozen=True, slots=True)
class Tally:
    """Log rows, and the occurrences that they stand for."""

    rows: int = 0
    occurrences: int = 0

    def __add__(self, other: Tally) -> Tally:
        return Tally(self.rows + other.rows, self.occurrences + other.occurrences)

    def __bool__(self) -> bool:
        return bool(self.rows)


@dataclass(frozen=True, slots=True)
class Strip:
    """A month of a group and location (None: the log does not say) with one outcome before and one
    after: its days in one number (`truscan.ingest.day_digits`)."""

    group_id: int
    location_id: int | None
    before: str
    after: str
    month: date
    days: int


Effects = dict[Effect, Tally]


@dataclass(slots=True)
class Folded:
    """Effects in all, by day, by group, and by (group, location)."""

    total: Effects = field(default_factory=dict)
    days: dict[date, Effects] = field(default_factory=lambda: defaultdict(dict))
    groups: dict[int, Effects] = field(default_factory=lambda: defaultdict(dict))
    places: dict[tuple[int, int | None], Effects] = field(default_factory=lambda: defaultdict(dict))
    outcomes: dict[str, Tally] = field(default_factory=dict)


def outcome(rules: Mapping[int, str], process_id: int, otherwise: str = LOGGED) -> str:
    """The response of the rules for a process; without one, what the scan does by itself."""
    return rules.get(process_id, otherwise)


def effect(before: str, after: str) -> Effect:
    """What a detection with these outcomes would notice."""
    if before == after:
        return Effect.SAME
    if after == IGNORE:
        return Effect.SILENCED
    if after in STOPS:
        return Effect.OTHER_STOP if before in STOPS else Effect.STOPPED
    return Effect.BACK


def fold(strips: Iterable[Strip]) -> Folded:
    """Sum strips up; what is unchanged counts in `total` and `outcomes` only."""
    folded = Folded()
    months: dict[tuple[date, Effect], int] = defaultdict(int)
    for strip in strips:
        what = effect(strip.before, strip.after)
        tally = Tally(*totals(strip.days))
        _add(folded.total, what, tally)
        folded.outcomes[strip.after] = folded.outcomes.get(strip.after, Tally()) + tally
        if what is Effect.SAME:
            continue
        _add(folded.groups[strip.group_id], what, tally)
        _add(folded.places[strip.group_id, strip.location_id], what, tally)
        months[strip.month, what] += strip.days
    for (month, what), number in months.items():
        for day, rows, occurrences in read(month, str(number)):
            folded.days[day][what] = Tally(rows, occurrences)
    return folded


def _add(effects: Effects, what: Effect, tally: Tally) -> None:
    effects[what] = effects.get(what, Tally()) + tally
