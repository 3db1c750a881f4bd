"""What a ramp plan is: a track, its levels with dates, and what happened. Pure Python."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from enum import StrEnum
from zoneinfo import ZoneInfo

from truscan.ramp.open_days import ALWAYS_OPEN, OpenDays

# Level 10 to level 100 "over 60 to 90 days": Solutions Guide p. 77.
MIN_DAYS = 60
MAX_DAYS = 90
# Reminders and due dates fall at the start of an office day, in the plan's own zone.
DUE_TIME = time(9, 0)
# Levels that are no setting of the sensitivity: the client decides by itself (guide p. 71), and
# the log was read until the end of the watch.
DEFAULTS = "defaults"
WATCHED = "watched"
_ENFORCING = ("quarantine", "terminate", "ignore")


class Track(StrEnum):
    TROJANS = "trojans"
    KEYLOGGERS = "keyloggers"
    COMMERCIAL = "commercial"


class Profile(StrEnum):
    """RAMP climbs inside the office; REMOTE is high from the start (guide pp. 47-60)."""

    RAMP = "ramp"
    REMOTE = "remote"


class Stage(StrEnum):
    """The phase that a step belongs to: vendor defaults, climbing with the action Log, the action
    changed to Quarantine or Terminate for new detections, and watching the log afterwards."""

    BREAK_IN = "break-in"
    LOG = "log"
    ENFORCEMENT = "enforcement"
    WATCH = "watch"


class Kind(StrEnum):
    """What can happen to a plan.

    An override says that `level` may be confirmed although a gate fails: it is asked for by one
    person and given by another, or given at once where no second person is required. It counts
    until the next change of level, or until it is refused or withdrawn.
    """

    CREATED = "created"
    CONFIRMED = "confirmed"
    HELD = "held"
    RESUMED = "resumed"
    BACK = "back"
    MOVED = "moved"
    ENDED = "ended"
    CALENDAR = "calendar"
    OVERRIDE_ASKED = "override_asked"
    OVERRIDDEN = "overridden"
    OVERRIDE_REFUSED = "override_refused"
    OVERRIDE_WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Step:
    """A level and the local day on which it is to be set; positions count from 0.

    A step is one thing that a person sets in SEPM and confirms here (`WATCHED` alone sets
    nothing: it closes the watch). `dwell` is the least number of days that it stays before the
    next step; 0 means the days to the next planned date.
    """

    position: int
    level: str
    planned_on: date
    dwell: int = 0

    @property
    def stage(self) -> Stage:
        return stage_of(self.level)


@dataclass(frozen=True, slots=True)
class Plan:
    """One track of one scan policy. `zone` is an IANA name; dates are days in that zone.

    `open_days` are those at the start; an event may replace them.
    """

    id: int
    track: Track
    start_on: date
    days: int
    zone: str
    steps: tuple[Step, ...]
    open_days: OpenDays = ALWAYS_OPEN
    profile: Profile = Profile.RAMP

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
    and the level allowed for an override; `on` is the new day of a moved step; `open_days` those
    of a changed calendar; `actor` who did it. Other kinds carry none of them.
    """

    id: int
    kind: Kind
    at: datetime
    level: str = ""
    reason: str = ""
    on: date | None = None
    open_days: OpenDays | None = None
    actor: str = ""

    @property
    def sets_level(self) -> bool:
        """True if a scan setting changed in SEPM: what "since the last change" counts from."""
        return self.kind in (Kind.CONFIRMED, Kind.BACK) and self.level != WATCHED


def climb_of(track: Track, steps: Sequence[Step]) -> tuple[Step, ...]:
    """The steps between which the guide wants 60 to 90 days (p. 77); none of a remote plan.

    For commercial applications the chosen action is the last of them, for others the change of
    the action comes after them.
    """
    climbing = (Stage.LOG, Stage.ENFORCEMENT) if track is Track.COMMERCIAL else (Stage.LOG,)
    return tuple(step for step in steps if step.stage in climbing)


def stage_of(level: str) -> Stage:
    """The phase of a level, of any track."""
    if level == DEFAULTS:
        return Stage.BREAK_IN
    if level == WATCHED:
        return Stage.WATCH
    return Stage.ENFORCEMENT if level in _ENFORCING else Stage.LOG


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
        if event.at <= at and event.sets_level:
            level = event.level
    return level
