"""Re-planning a running plan: one step moved, or other days closed; the rest follows.

What follows is shown before it is done: both ways take the same events into the same fold.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from django.db import transaction

from truscan import audit
from truscan.models.ramp import RampEvent, RampPlan
from truscan.ramp.errors import NotAllowed, ReasonNeeded
from truscan.ramp.locked import MAX_REASON, locked
from truscan.ramp.offers import day_name
from truscan.ramp.open_days import OpenDays, facts_of
from truscan.ramp.plan import Event, Kind
from truscan.ramp.rows import events_of, plan_of, state_of
from truscan.ramp.schedule import Action, Phase, State, StepState, fold
from truscan.ramp.words import level_name

if TYPE_CHECKING:
    from datetime import datetime

    from truscan.access.actor import Actor

# Further ahead is a mistyped year.
LATEST = timedelta(days=731)


@dataclass(frozen=True, slots=True)
class Move:
    """A step to another day."""

    level: str
    on: date


@dataclass(frozen=True, slots=True)
class Shift:
    """A step that is still to come: its day before and after; `days` is the difference."""

    step: StepState
    name: str
    before_on: date
    after_on: date

    @property
    def days(self) -> int:
        return (self.after_on - self.before_on).days


@dataclass(frozen=True, slots=True)
class Replanned:
    """What a change would do, or did."""

    before: State
    after: State
    shifts: tuple[Shift, ...]

    @property
    def changes_anything(self) -> bool:
        return any(shift.days for shift in self.shifts)


def preview(row: RampPlan, change: Move | OpenDays, now: datetime) -> Replanned:
    """The dates before and after; nothing is written. Raises NotAllowed."""
    before = state_of(row, now)
    _check(row, before, change)
    events = events_of(row)
    number = max((event.id for event in events), default=0) + 1
    after = fold(plan_of(row), [*events, _event(number, change, before.now)], now)
    return _compared(row, before, after)


@transaction.atomic
def replan(
    *, actor: Actor, plan: RampPlan, change: Move | OpenDays, reason: str, now: datetime
) -> RampPlan:
    """Move a step, or replace the open days. A change that changes nothing is not written.

    Raises NotAllowed for a step that was taken, a past or closed day, ReasonNeeded without one.
    """
    row = locked(plan)
    before = state_of(row, now)
    if _is_repeat(before, change):
        return row
    _check(row, before, change)
    reason = reason.strip()
    if not reason or len(reason) > MAX_REASON or "\x00" in reason:
        raise ReasonNeeded(f"Say why in plain text of at most {MAX_REASON} characters.")
    is_move = isinstance(change, Move)
    RampEvent.objects.create(
        plan=row,
        kind=(Kind.MOVED if is_move else Kind.CALENDAR).value,
        level=change.level if isinstance(change, Move) else "",
        at=before.now,
        reason=reason,
        facts=_facts(change),
        actor_name=actor.name,
        actor_user=actor.user,
        means=actor.means.value,
    )
    audit.record(
        "ramp.moved" if is_move else "ramp.calendar_changed",
        actor=actor,
        obj=row,
        before={**_dates(before), "calendar": facts_of(before.open_days)},
        after={**_dates(state_of(row, now)), **_facts(change)},
        reason=reason,
    )
    return row


def _event(number: int, change: Move | OpenDays, at: datetime) -> Event:
    if isinstance(change, Move):
        return Event(number, Kind.MOVED, at, change.level, on=change.on)
    return Event(number, Kind.CALENDAR, at, open_days=change)


def _facts(change: Move | OpenDays) -> dict[str, Any]:
    if isinstance(change, Move):
        return {"on": change.on.isoformat()}
    return {"calendar": facts_of(change)}


def _dates(state: State) -> dict[str, Any]:
    return {"dates": {step.level: step.projected_on.isoformat() for step in state.steps}}


def _is_repeat(state: State, change: Move | OpenDays) -> bool:
    if isinstance(change, OpenDays):
        return change == state.open_days
    return any(
        step.level == change.level and step.reached_on is None and step.due_on == change.on
        for step in state.steps
    )


def _check(row: RampPlan, state: State, change: Move | OpenDays) -> None:
    if state.phase is Phase.ENDED:
        raise NotAllowed("This plan has ended.")
    if isinstance(change, OpenDays):
        return
    why_not = state.permit(Action.MOVE).why_not
    if why_not or state.next is None:
        raise NotAllowed(why_not)
    coming = {step.level: step for step in state.steps[state.next.position :]}
    step = coming.get(change.level)
    if step is None:
        names = ", ".join(level_name(row.track, level) for level in coming)
        raise NotAllowed(f"Only a step that is still to come can be moved: {names}.")
    _check_day(state, step, change.on)


def _check_day(state: State, step: StepState, on: date) -> None:
    before = state.steps[step.position - 1] if step.position else None
    if not state.today <= on <= state.today + LATEST:
        raise NotAllowed(f"{day_name(on)} is past or too far away: check the year.")
    if before is not None and on <= before.projected_on:
        raise NotAllowed(f"The step before is due on {day_name(before.projected_on)}.")
    why_closed = state.open_days.why_closed(on)
    if why_closed:
        follows = day_name(state.open_days.next_open(on))
        raise NotAllowed(
            f"{day_name(on)} is closed ({why_closed}); the next open day is {follows}."
        )


def _compared(row: RampPlan, before: State, after: State) -> Replanned:
    return Replanned(
        before,
        after,
        tuple(
            Shift(old, level_name(row.track, old.level), old.projected_on, new.projected_on)
            for old, new in zip(before.steps, after.steps, strict=True)
            if before.next is not None and old.position >= before.next.position
        ),
    )
