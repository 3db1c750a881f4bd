"""Whole lives of plans for the property tests: whatever people may do, at any hour."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from hypothesis import strategies as st

from truscan.ramp.plan import Event, Kind, Plan, Track, make_steps
from truscan.ramp.schedule import Action, State, fold

# Zones that change at midnight, change by half an hour, skip a day's start, or never change.
ZONES = (
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "America/Sao_Paulo",
    "Australia/Lord_Howe",
    "Asia/Beirut",
    "Asia/Kolkata",
    "Pacific/Apia",
)
KIND_OF = {
    Action.CONFIRM: Kind.CONFIRMED,
    Action.HOLD: Kind.HELD,
    Action.RESUME: Kind.RESUMED,
    Action.BACK: Kind.BACK,
    Action.MOVE: Kind.MOVED,
    Action.END: Kind.ENDED,
}


def make_plan(
    track: Track = Track.TROJANS,
    start_on: date = date(2026, 10, 21),
    days: int = 90,
    zone: str = "Europe/Berlin",
    action: str = "quarantine",
) -> Plan:
    return Plan(7, track, start_on, days, zone, make_steps(track, start_on, days, action))


def local(plan: Plan, on: date, hour: int = 12) -> datetime:
    return datetime.combine(on, time(hour), tzinfo=plan.tz).astimezone(UTC)


def event_for(
    plan: Plan, state: State, action: Action, at: datetime, number: int, by: int
) -> Event:
    permit = state.permit(action)
    if action is not Action.MOVE:
        return Event(number, KIND_OF[action], at, permit.level)
    assert state.next is not None
    step = state.steps[min(state.next.position + by % 3, len(state.steps) - 1)]
    return Event(number, Kind.MOVED, at, step.level, on=step.due_on + timedelta(days=by))


@dataclass(frozen=True)
class Life:
    plan: Plan
    events: tuple[Event, ...]
    until: datetime

    def known_at(self, at: datetime) -> Sequence[Event]:
        return [event for event in self.events if event.at <= at]


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    return make_plan(
        draw(st.sampled_from(list(Track))),
        draw(st.dates(date(2007, 1, 1), date(2032, 12, 31))),
        draw(st.integers(60, 90)),
        draw(st.sampled_from(ZONES)),
    )


@st.composite
def lives(draw: st.DrawFn) -> Life:
    """A plan and what its people did, each act allowed when it was done."""
    plan = draw(plans())
    at = local(plan, plan.start_on) + timedelta(hours=draw(st.integers(-72, 72)))
    events = [Event(1, Kind.CREATED, at)]
    for number in range(2, draw(st.integers(2, 26))):
        at += timedelta(minutes=draw(st.integers(0, 12 * 24 * 60)))
        state = fold(plan, events, at)
        allowed = [p.action for p in state.permits if p.is_allowed]
        likely = [a for a in allowed if a is not Action.END] or allowed
        if not likely:
            break
        # Ending is always allowed, so it is drawn rarely, or no plan would grow old.
        choice = draw(st.sampled_from([*likely * 6, *allowed]))
        by = draw(st.integers(-3, 9))
        events.append(event_for(plan, state, choice, at, number, by))
    return Life(plan, tuple(events), at + timedelta(days=draw(st.integers(0, 40))))
