"""Whole lives of plans for the property tests: whatever people may do, at any hour."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from hypothesis import settings
from hypothesis import strategies as st

from tests.cases import MANY
from truscan.ramp.layout import ENFORCING, Shape, lay_out
from truscan.ramp.open_days import BUSINESS_DAYS, EVERY_DAY, ClosedFor, Closure, OpenDays
from truscan.ramp.plan import Event, Kind, Plan, Track
from truscan.ramp.schedule import Action, State, fold

# Far more where a change goes in: the plan's own arithmetic is cheap enough for that.
CASES = settings(max_examples=5000 if MANY else 200, deadline=None)
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
    open_days: OpenDays | None = None,
    break_in: int = 0,
    enforce_after: int = 0,
    watch: int = 0,
) -> Plan:
    open_days = open_days or OpenDays()
    steps = lay_out(track, start_on, Shape(days, action, break_in, enforce_after, watch), open_days)
    return Plan(7, track, start_on, days, zone, steps, open_days)


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
def calendars(draw: st.DrawFn, near: date) -> OpenDays:
    """No calendar, a plain working week, or one with holidays, blackouts and freezes near a day."""
    weekdays = draw(st.sampled_from([EVERY_DAY, BUSINESS_DAYS, frozenset({0, 2, 6})]))
    closures = []
    for kind in draw(st.lists(st.sampled_from(list(ClosedFor)), max_size=4)):
        first = near + timedelta(days=draw(st.integers(-10, 120)))
        closures.append(Closure(first, first + timedelta(days=draw(st.integers(0, 25))), kind))
    return OpenDays(weekdays, tuple(closures))


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    track = draw(st.sampled_from(list(Track)))
    start_on = draw(st.dates(date(2007, 1, 1), date(2032, 12, 31)))
    return make_plan(
        track,
        start_on,
        draw(st.integers(60, 90)),
        draw(st.sampled_from(ZONES)),
        draw(st.sampled_from(ENFORCING)),
        draw(calendars(start_on)),
        break_in=0 if track is Track.COMMERCIAL else draw(st.sampled_from([0, 14, 28])),
        enforce_after=draw(st.sampled_from([0, 1, 7])),
        watch=draw(st.sampled_from([0, 14])),
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
        if draw(st.integers(0, 11)) == 0:
            events.append(Event(number, Kind.CALENDAR, at, open_days=draw(calendars(state.today))))
            continue
        # Ending is always allowed, so it is drawn rarely, or no plan would grow old.
        choice = draw(st.sampled_from([*likely * 6, *allowed]))
        by = draw(st.integers(-3, 9))
        events.append(event_for(plan, state, choice, at, number, by))
    return Life(plan, tuple(events), at + timedelta(days=draw(st.integers(0, 40))))
