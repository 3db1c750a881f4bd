"""How a plan is laid out: its levels, phases and days, before anything happened. Pure Python."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from truscan.ramp.open_days import ALWAYS_OPEN, OpenDays
from truscan.ramp.plan import DEFAULTS, WATCHED, Profile, Step, Track, climb_of

TROJAN_LEVELS = tuple(str(level) for level in range(10, 101, 10))
KEYLOGGER_LEVELS = ("low", "high")
COMMERCIAL_ACTIONS = ("quarantine", "terminate", "ignore")
# What new detections get once every exception is written (guide p. 79).
ENFORCING = ("quarantine", "terminate")
# "The first two to four weeks" on vendor defaults: guide p. 71.
BREAK_IN_DAYS = 14
BREAK_IN_RANGE = (14, 28)
# Ours: a week at the last level shows a whole working week of its detections before the action
# changes, and two weeks of enforcement show what it stops.
ENFORCE_AFTER_DAYS = 7
WATCH_DAYS = 14
MAX_SPELL = 120
# A weekend can shift a date by two days.
SLACK = 2


@dataclass(frozen=True, slots=True)
class Shape:
    """What a plan shall look like.

    `days` lie between the first and the last level; `action` is what new detections get at the
    end (commercial applications: after Log); `break_in` days run on vendor defaults before,
    `enforce_after` days after the last level the action changes, `watch` days later the plan is
    over; 0 leaves that phase out. `dwells` are the days at each level but the last, instead of an
    even spread.
    """

    days: int
    action: str = "quarantine"
    break_in: int = 0
    enforce_after: int = 0
    watch: int = 0
    dwells: tuple[int, ...] = ()
    profile: Profile = Profile.RAMP


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
    return lay_out(track, start_on, Shape(days, action))


def lay_out(
    track: Track, start_on: date, shape: Shape, open_days: OpenDays | None = None
) -> tuple[Step, ...]:
    """The steps of all phases; the first one on the first open day from `start_on`.

    Dates that fall on a closed day go to the next open one. Raises ValueError with a sentence.
    """
    open_days = open_days or ALWAYS_OPEN
    if shape.profile is Profile.REMOTE:
        return _remote(track, start_on, shape, open_days)
    levels = levels_of(track, shape.action)
    _check(track, shape, len(levels) - 1)
    found: list[tuple[str, date]] = []
    begin = open_days.next_open(start_on)
    if shape.break_in:
        found.append((DEFAULTS, begin))
        begin = open_days.next_open(begin + timedelta(days=shape.break_in))
    stays = shape.dwells or _even(shape.days, len(levels) - 1)
    climb = _climb(begin, stays, open_days, keeps=bool(shape.dwells))
    found += zip(levels, climb, strict=True)
    _add_end(found, shape, open_days, enforces=track is not Track.COMMERCIAL)
    return _steps(found, stays, first=1 if shape.break_in else 0)


def climb_days(track: Track, steps: Sequence[Step]) -> int | None:
    """Days from the first level to the last: what the guide wants to be 60 to 90. None for a
    plan that does not climb."""
    climb = climb_of(track, steps)
    return (climb[-1].planned_on - climb[0].planned_on).days if len(climb) > 1 else None


def _remote(track: Track, start_on: date, shape: Shape, open_days: OpenDays) -> tuple[Step, ...]:
    """High from the start, and stopped at once (guide pp. 47-60): nothing to climb."""
    if track is Track.COMMERCIAL or shape.action not in ENFORCING:
        raise ValueError("the remote profile quarantines or terminates trojans and keyloggers")
    found = [(shape.action, open_days.next_open(start_on))]
    _add_end(found, shape, open_days, enforces=False)
    return _steps(found)


def _even(days: int, raises: int) -> tuple[int, ...]:
    marks = [n * days // raises for n in range(raises + 1)]
    return tuple(later - earlier for earlier, later in pairwise(marks))


def _climb(begin: date, stays: Sequence[int], open_days: OpenDays, *, keeps: bool) -> list[date]:
    """A date for every level. With `keeps` no stay is shorter than asked; else a weekend may take
    up to `SLACK` days from one, so that weekends do not add up to a longer plan."""
    days, raw = [begin], begin
    for stay in stays:
        raw += timedelta(days=stay)
        least = days[-1] + timedelta(days=stay if keeps else max(1, stay - SLACK))
        days.append(open_days.next_open(least if keeps else max(raw, least)))
    return days


def _add_end(
    found: list[tuple[str, date]], shape: Shape, open_days: OpenDays, *, enforces: bool
) -> None:
    if enforces and shape.enforce_after:
        on = found[-1][1] + timedelta(days=shape.enforce_after)
        found.append((shape.action, open_days.next_open(on)))
    if shape.watch:
        on = found[-1][1] + timedelta(days=shape.watch)
        found.append((WATCHED, open_days.next_open(on)))


def _steps(
    found: Sequence[tuple[str, date]], stays: Sequence[int] = (), first: int = 0
) -> tuple[Step, ...]:
    """Steps with the least days that each stays: as planned, or as asked where a closed day made
    the stay longer, so that a late plan does not repeat the weekend that a stay once met.

    `stays` are those asked for, beginning at the step `first`.
    """
    steps = []
    for position, (level, on) in enumerate(found):
        dwell = 0
        if position + 1 < len(found):
            dwell = (found[position + 1][1] - on).days
            asked = position - first
            if 0 <= asked < len(stays):
                dwell = min(dwell, stays[asked])
        steps.append(Step(position, level, on, dwell))
    return tuple(steps)


def _check(track: Track, shape: Shape, raises: int) -> None:
    if shape.dwells:
        if len(shape.dwells) != raises:
            raise ValueError(f"give the days of {raises} levels, not of {len(shape.dwells)}")
        if not all(1 <= dwell <= MAX_SPELL for dwell in shape.dwells):
            raise ValueError(f"a level stays 1 to {MAX_SPELL} days")
    elif shape.days < raises:
        raise ValueError(f"{raises + 1} levels need at least {raises} days, not {shape.days}")
    if track is Track.COMMERCIAL and shape.break_in:
        raise ValueError("commercial applications have no vendor default to break in")
    if shape.enforce_after and shape.action not in ENFORCING:
        raise ValueError(f"new detections get one of {', '.join(ENFORCING)}, not {shape.action}")
    for days in (shape.break_in, shape.enforce_after, shape.watch):
        if not 0 <= days <= MAX_SPELL:
            raise ValueError(f"a phase takes at most {MAX_SPELL} days, not {days}")
