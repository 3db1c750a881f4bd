"""What can be done with a plan now, and what would follow, told before the act. Pure Python."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from truscan.ramp.plan import Event, Plan
from truscan.ramp.schedule import KIND_OF, Action, State, fold
from truscan.ramp.words import level_name


@dataclass(frozen=True, slots=True)
class Offer:
    """One act: its title, the level it sets, what follows, why it is not possible (or empty),
    and whether and why a reason must be given."""

    action: Action
    title: str
    level: str
    follows: str
    why_not: str
    needs_reason: bool
    why_reason: str


def offers_of(plan: Plan, events: Sequence[Event], state: State) -> list[Offer]:
    """The acts in the order of the page: confirm, hold or resume, back, end."""
    return [
        _offer(plan, events, state, action)
        for action in KIND_OF
        if action is not (Action.HOLD if state.held_on else Action.RESUME)
    ]


def day_name(on: date) -> str:
    """ "Mon 30 Nov 2026"."""
    return f"{on:%a} {on.day} {on:%b %Y}"


def _offer(plan: Plan, events: Sequence[Event], state: State, action: Action) -> Offer:
    permit = state.permit(action)
    after = _after(plan, events, state, action, permit.level)
    follows = "" if permit.why_not else _follows(plan, state, after, action, permit.level)
    return Offer(
        action,
        _title(plan, action, permit.level),
        permit.level,
        follows,
        permit.why_not,
        action in (Action.HOLD, Action.BACK, Action.END) or bool(permit.why_reason),
        permit.why_reason,
    )


def _after(plan: Plan, events: Sequence[Event], state: State, action: Action, level: str) -> State:
    number = max((event.id for event in events), default=0) + 1
    return fold(plan, [*events, Event(number, KIND_OF[action], state.now, level)], state.now)


def _title(plan: Plan, action: Action, level: str) -> str:
    if action is Action.CONFIRM:
        return f"Confirm {level_name(plan.track, level)}" if level else "Confirm"
    if action is Action.BACK:
        return f"Back to {level_name(plan.track, level)}" if level else "Back one level"
    return {Action.HOLD: "Hold", Action.RESUME: "Resume"}.get(action, "End the plan")


def _follows(plan: Plan, state: State, after: State, action: Action, level: str) -> str:
    name = level_name(plan.track, level)
    if action is Action.CONFIRM:
        return f"Says that SEPM has {name} now, for all groups of this plan. {_dates(plan, after)}"
    if action is Action.BACK:
        return f"Says that SEPM was set back to {name}. {_dates(plan, after)}"
    if action is Action.HOLD:
        return "Stops the clock: every date moves day by day and nobody is reminded."
    if action is Action.RESUME:
        return f"Lets the clock run again. {_dates(plan, after)}"
    in_force = level_name(plan.track, state.level_in_force or "")
    return f"Closes the plan for good. SEPM keeps what it has ({in_force}); nobody is reminded."


def _dates(plan: Plan, after: State) -> str:
    if after.next is None:
        return "That is the last level: the plan is finished."
    upcoming = f"{level_name(plan.track, after.next.level)} is due on {day_name(after.next.on)}"
    last = level_name(plan.track, plan.steps[-1].level)
    if after.next.position == len(plan.steps) - 1:
        return f"Then {upcoming}."
    return f"Then {upcoming} and {last} on {day_name(after.projected_end_on)}."
