"""A plan's dates as the events bend them: late, early, held, moved and lowered. Pure Python."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from truscan.ramp.open_days import ONE_DAY
from truscan.ramp.plan import WATCHED, Event, Kind, Plan, in_order


@dataclass(frozen=True, slots=True)
class Spell:
    """A stretch of time during which one level was in force; `until` is None while it lasts."""

    level: str
    since: datetime
    until: datetime | None


class Course:
    """The run of a plan so far.

    `wishes[i]` is the day step i was reached, or is wanted; `stays[i]` the least days between
    step i and the next; `dates` are the wishes that the stays and the closed days allow. The rule
    throughout: a stay is never cut short by what came before it, so lateness, holds, going back
    and closed days push the remaining dates and never squeeze them.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.open_days = plan.open_days
        self.wishes = [step.planned_on for step in plan.steps]
        self.stays = [
            timedelta(days=step.dwell) if step.dwell else later - step.planned_on
            for step, later in zip(plan.steps, self.wishes[1:], strict=False)
        ]
        self.reached: list[date | None] = [None for _ in plan.steps]
        self.position = -1
        self.spells: list[Spell] = []
        self.held_on: date | None = None
        self.is_ended = False
        self.override_asked: Event | None = None
        self.overridden: Event | None = None

    @property
    def next_position(self) -> int | None:
        return self.position + 1 if self.position + 1 < len(self.wishes) else None

    @property
    def in_force_position(self) -> int:
        """The step whose level SEPM has; the end of a watch leaves that as it is. -1 before."""
        if self.position < 0 or self.plan.steps[self.position].level != WATCHED:
            return self.position
        return (self.plan.position_of(self.spells[-1].level) or 0) if self.spells else -1

    @property
    def dates(self) -> list[date]:
        return self._due(self.wishes)

    def take(self, event: Event) -> None:
        """Apply one event. One that makes no sense here changes nothing: a fold never fails."""
        if self.is_ended:
            return
        if event.kind in (Kind.CONFIRMED, Kind.BACK):
            self._set_level(event)
        elif event.kind is Kind.HELD:
            self.held_on = self.held_on or self.plan.day_of(event.at)
        elif event.kind is Kind.RESUMED:
            self.wishes = self._resumed(self.plan.day_of(event.at))
            self.held_on = None
        elif event.kind is Kind.ENDED:
            self.is_ended = True
        else:
            self._take_plan_change(event)

    def resumed_dates(self, day: date) -> list[date]:
        """The dates when a hold is lifted on `day`: the days on hold do not count.

        A plan that was late when it was held is due on the day it resumes, not late at once.
        """
        return self._due(self._resumed(day))

    def projected_dates(self, day: date) -> list[date]:
        """The dates if the next step is taken as soon as it may be, seen from `day`."""
        wishes, nxt = list(self._resumed(day)), self.next_position
        if nxt is not None:
            wishes[nxt] = max(wishes[nxt], day)
        return self._due(wishes)

    def _due(self, wishes: Sequence[date]) -> list[date]:
        dates, nxt = list(wishes), self.next_position
        for i in range(len(dates) if nxt is None else nxt, len(dates)):
            if i:
                dates[i] = max(dates[i], dates[i - 1] + self.stays[i - 1])
            dates[i] = self.open_days.next_open(dates[i])
        return dates

    def _resumed(self, day: date) -> list[date]:
        nxt = self.next_position
        if self.held_on is None or nxt is None:
            return self.wishes
        pause = max(day - self.held_on, timedelta())
        wishes = list(self.dates)
        wishes[nxt:] = [on + pause for on in wishes[nxt:]]
        wishes[nxt] = max(wishes[nxt], day)
        return wishes

    def _set_level(self, event: Event) -> None:
        position = self.plan.position_of(event.level)
        if position is None or position == self.position:
            return
        day = self.plan.day_of(event.at)
        self.wishes = list(self._resumed(day))
        if self.held_on is not None:
            self.held_on = day
        if event.sets_level:
            self._begin_spell(event)
        self.position = position
        self.wishes[position] = self.reached[position] = day
        self.reached[position + 1 :] = [None] * (len(self.wishes) - position - 1)
        self.override_asked = self.overridden = None

    def _begin_spell(self, event: Event) -> None:
        if self.spells:
            last = self.spells[-1]
            if last.level == event.level:
                return
            self.spells[-1] = Spell(last.level, last.since, event.at)
        self.spells.append(Spell(event.level, event.at, None))

    def _take_plan_change(self, event: Event) -> None:
        if event.kind is Kind.MOVED:
            self._move(event)
        elif event.kind is Kind.CALENDAR and event.open_days is not None:
            self.open_days = event.open_days
        elif self.next_position is None or event.level != self._next_level:
            return
        elif event.kind is Kind.OVERRIDE_ASKED:
            self.override_asked = event
        elif event.kind in (Kind.OVERRIDE_REFUSED, Kind.OVERRIDE_WITHDRAWN):
            self.override_asked = self.overridden = None
        elif event.kind is Kind.OVERRIDDEN:
            self.overridden = event

    @property
    def _next_level(self) -> str:
        return self.plan.steps[self.position + 1].level

    def _move(self, event: Event) -> None:
        position, nxt = self.plan.position_of(event.level), self.next_position
        if event.on is None or position is None or nxt is None or position < nxt:
            return
        day = self.plan.day_of(event.at)
        dates = self.projected_dates(day)
        on = event.on
        if position:
            on = max(on, dates[position - 1] + ONE_DAY)
        on = self.open_days.next_open(on)
        if position:
            self.stays[position - 1] = on - dates[position - 1]
        shift = on - dates[position]
        wishes = list(dates)
        wishes[position:] = [later + shift for later in dates[position:]]
        if position > nxt and self.held_on is None:
            # Moving a later step does not excuse a next step that is late already.
            wishes[nxt] = self.wishes[nxt]
        self.wishes = wishes
        if self.held_on is not None:
            self.held_on = day


def course_of(plan: Plan, events: Sequence[Event]) -> Course:
    """The course of a plan after all its events."""
    course = Course(plan)
    for event in in_order(events):
        course.take(event)
    return course
