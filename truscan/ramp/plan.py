"""What a ramp plan is: a track, its levels with dates, and what happened. Pure Python."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

# Level 10 to level 100 "over 60 to 90 days": Solutions Guide p. 77.
MIN_DAYS = 60
MAX_DAYS = 90
# Reminders and due dates fall at the start of an office day, in the plan's own zone.
DUE_TIME = time(9, 0)
TROJAN_LEVELS = tuple(str(level) for level in range(10, 101, 10))
KEYLOGGER_LEVELS = ("low", "high")
COMMERCIAL_ACTIONS = ("quarantine", "terminate", "ignore")


class Track(StrEnum):
    TROJANS = "trojans"
    KEYLOGGERS = "keyloggers"
    COMMERCIAL = "commercial"


class Kind(StrEnum):
    CREATED = "created"
    CONFIRMED = "confirmed"
    HELD = "held"
    RESUMED = "resumed"
    BACK = "back"
    MOVED = "moved"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Step:
    """A level and the local day on which it is to be set; positions count from 0."""

    position: int
    level: str
    planned_on: date


@dataclass(frozen=True, slots=True)
class Plan:
    """One track of one scan policy. `zone` is an IANA name; dates are days in that zone."""

    id: int
    track: Track
    start_on: date
    days: int
    zone: str
    steps: tuple[Step, ...]

    @property
    def tz(self) -> ZoneInfo:
        return ZoneInfo(self.zone)

    def day_of(self, at: datetime) -> date:
        """The plan's local day at an aware moment."""
        return at.astimezone(self.tz).date()

    def due_at(self, on: date) -> datetime:
        """09:00 on the wall clock of that day, whatever daylight saving time does."""
        return datetime.combine(on, DUE_TIME, tzinfo=self.tz)

    def position_of(self, level: str) -> int | None:
        return next((step.position for step in self.steps if step.level == level), None)


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a plan. `at` is aware; `id` grows in the order of recording.

    `level` is the level now set in SEPM for confirmed and back, the step moved for moved;
    `on` is the new day of a moved step. Other kinds carry neither.
    """

    id: int
    kind: Kind
    at: datetime
    level: str = ""
    reason: str = ""
    on: date | None = None


def levels_of(track: Track, action: str = "quarantine") -> tuple[str, ...]:
    """The levels of a track, lowest first (Solutions Guide pp. 76-79).

    `action` is what commercial applications get after Log: quarantine, terminate or ignore.
    Raises ValueError for another one.
    """
    if track is Track.TROJANS:
        return TROJAN_LEVELS
    if track is Track.KEYLOGGERS:
        return KEYLOGGER_LEVELS
    if action not in COMMERCIAL_ACTIONS:
        raise ValueError(f"{action!r} is not one of {', '.join(COMMERCIAL_ACTIONS)}")
    return ("log", action)


def make_steps(
    track: Track, start_on: date, days: int, action: str = "quarantine"
) -> tuple[Step, ...]:
    """Spread a track's levels evenly: the first on `start_on`, the last `days` days later.

    Every level stays in force for whole days, at least one; no two stays differ by more than
    one day. `days` outside 60 to 90 is computed all the same: whether to allow it is the
    caller's question. Raises ValueError when there are fewer days than raises.

    >>> [step.planned_on.day for step in make_steps(Track.TROJANS, date(2026, 3, 1), 27)][:4]
    [1, 4, 7, 10]
    """
    levels = levels_of(track, action)
    raises = len(levels) - 1
    if days < raises:
        raise ValueError(f"{len(levels)} levels need at least {raises} days, not {days}")
    return tuple(
        Step(position, level, start_on + timedelta(days=position * days // raises))
        for position, level in enumerate(levels)
    )


def in_order(events: Sequence[Event]) -> tuple[Event, ...]:
    """Events as recorded, with times that never run backwards.

    A clock that is set back between two events must not change which came first, so the order
    is that of the ids, and an event is never earlier than the one before it.
    """
    ordered: list[Event] = []
    for event in sorted(events, key=lambda event: event.id):
        if ordered and event.at < ordered[-1].at:
            event = replace(event, at=ordered[-1].at)
        ordered.append(event)
    return tuple(ordered)


def level_in_force(events: Sequence[Event], at: datetime) -> str | None:
    """The level that SEPM was last said to have at that moment; None before the first."""
    level = None
    for event in in_order(events):
        if event.at <= at and event.kind in (Kind.CONFIRMED, Kind.BACK):
            level = event.level
    return level
