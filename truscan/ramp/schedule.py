"""The state of a ramp plan: a function of (plan, events, now), kept nowhere. Pure Python.

Nothing here depends on a job that ran or did not run: a missed, late or doubled beat cannot
change a plan, and any past or future day can be asked for (`truscan.ramp.travel`). What the logs
say bears on the advice, never on the state: advice is a function of (state, evidence), and people
confirm. It belongs to `State.next`, the step that somebody would set, and to the level in force,
whose log was read since `State.in_force_since`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from truscan.ramp.course import Course, Spell, course_of
from truscan.ramp.open_days import NEEDS_REASON, OpenDays
from truscan.ramp.plan import (
    MAX_DAYS,
    MIN_DAYS,
    WATCHED,
    Event,
    Kind,
    Plan,
    Stage,
    climb_of,
    in_order,
    stage_of,
)


class Phase(StrEnum):
    PLANNED = "planned"
    RUNNING = "running"
    HELD = "held"
    FINISHED = "finished"
    ENDED = "ended"


class Action(StrEnum):
    CONFIRM = "confirm"
    HOLD = "hold"
    RESUME = "resume"
    BACK = "back"
    MOVE = "move"
    END = "end"


# What a person's act on the page, in the API and on the command line leaves behind.
KIND_OF = {
    Action.CONFIRM: Kind.CONFIRMED,
    Action.HOLD: Kind.HELD,
    Action.RESUME: Kind.RESUMED,
    Action.BACK: Kind.BACK,
    Action.END: Kind.ENDED,
}


class Status(StrEnum):
    DONE = "done"
    IN_FORCE = "in force"
    NEXT = "next"
    LATER = "later"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class Due:
    """The step that comes next: `on` is its local day, `at` 09:00 of it in the plan's zone."""

    position: int
    level: str
    on: date
    at: datetime


@dataclass(frozen=True, slots=True)
class StepState:
    """A step as planned at the start (`planned_on`), as due after all events (`due_on`), as it
    will be if the next step is taken as soon as possible (`projected_on`), and as it was
    (`reached_on`, None until then and after a step back below it)."""

    position: int
    level: str
    planned_on: date
    due_on: date
    projected_on: date
    reached_on: date | None
    status: Status

    @property
    def stage(self) -> Stage:
        return stage_of(self.level)


@dataclass(frozen=True, slots=True)
class Permit:
    """Whether an action makes sense now. `why_not` is a sentence, empty when it does;
    `level` is the level that confirm or back would set; `why_reason` is a sentence when the
    action is allowed but must be explained."""

    action: Action
    why_not: str = ""
    level: str = ""
    why_reason: str = ""

    @property
    def is_allowed(self) -> bool:
        return not self.why_not


@dataclass(frozen=True, slots=True)
class State:
    """All that is to be known of a plan at `now`. Days count from the day the first step was, or
    will be, set. `next` of a held plan is due as if it were resumed today.

    `stage` is the phase of the step in force, or of the first one before that.
    `projected_days` lie between the first level and the last, without the phases around them;
    None for a plan that does not climb. `override_asked` and `overridden` are about the next
    step.
    """

    phase: Phase
    now: datetime
    today: date
    level_in_force: str | None
    in_force_since: datetime | None
    next: Due | None
    days_overdue: int
    held_on: date | None
    steps: tuple[StepState, ...]
    spells: tuple[Spell, ...]
    begins_on: date
    planned_end_on: date
    projected_end_on: date
    projected_days: int | None
    permits: tuple[Permit, ...]
    stage: Stage
    open_days: OpenDays
    override_asked: Event | None
    overridden: Event | None

    @property
    def day_number(self) -> int:
        """1 on the first day; 0 or less before it."""
        return (self.today - self.begins_on).days + 1

    @property
    def is_outside_guide(self) -> bool:
        """True when the way to the last level takes fewer than 60 or more than 90 days."""
        if self.phase is Phase.ENDED or self.projected_days is None:
            return False
        return not MIN_DAYS <= self.projected_days <= MAX_DAYS

    def permit(self, action: Action) -> Permit:
        return next(permit for permit in self.permits if permit.action is action)


def fold(plan: Plan, events: Sequence[Event], now: datetime) -> State:
    """The state of `plan` at `now` (aware; ValueError if not) after all of `events`.

    A `now` before the last event means a clock that was set back: the last event's time is
    used, so that nothing a person recorded disappears. To travel in time, use `fold_as_of`.
    """
    if now.tzinfo is None:
        raise ValueError("now must be an aware datetime")
    ordered = in_order(events)
    if ordered:
        now = max(now, ordered[-1].at)
    course = course_of(plan, ordered)
    today = plan.day_of(now)
    return _state(plan, course, now, today)


def fold_as_of(plan: Plan, events: Sequence[Event], at: datetime) -> State:
    """The state as it stood, or will stand if nobody does anything, at any moment."""
    return fold(plan, [event for event in in_order(events) if event.at <= at], at)


