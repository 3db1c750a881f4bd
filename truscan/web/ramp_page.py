"""What the pages of a plan show, put together from the room's parts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from truscan.models.delivery import OutboxMessage
from truscan.ramp.chart import Chart, draw, span_of
from truscan.ramp.evidence import Clients, DayCount, detections_by_day, places_seen
from truscan.ramp.message import subject_of, when_of
from truscan.ramp.offers import Offer, offers_of
from truscan.ramp.recipients import ladders_of
from truscan.ramp.reminders import reminders_of
from truscan.ramp.rows import events_of, plan_of, visible_groups_of
from truscan.ramp.scan_settings import Setting, settings_of
from truscan.ramp.schedule import Phase, State, StepState, fold
from truscan.ramp.thresholds import RULES, Key
from truscan.ramp.travel import span, travel
from truscan.ramp.words import clicks, level_name

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime

    from django.contrib.auth.models import User

    from truscan.models.ramp import RampEvent, RampPlan, ScanPolicyUse, ScanSettingChange

# Colours of house.css that carry no judgement of the level: effort, not badness.
MARKS = {
    Phase.PLANNED: "plain",
    Phase.RUNNING: "observe",
    Phase.HELD: "quarantine",
    Phase.FINISHED: "ignore",
    Phase.ENDED: "plain",
}
SHOWN_MESSAGES = 20


@dataclass(frozen=True, slots=True)
class Line:
    """A plan in the list."""

    plan: RampPlan
    state: State
    mark: str
    in_force: str
    upcoming: str
    reminder: str
    uses: list[ScanPolicyUse]
    hidden_uses: int

    @property
    def is_over(self) -> bool:
        return self.state.phase in (Phase.FINISHED, Phase.ENDED)


@dataclass(frozen=True, slots=True)
class StepLine:
    """A step with what its level, while it was in force, brought; None = no reports."""

    step: StepState
    name: str
    first_on: date | None
    days_in_force: int | None
    potential_a_day: float | None
    security_a_day: float | None


@dataclass(frozen=True, slots=True)
class Happening:
    event: RampEvent
    level: str

    @property
    def overrides(self) -> str:
        """The gates that failed when it was done, by their titles."""
        return ", ".join(RULES[Key(key)].title for key in self.event.facts.get("overrides", ()))


@dataclass(frozen=True, slots=True)
class Page:
    """All of one plan."""

    line: Line
    steps: list[StepLine]
    chart: Chart
    days: list[DayCount]
    clients: Clients
    clicks: tuple[str, ...]
    offers: list[Offer]
    history: list[Happening]
    people: list[User]
    people_above: list[User]
    messages: list[OutboxMessage]
    zone: str
    reminder: str
    held_reason: str
    travel: Visit
    settings: list[tuple[Setting, ScanSettingChange | None, str]]


@dataclass(frozen=True, slots=True)
class Visit:
    """The day on which the page shows the plan, among the days that can be shown."""

    on: date
    first: date
    last: date
    is_past: bool
    is_future: bool
    imagined: int

    @property
    def is_away(self) -> bool:
        return self.is_past or self.is_future

    @property
    def day(self) -> int:
        return (self.on - self.first).days

    @property
    def days(self) -> int:
        return (self.last - self.first).days


def lines_of(plans: Sequence[RampPlan], user: User, now: datetime) -> list[Line]:
    """The plans as lines, in their order; groups out of the person's scope are only counted."""
    visible = visible_groups_of(plans, user)
    return [_line(plan, visible, now) for plan in plans]


def _line(plan: RampPlan, visible: set[int], now: datetime, state: State | None = None) -> Line:
    values = plan_of(plan)
    uses = list(plan.scan_policy.uses.all())
    shown = [use for use in uses if use.group_id in visible]
    state = state or fold(values, events_of(plan), now)
    found = reminders_of(values, state)
    return Line(
        plan,
        state,
        MARKS[state.phase],
        level_name(plan.track, state.level_in_force or ""),
        level_name(plan.track, state.next.level) if state.next else "",
        when_of(found[0], state.today) if found else "",
        shown,
        len(uses) - len(shown),
    )


def page_of(plan: RampPlan, user: User, now: datetime, on: date | None = None) -> Page:
    """The plan as it is, or as it stood or will stand `on` another day: then nothing is offered."""
    (line,) = lines_of([plan], user, now)
    values, events = plan_of(plan), events_of(plan)
    first, last = span(values, line.state)
    visited = travel(values, events, min(max(on or line.state.today, first), last), now)
    visit = Visit(visited.on, first, last, visited.is_past, visited.is_future, visited.imagined)
    if visit.is_away:
        line = _line(plan, {use.group_id for use in line.uses}, now, visited.state)
    known = {event.id for event in visited.events}
    state = line.state
    start, end = span_of(values, state)
    places = places_seen(plan, user)
    days = detections_by_day(places.scopes, start, min(end, state.today))
    ladder = ladders_of([plan])[plan.pk]
    return Page(
        line=line,
        steps=[_step_line(plan, state, step, days) for step in state.steps],
        chart=draw(values, state, days),
        days=days,
        clients=places.clients,
        clicks=clicks(plan.track, plan.scan_policy.name, state.next.level) if state.next else (),
        offers=[] if visit.is_away else offers_of(values, events, state),
        history=[
            Happening(event, level_name(plan.track, event.level) if event.level else "")
            for event in sorted(plan.events.all(), key=lambda event: -event.pk)
            if event.pk in known
        ],
        people=ladder.first,
        people_above=ladder.second,
        messages=list(
            OutboxMessage.objects.filter(plan=plan).order_by("-due_at", "address")[:SHOWN_MESSAGES]
        ),
        zone=plan.timezone,
        reminder="" if visit.is_away else reminder_line(plan, state),
        held_reason=_held_reason(plan, state),
        travel=visit,
        settings=settings_of(plan),
    )


def reminder_line(plan: RampPlan, state: State) -> str:
    """The reminder of this moment in one line, or nothing."""
    found = reminders_of(plan_of(plan), state)
    return subject_of(plan, found[0], state.today) if found else ""


def _held_reason(plan: RampPlan, state: State) -> str:
    holds = [event.reason for event in plan.events.all() if event.kind == "held"]
    return holds[-1] if state.held_on and holds else ""


def _step_line(plan: RampPlan, state: State, step: StepState, days: list[DayCount]) -> StepLine:
    spells = _days_of(plan, state, step.level)
    counted = [day for day in days if any(a <= day.day < b for a, b in spells)]
    number = sum((until - since).days for since, until in spells)
    many = len(counted)
    return StepLine(
        step,
        level_name(plan.track, step.level),
        spells[0][0] if spells else None,
        number if spells else None,
        sum(day.potential for day in counted) / many if many else None,
        sum(day.security for day in counted) / many if many else None,
    )


def _days_of(plan: RampPlan, state: State, level: str) -> list[tuple[date, date]]:
    values = plan_of(plan)
    after_today = state.today + timedelta(days=1)
    return [
        (
            values.day_of(spell.since),
            values.day_of(spell.until) if spell.until else after_today,
        )
        for spell in state.spells
        if spell.level == level
    ]
