"""A plan's dates as the events bend them: late, early, held, moved and lowered. Pure Python."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from truscan.ramp.plan import Event, Kind, Plan, in_order

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Spell:
    """A stretch of time during which one level was in force; `until` is None while it lasts."""

    level: str
    since: datetime
    until: datetime | None


class Course:
    """The run of a plan so far.

    `dates[i]` is the day step i was reached, or is due; `stays[i]` the days between step i and
    the next. The rule throughout: a stay is never cut short by what came before it, so
    lateness, holds and going back push the remaining dates and never squeeze them.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.dates = [step.planned_on for step in plan.steps]
        self.stays = [
            later - earlier for earlier, later in zip(self.dates, self.dates[1:], strict=False)
        ]
        self.reached: list[date | None] = [None for _ in plan.steps]
        self.position = -1
        self.spells: list[Spell] = []
        self.held_on: date | None = None
        self.is_ended = False

    @property
    def next_position(self) -> int | None:
        return self.position + 1 if self.position + 1 < len(self.dates) else None

    def take(self, event: Event) -> None:
        """Apply one event. One that makes no sense here changes nothing: a fold never fails."""
        if self.is_ended:
            return
        if event.kind in (Kind.CONFIRMED, Kind.BACK):
            self._set_level(event)
        elif event.kind is Kind.HELD:
            self.held_on = self.held_on or self.plan.day_of(event.at)
        elif event.kind is Kind.RESUMED:
            self.dates = self.resumed_dates(self.plan.day_of(event.at))
            self.held_on = None
        elif event.kind is Kind.MOVED:
            self._move(event)
        elif event.kind is Kind.ENDED:
            self.is_ended = True

    def resumed_dates(self, day: date) -> list[date]:
        """The dates when a hold is lifted on `day`: the days on hold do not count.

        A plan that was late when it was held is due on the day it resumes, not late at once.
        """
        dates, nxt = list(self.dates), self.next_position
        if self.held_on is None or nxt is None:
            return dates
        pause = max(day - self.held_on, timedelta())
        dates[nxt:] = [on + pause for on in dates[nxt:]]
        dates[nxt] = max(dates[nxt], day)
        self._push(dates, nxt + 1)
        return dates

    def projected_dates(self, day: date) -> list[date]:
        """The dates if the next step is taken as soon as it may be, seen from `day`."""
        dates, nxt = self.resumed_dates(day), self.next_position
        if nxt is not None:
            dates[nxt] = max(dates[nxt], day)
            self._push(dates, nxt + 1)
        return dates

    def _push(self, dates: list[date], start: int) -> None:
        for i in range(max(start, 1), len(dates)):
            dates[i] = max(dates[i], dates[i - 1] + self.stays[i - 1])

    def _set_level(self, event: Event) -> None:
        position = self.plan.position_of(event.level)
        if position is None or position == self.position:
            return
        day = self.plan.day_of(event.at)
        self.dates = self.resumed_dates(day)
        if self.held_on is not None:
            self.held_on = day
        if self.spells:
            last = self.spells[-1]
            self.spells[-1] = Spell(last.level, last.since, event.at)
        self.spells.append(Spell(event.level, event.at, None))
        self.position = position
        self.dates[position] = self.reached[position] = day
        self.reached[position + 1 :] = [None] * (len(self.dates) - position - 1)
        self._push(self.dates, position + 1)

    def _move(self, event: Event) -> None:
        position, nxt = self.plan.position_of(event.level), self.next_position
        if event.on is None or position is None or nxt is None or position < nxt:
            return
        day = self.plan.day_of(event.at)
        dates = self.projected_dates(day)
        on = event.on
        if position:
            on = max(on, dates[position - 1] + ONE_DAY)
            self.stays[position - 1] = on - dates[position - 1]
        shift = on - dates[position]
        dates[position:] = [later + shift for later in dates[position:]]
        if position > nxt and self.held_on is None:
            # Moving a later step does not excuse a next step that is late already.
            dates[nxt] = self.dates[nxt]
        self.dates = dates
        if self.held_on is not None:
            self.held_on = day


def course_of(plan: Plan, events: Sequence[Event]) -> Course:
    """The course of a plan after all its events."""
    course = Course(plan)
    for event in in_order(events):
        course.take(event)
    return course