def _state(plan: Plan, course: Course, now: datetime, today: date) -> State:
    phase = _phase(course)
    due = course.resumed_dates(today)
    projected = due if course.is_ended else course.projected_dates(today)
    upcoming = _next(plan, course, due)
    begins_on = plan.day_of(course.spells[0].since) if course.spells else projected[0]
    late = (today - upcoming.on).days if upcoming and phase is not Phase.HELD else 0
    return State(
        phase=phase,
        now=now,
        today=today,
        level_in_force=course.spells[-1].level if course.spells else None,
        in_force_since=course.spells[-1].since if course.spells else None,
        next=upcoming,
        days_overdue=max(0, late),
        held_on=course.held_on,
        steps=_steps(plan, course, due, projected),
        spells=tuple(course.spells),
        begins_on=begins_on,
        planned_end_on=plan.steps[-1].planned_on,
        projected_end_on=projected[-1],
        projected_days=_climb_days(plan, course, projected),
        permits=_permits(plan, course, phase, today, upcoming),
        stage=stage_of(plan.steps[max(course.position, 0)].level),
        open_days=course.open_days,
        override_asked=course.override_asked,
        overridden=course.overridden,
    )


def _climb_days(plan: Plan, course: Course, projected: list[date]) -> int | None:
    """From the first time at the first level to the last arrival at the last one."""
    climb = climb_of(plan.track, plan.steps)
    if len(climb) < 2:
        return None
    first, last = climb[0], climb[-1]
    begun = [spell.since for spell in course.spells if spell.level == first.level]
    begins_on = plan.day_of(begun[0]) if begun else projected[first.position]
    ends_on = projected[last.position]
    if course.position >= last.position and course.spells:
        ends_on = plan.day_of(_arrival(plan, course, last.position))
    return (ends_on - begins_on).days


def _arrival(plan: Plan, course: Course, position: int) -> datetime:
    """Since when the level has been at `position` or above without a break."""
    since = course.spells[-1].since
    for spell in reversed(course.spells):
        at = plan.position_of(spell.level)
        if at is None or at < position:
            break
        since = spell.since
    return since


def _next(plan: Plan, course: Course, due: list[date]) -> Due | None:
    position = course.next_position
    if position is None or course.is_ended:
        return None
    on = due[position]
    return Due(position, plan.steps[position].level, on, plan.due_at(on))


def _phase(course: Course) -> Phase:
    if course.is_ended:
        return Phase.ENDED
    if course.held_on is not None:
        return Phase.HELD
    if course.next_position is None:
        return Phase.FINISHED
    return Phase.PLANNED if course.position < 0 else Phase.RUNNING


def _steps(
    plan: Plan, course: Course, due: list[date], projected: list[date]
) -> tuple[StepState, ...]:
    return tuple(
        StepState(
            step.position,
            step.level,
            step.planned_on,
            due[step.position],
            projected[step.position],
            course.reached[step.position],
            _status(course, step.position),
        )
        for step in plan.steps
    )


def _status(course: Course, position: int) -> Status:
    if position == course.in_force_position:
        return Status.IN_FORCE
    if position <= course.position:
        return Status.DONE
    if course.is_ended:
        return Status.DROPPED
    return Status.NEXT if position == course.next_position else Status.LATER


def _permits(
    plan: Plan, course: Course, phase: Phase, today: date, upcoming: Due | None
) -> tuple[Permit, ...]:
    if phase is Phase.ENDED:
        return tuple(Permit(action, "This plan has ended.") for action in Action)
    return (
        _may_confirm(plan, course, phase, today, upcoming),
        Permit(Action.HOLD, _why_not_hold(phase)),
        Permit(Action.RESUME, "" if phase is Phase.HELD else "The plan is not held."),
        _may_go_back(plan, course),
        Permit(Action.MOVE, "" if upcoming else "There is no step left to move."),
        Permit(Action.END),
    )


def _may_confirm(
    plan: Plan, course: Course, phase: Phase, today: date, upcoming: Due | None
) -> Permit:
    if upcoming is None:
        last = plan.steps[-1].level
        told = "The watch is over." if last == WATCHED else f"The last level, {last}, is in force."
        return Permit(Action.CONFIRM, told)
    if phase is Phase.HELD:
        return Permit(Action.CONFIRM, "The plan is held: resume it first.", upcoming.level)
    why_reason = [*_why_early(upcoming, today), *_why_closed(course, upcoming, today)]
    return Permit(Action.CONFIRM, level=upcoming.level, why_reason=" ".join(why_reason))


def _why_early(upcoming: Due, today: date) -> list[str]:
    early = (upcoming.on - today).days
    if early <= 0:
        return []
    return [f"This is {'1 day' if early == 1 else f'{early} days'} before its date."]


def _why_closed(course: Course, upcoming: Due, today: date) -> list[str]:
    """A blackout or a change freeze; nothing is changed in SEPM when a watch is closed."""
    closure = course.open_days.closure_on(today)
    if closure is None or closure.kind not in NEEDS_REASON or upcoming.level == WATCHED:
        return []
    return [f"Today lies in {closure.title}."]


def _why_not_hold(phase: Phase) -> str:
    if phase is Phase.HELD:
        return "The plan is held already."
    if phase is Phase.FINISHED:
        return "The last level is in force: nothing is left to hold."
    return ""


def _may_go_back(plan: Plan, course: Course) -> Permit:
    if not course.spells:
        return Permit(Action.BACK, "No level has been set yet.")
    # After the watch one goes back below the level in force, which the watch did not change.
    position = plan.position_of(course.spells[-1].level) or 0
    if position == 0:
        return Permit(Action.BACK, f"{plan.steps[0].level} is the lowest level.")
    return Permit(Action.BACK, level=plan.steps[position - 1].level)
