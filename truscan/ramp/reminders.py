"""Which reminder a plan deserves at a moment. Pure Python.

The answer depends on the plan alone, and its key names the plan, the step, the kind and the
day. Asking twice gives the same keys, so a unique key in the outbox makes doubled beats
harmless; asking late gives what still matters today, not a pile of what has passed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from truscan.ramp.open_days import OpenDays
from truscan.ramp.plan import Event, Plan
from truscan.ramp.schedule import Due, Phase, State, fold

# Time enough to ask for a change window, short enough to be remembered.
NOTICE = timedelta(days=2)
# Over a weekend or a holiday people hear of it on the last open day before; a long freeze would
# make that too early.
EARLIEST_NOTICE = timedelta(days=7)
# A step of a Friday is a matter of its approvers until their Monday is over; after that they
# have had three reminders, and more of the same would not help.
ESCALATE_AFTER = timedelta(days=3)
# Those above hear of it again once a week: daily mail is read by nobody who cannot confirm.
ESCALATE_AGAIN = timedelta(days=7)


class ReminderKind(StrEnum):
    BEFORE = "before"
    DUE = "due"
    OVERDUE = "overdue"
    ESCALATED = "escalated"


@dataclass(frozen=True, slots=True)
class Reminder:
    """One reminder. `on` is its local day, `due_on` the day of the step, `position` and `level`
    the step; `key` is equal for equal reminders and different for all others."""

    key: str
    kind: ReminderKind
    position: int
    level: str
    on: date
    due_on: date


def reminders_due(plan: Plan, events: Sequence[Event], now: datetime) -> tuple[Reminder, ...]:
    """The reminders that make sense at `now`: none, or the one of the plan's next step.

    Two days before the due date, on it, then every day until the step is confirmed, always
    from 09:00 in the plan's zone. A held, finished or ended plan reminds nobody.
    """
    return reminders_of(plan, fold(plan, events, now))


def reminders_of(plan: Plan, state: State) -> tuple[Reminder, ...]:
    """The reminders of a state computed already."""
    if state.phase not in (Phase.PLANNED, Phase.RUNNING) or state.next is None:
        return ()
    day, due_on = office_day(plan, state.now), state.next.on
    notice_on = notice_day(state.open_days, due_on)
    if day < notice_on:
        return ()
    if day < due_on:
        return (_reminder(plan, state.next, ReminderKind.BEFORE, notice_on),)
    kind = ReminderKind.DUE if day == due_on else ReminderKind.OVERDUE
    return (_reminder(plan, state.next, kind, day),)


def escalation_of(plan: Plan, state: State) -> Reminder | None:
    """What those above the approvers are told of a step that nobody confirms, if it is time.

    Its day is the last on which it was to be told, so a beat that slept tells it late, and once.
    """
    if state.phase not in (Phase.PLANNED, Phase.RUNNING) or state.next is None:
        return None
    first_on = state.next.on + ESCALATE_AFTER + timedelta(days=1)
    since = office_day(plan, state.now) - first_on
    if since < timedelta():
        return None
    on = first_on + since // ESCALATE_AGAIN * ESCALATE_AGAIN
    return _reminder(plan, state.next, ReminderKind.ESCALATED, on)


def notice_day(open_days: OpenDays, due_on: date) -> date:
    """Two days before the date, or the last open day before those."""
    notice_on = open_days.last_open(due_on - NOTICE)
    return notice_on if due_on - notice_on <= EARLIEST_NOTICE else due_on - NOTICE


def office_day(plan: Plan, now: datetime) -> date:
    """The plan's day at `now`, where a day begins at 09:00 and not at midnight."""
    today = plan.day_of(now)
    return today if now >= plan.due_at(today) else today - timedelta(days=1)


def _reminder(plan: Plan, due: Due, kind: ReminderKind, on: date) -> Reminder:
    key = f"ramp:{plan.id}:{due.position}:{kind}:{on.isoformat()}"
    return Reminder(key, kind, due.position, due.level, on, due.on)
