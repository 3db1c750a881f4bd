"""A plan on another day: as it stood, or as it will stand. Pure Python.

The past is what had been recorded by the end of that day. The future is imagined: every coming
step is confirmed on the day on which it is due now, and nobody holds or moves anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from truscan.ramp.plan import Event, Kind, Plan, in_order
from truscan.ramp.schedule import Phase, State, fold, fold_as_of


@dataclass(frozen=True, slots=True)
class Travelled:
    """The plan on a day. `events` are those recorded by then and, in the future, those imagined;
    `imagined` counts the latter."""

    on: date
    state: State
    events: tuple[Event, ...]
    imagined: int
    is_past: bool
    is_future: bool


def travel(plan: Plan, events: Sequence[Event], on: date, now: datetime) -> Travelled:
    """The plan at the end of its local day `on`; today it is the plan as it is at `now`."""
    present = fold(plan, events, now)
    if on == present.today:
        return Travelled(on, present, in_order(events), 0, is_past=False, is_future=False)
    at = end_of(plan, on)
    if on < present.today:
        known = tuple(event for event in in_order(events) if event.at <= at)
        state = fold_as_of(plan, events, at)
        return Travelled(on, state, known, 0, is_past=True, is_future=False)
    told = imagine(plan, events, at, now)
    made = len(told) - len(events)
    return Travelled(on, fold(plan, told, at), told, made, is_past=False, is_future=True)


def imagine(
    plan: Plan, events: Sequence[Event], until: datetime, now: datetime
) -> tuple[Event, ...]:
    """The events so far, and those that follow by `until` if each step is taken when it is due."""
    told = list(in_order(events))
    state = fold(plan, told, now)
    while state.next is not None and state.phase in (Phase.PLANNED, Phase.RUNNING):
        on = state.steps[state.next.position].projected_on
        at = max(plan.due_at(on), state.now)
        if at > until:
            break
        number = told[-1].id + 1 if told else 1
        told.append(Event(number, Kind.CONFIRMED, at, state.next.level))
        state = fold(plan, told, at)
    return tuple(told)


def end_of(plan: Plan, on: date) -> datetime:
    """The last moment of a local day."""
    begin = datetime.combine(on + timedelta(days=1), time(), tzinfo=plan.tz)
    return begin - timedelta(microseconds=1)


def span(plan: Plan, state: State) -> tuple[date, date]:
    """The days among which one may travel: from the plan's first to two weeks after its last."""
    first = min(plan.start_on, state.begins_on, state.today)
    last = max(state.planned_end_on, state.projected_end_on, state.today)
    return first, last + timedelta(days=14)
