"""Several plans side by side: a lane for each, a block for each step. Pure Python."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from truscan.ramp.plan import WATCHED, Plan
from truscan.ramp.schedule import Phase, State

WIDTH, LEFT, RIGHT, TOP, LANE = 1000, 210, 990, 26, 30
BLOCK = 20
# A block keeps its label when this many units fit; one letter takes about 6.
LETTER = 6.5
# The last step of a running plan goes on; in the picture for two weeks.
TAIL = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Block:
    """A step's stay. `comes` is true for what has not happened yet."""

    x: float
    width: float
    label: str
    first_on: date
    comes: bool


@dataclass(frozen=True, slots=True)
class Lane:
    y: int
    title: str
    sub: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Lanes:
    width: int
    height: int
    left: int
    top: int
    lanes: tuple[Lane, ...]
    ticks: tuple[tuple[float, date], ...]
    today_x: float | None


def draw_lanes(plans: Sequence[tuple[str, str, Plan, State]], today: date) -> Lanes | None:
    """(title, second line, plan, state) in their order; None when there is nothing to draw."""
    stays = [_stays(plan, state) for _, _, plan, state in plans]
    days = [on for lane in stays for first, last, _, _ in lane for on in (first, last)]
    if not days:
        return None
    start, end = min(days), max(days)
    scale = (RIGHT - LEFT) / max((end - start).days, 1)

    def x(on: date) -> float:
        return round(LEFT + (on - start).days * scale, 1)

    lanes = tuple(
        Lane(TOP + number * LANE, title, sub, _blocks(lane, x))
        for number, ((title, sub, _, _), lane) in enumerate(zip(plans, stays, strict=True))
    )
    weeks = range(0, (end - start).days + 1, max(28, (end - start).days // 8 or 1))
    return Lanes(
        WIDTH,
        TOP + len(lanes) * LANE + 4,
        LEFT,
        TOP,
        lanes,
        tuple((x(start + timedelta(days=n)), start + timedelta(days=n)) for n in weeks),
        x(today) if start <= today <= end else None,
    )


def _stays(plan: Plan, state: State) -> list[tuple[date, date, str, bool]]:
    """(first, last, level, is still to come) of what was in force and what will be."""
    found = [
        (
            plan.day_of(spell.since),
            plan.day_of(spell.until) if spell.until else state.today,
            spell.level,
            False,
        )
        for spell in state.spells
    ]
    if state.next is None or state.phase is Phase.ENDED:
        return found
    coming = state.steps[state.next.position :]
    if found:
        first, _, level, _ = found[-1]
        found[-1] = (first, max(state.today, first), level, False)
        found.append((max(state.today, first), coming[0].projected_on, level, True))
    ends = [step.projected_on for step in coming[1:]] + [coming[-1].projected_on + TAIL]
    found += [
        (step.projected_on, last, step.level, True)
        for step, last in zip(coming, ends, strict=True)
        if step.level != WATCHED
    ]
    return found


def _blocks(stays: Sequence[tuple[date, date, str, bool]], x: object) -> tuple[Block, ...]:
    assert callable(x)  # noqa: S101 - tells the type only
    blocks = []
    for first, last, level, comes in stays:
        width = round(max(x(last) - x(first), 0.5), 1)
        label = level if width > len(level) * LETTER else ""
        blocks.append(Block(x(first), width, label, first, comes))
    return tuple(blocks)
