"""The staircase as a drawing: planned and real levels over days, detections a day below.

Geometry only, in the units of the SVG's view box. Pure Python.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Protocol

from truscan.ramp.plan import WATCHED, Plan
from truscan.ramp.schedule import Phase, State

WIDTH, HEIGHT = 760, 300
LEFT, RIGHT = 58, 750
STAIRS_TOP, STAIRS_BOTTOM = 26, 186
BARS_TOP, BARS_BOTTOM = 204, 272
# After the last level the picture goes on for a while and not for ever.
AFTERWARDS = timedelta(days=14)


class Day(Protocol):
    @property
    def day(self) -> date: ...
    @property
    def potential(self) -> int: ...
    @property
    def security(self) -> int: ...
    @property
    def commercial(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Line:
    y: float
    level: str


@dataclass(frozen=True, slots=True)
class Tick:
    x: float
    on: date


@dataclass(frozen=True, slots=True)
class Bar:
    """One day's share of one kind: "potential", "security" or "commercial"."""

    x: float
    y: float
    width: float
    height: float
    kind: str


@dataclass(frozen=True, slots=True)
class Gap:
    """Days in a row without any report: not known, which is not the same as quiet."""

    x: float
    width: float
    first: date
    last: date


@dataclass(frozen=True, slots=True)
class Chart:
    """`planned` and `real` are SVG paths, empty when there is nothing to draw; `today_x` is
    None when today lies outside; `most` is the tallest day's number of detections."""

    width: int
    height: int
    left: int
    right: int
    stairs_bottom: int
    bars_top: int
    bars_bottom: int
    start_on: date
    end_on: date
    lines: tuple[Line, ...]
    ticks: tuple[Tick, ...]
    planned: str
    real: str
    today_x: float | None
    bars: tuple[Bar, ...]
    most: int
    gaps: tuple[Gap, ...]

    @property
    def bars_height(self) -> int:
        return self.bars_bottom - self.bars_top


def span_of(plan: Plan, state: State) -> tuple[date, date]:
    """The first and last day to draw."""
    start = min(plan.start_on, state.begins_on)
    end = max(state.planned_end_on, state.projected_end_on) + timedelta(days=3)
    if state.phase in (Phase.FINISHED, Phase.ENDED):
        end = max(state.planned_end_on, _last_event_day(plan, state) + AFTERWARDS)
    return start, end


def draw(plan: Plan, state: State, days: Sequence[Day]) -> Chart:
    """The picture of a state with detections by day, which need not have every day."""
    start, end = span_of(plan, state)
    steps = [step for step in plan.steps if step.level != WATCHED]
    scale = Scale(start, end, tuple(step.level for step in steps))
    most = max((d.potential + d.security + d.commercial for d in days), default=0)
    return Chart(
        WIDTH,
        HEIGHT,
        LEFT,
        RIGHT,
        STAIRS_BOTTOM,
        BARS_TOP,
        BARS_BOTTOM,
        start,
        end,
        tuple(Line(scale.y(level), level) for level in scale.levels),
        tuple(Tick(scale.x(on), on) for on in _months(start, end)),
        _stairs(scale, [(step.planned_on, step.level) for step in steps], end),
        _stairs(scale, _spells(plan, state), _real_end(state, end)),
        scale.x(state.today) if start <= state.today <= end else None,
        tuple(bar for day in days for bar in _bars(scale, day, most)),
        most,
        tuple(_gaps(scale, {day.day for day in days}, min(state.today, end))),
    )


@dataclass(frozen=True, slots=True)
class Scale:
    start: date
    end: date
    levels: tuple[str, ...]

    @property
    def day_width(self) -> float:
        return (RIGHT - LEFT) / max((self.end - self.start).days, 1)

    def x(self, on: date) -> float:
        return round(LEFT + (on - self.start).days * self.day_width, 1)

    def y(self, level: str) -> float:
        rise = (STAIRS_BOTTOM - STAIRS_TOP) / max(len(self.levels) - 1, 1)
        return round(STAIRS_BOTTOM - self.levels.index(level) * rise, 1)


def _stairs(scale: Scale, points: Sequence[tuple[date, str]], end: date) -> str:
    if not points:
        return ""
    path = [f"M{scale.x(points[0][0])} {scale.y(points[0][1])}"]
    for on, level in points[1:]:
        path.append(f"H{scale.x(on)} V{scale.y(level)}")
    return " ".join([*path, f"H{scale.x(end)}"])


def _spells(plan: Plan, state: State) -> list[tuple[date, str]]:
    return [(plan.day_of(spell.since), spell.level) for spell in state.spells]


def _real_end(state: State, end: date) -> date:
    return min(state.today, end)


def _last_event_day(plan: Plan, state: State) -> date:
    return plan.day_of(state.spells[-1].since) if state.spells else plan.start_on


def _months(start: date, end: date) -> list[date]:
    """The first day, then every fourth week: labels never touch."""
    weeks = range(0, (end - start).days - 10, 28)
    return [start + timedelta(days=n) for n in weeks]


def _gaps(scale: Scale, reported: Collection[date], last: date) -> list[Gap]:
    """Runs of days without a report, until yesterday: today is not over."""
    gaps: list[Gap] = []
    begun: date | None = None
    day = scale.start
    while day <= last:
        is_silent = day < last and day not in reported
        if is_silent and begun is None:
            begun = day
        elif not is_silent and begun is not None:
            x = scale.x(begun)
            gaps.append(Gap(x, round(scale.x(day) - x, 1), begun, day - timedelta(days=1)))
            begun = None
        day += timedelta(days=1)
    return gaps


def _bars(scale: Scale, day: Day, most: int) -> list[Bar]:
    if not scale.start <= day.day <= scale.end or not most:
        return []
    width = round(max(scale.day_width * 0.7, 1.5), 1)
    y, bars = float(BARS_BOTTOM), []
    counts = (("potential", day.potential), ("security", day.security))
    for kind, count in (*counts, ("commercial", day.commercial)):
        height = round(count / most * (BARS_BOTTOM - BARS_TOP), 1)
        y = round(y - height, 1)
        if height:
            bars.append(Bar(scale.x(day.day), y, width, height, kind))
    return bars
