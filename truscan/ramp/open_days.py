"""The days on which a plan may change a setting: weekdays, holidays, blackouts, freezes.

Pure Python. A plan carries its own copy of the dates, so that a newer list of holidays never
moves a plan behind anybody's back, and any past day is computed with what held on it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

ONE_DAY = timedelta(days=1)
EVERY_DAY = frozenset(range(7))
# Years of holidays and windows fit; more is a mistake.
MOST_CLOSURES = 200
# Monday is 0, as `date.weekday()` counts.
BUSINESS_DAYS = frozenset(range(5))
DAY_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


class ClosedFor(StrEnum):
    HOLIDAY = "holiday"
    BLACKOUT = "blackout"
    FREEZE = "freeze"


# Nobody is asked why he works on a holiday; a blackout or a change freeze is a rule of the house.
NEEDS_REASON = (ClosedFor.BLACKOUT, ClosedFor.FREEZE)


@dataclass(frozen=True, slots=True, order=True)
class Closure:
    """Days from `first` to `last`, both included, on which no setting is due to change."""

    first: date
    last: date
    kind: ClosedFor
    name: str = ""

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise ValueError(f"It ends on {self.last}, before it begins on {self.first}.")

    def covers(self, on: date) -> bool:
        return self.first <= on <= self.last

    @property
    def title(self) -> str:
        """ "the change freeze “Year end”", "the holiday “Christmas”"."""
        what = "change freeze" if self.kind is ClosedFor.FREEZE else self.kind.value
        return f"the {what} “{self.name}”" if self.name else f"a {what}"


@dataclass(frozen=True, slots=True)
class OpenDays:
    """Which days are open. Closures are finite, so after any day comes an open one."""

    weekdays: frozenset[int] = EVERY_DAY
    closures: tuple[Closure, ...] = ()

    def __post_init__(self) -> None:
        if not self.weekdays or not self.weekdays <= EVERY_DAY:
            raise ValueError("At least one day of the week must be open.")

    def closure_on(self, on: date) -> Closure | None:
        """The closure of that day; a freeze or blackout before a mere holiday."""
        found = [closure for closure in self.closures if closure.covers(on)]
        strict = [closure for closure in found if closure.kind in NEEDS_REASON]
        return next(iter(strict or found), None)

    def is_open(self, on: date) -> bool:
        return on.weekday() in self.weekdays and not any(c.covers(on) for c in self.closures)

    def why_closed(self, on: date) -> str:
        """ "Saturday", "the change freeze “Year end”"; empty when the day is open."""
        closure = self.closure_on(on)
        if closure is not None:
            return closure.title
        return "" if on.weekday() in self.weekdays else f"a {DAY_NAMES[on.weekday()]}"

    def next_open(self, on: date) -> date:
        """The first open day at or after `on`."""
        while not self.is_open(on):
            ends = [closure.last for closure in self.closures if closure.covers(on)]
            on = max(ends, default=on) + ONE_DAY
        return on

    def last_open(self, on: date) -> date:
        """The last open day at or before `on`."""
        while not self.is_open(on):
            begins = [closure.first for closure in self.closures if closure.covers(on)]
            on = min(begins, default=on) - ONE_DAY
        return on


ALWAYS_OPEN = OpenDays()


def facts_of(days: OpenDays) -> dict[str, Any]:
    """JSON-ready; `open_days_of` reads it again."""
    return {
        "weekdays": sorted(days.weekdays),
        "closures": [
            {
                "first": closure.first.isoformat(),
                "last": closure.last.isoformat(),
                "kind": closure.kind.value,
                "name": closure.name,
            }
            for closure in sorted(days.closures)
        ],
    }


def open_days_of(facts: dict[str, Any]) -> OpenDays:
    """From stored facts; empty ones mean that every day is open. Raises ValueError, KeyError."""
    if not facts:
        return ALWAYS_OPEN
    return OpenDays(
        frozenset(facts["weekdays"]),
        tuple(
            Closure(
                date.fromisoformat(told["first"]),
                date.fromisoformat(told["last"]),
                ClosedFor(told["kind"]),
                told.get("name", ""),
            )
            for told in facts["closures"]
        ),
    )


def read_closures(text: str) -> tuple[Closure, ...]:
    """Closures as people type them, one a line: first day, last day or nothing, kind, name.

    >>> read_closures("2026-12-24 holiday Christmas Eve")[0].name
    'Christmas Eve'

    Raises ValueError that names the line.
    """
    lines = [line.strip() for line in text.splitlines()]
    told = [(number, line) for number, line in enumerate(lines, 1) if line]
    if len(told) > MOST_CLOSURES:
        raise ValueError(f"A plan keeps {MOST_CLOSURES} closures, not {len(told)}.")
    return tuple(_read_closure(number, line) for number, line in told)


def write_closures(closures: tuple[Closure, ...]) -> str:
    """The lines that `read_closures` reads."""
    return "\n".join(
        f"{closure.first} {closure.last} {closure.kind.value} {closure.name}".rstrip()
        for closure in sorted(closures)
    )


def _read_closure(number: int, line: str) -> Closure:
    words = line.split()
    try:
        first = last = date.fromisoformat(words.pop(0))
        if words and words[0][:1].isdigit():
            last = date.fromisoformat(words.pop(0))
        kind = ClosedFor(words.pop(0).casefold())
        return Closure(first, last, kind, " ".join(words)[:100])
    except (ValueError, IndexError) as error:
        raise ValueError(
            f"Line {number}, “{line[:60]}”: write 2026-12-20 2027-01-05 freeze Year end; the word"
            f" after the dates is one of {', '.join(ClosedFor)}."
        ) from error
