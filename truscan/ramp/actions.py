"""The one write path of a running plan. Permissions are the caller's; rules are here.

Every act locks the plan, looks at its state, appends one event and one line of the ledger. A
repeated act finds the state as it asks for and changes nothing, so a double click is harmless:
confirm and back name the level that SEPM now has.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import transaction

from truscan import audit
from truscan.models.ramp import RampEvent, RampPlan
from truscan.ramp.errors import NotAllowed, ReasonNeeded
from truscan.ramp.locked import clean_reason, locked
from truscan.ramp.override import (
    check_confirm,
    hurdle_of,
    keys_of,
    told,
    write_overridden,
)
from truscan.ramp.rows import state_of
from truscan.ramp.schedule import KIND_OF, Action, Phase, State
from truscan.ramp.words import level_name

if TYPE_CHECKING:
    from datetime import datetime

    from truscan.access.actor import Actor

CODE_OF = {
    Action.CONFIRM: "ramp.confirmed",
    Action.HOLD: "ramp.held",
    Action.RESUME: "ramp.resumed",
    Action.BACK: "ramp.went_back",
    Action.END: "ramp.ended",
}
# What slows, lowers or stops a plan is read again when the plan is judged.
NEEDS_REASON = {
    Action.HOLD: "Say why the plan is held.",
    Action.BACK: "Say why the level is lowered.",
    Action.END: "Say why the plan ends.",
}


def confirm_level(
    *, actor: Actor, plan: RampPlan, level: str, now: datetime, reason: str = ""
) -> RampPlan:
    """Record that `level` was set in SEPM for all groups of the plan.

    Raises NotAllowed unless it is the next level, ReasonNeeded before its date or while a
    required gate fails. What the gates say is kept in the event.
    """
    return _act(Action.CONFIRM, actor, plan, level, reason, now)


def hold(*, actor: Actor, plan: RampPlan, reason: str, now: datetime) -> RampPlan:
    """Stop the clock: days on hold do not count, nobody is reminded."""
    return _act(Action.HOLD, actor, plan, "", reason, now)


def resume(*, actor: Actor, plan: RampPlan, now: datetime, reason: str = "") -> RampPlan:
    """Let the clock run again; remaining dates move by the days on hold."""
    return _act(Action.RESUME, actor, plan, "", reason, now)


def back(*, actor: Actor, plan: RampPlan, level: str, reason: str, now: datetime) -> RampPlan:
    """Record that SEPM was set back to `level`, one below the level in force (guide p. 78)."""
    return _act(Action.BACK, actor, plan, level, reason, now)


def end(*, actor: Actor, plan: RampPlan, reason: str, now: datetime) -> RampPlan:
    """Close the plan for good; SEPM keeps the level it has."""
    return _act(Action.END, actor, plan, "", reason, now)


def act(
    action: Action, *, actor: Actor, plan: RampPlan, level: str, reason: str, now: datetime
) -> RampPlan:
    """The act that a form or command names; Action.MOVE is not one yet (NotAllowed)."""
    if action not in KIND_OF:
        raise NotAllowed("Steps cannot be moved here.")
    return _act(action, actor, plan, level, reason, now)


@transaction.atomic
def _act(
    action: Action, actor: Actor, plan: RampPlan, level: str, reason: str, now: datetime
) -> RampPlan:
    row = locked(plan)
    state = state_of(row, now)
    if _is_repeat(action, state, level):
        return row
    reason = clean_reason(reason)
    _check(action, row, state, level, reason)
    facts: dict[str, Any] = _facts(state)
    if action is Action.CONFIRM:
        facts |= _past_gates(actor, row, state, reason, now)
    RampEvent.objects.create(
        plan=row,
        kind=KIND_OF[action].value,
        level=level,
        # Not earlier than the last event, even when the clock was set back.
        at=state.now,
        reason=reason,
        facts=facts,
        actor_name=actor.name,
        actor_user=actor.user,
        means=actor.means.value,
    )
    if action is Action.END:
        row.ended_at = state.now
        row.save(update_fields=["ended_at"])
    audit.record(
        CODE_OF[action],
        actor=actor,
        obj=row,
        before=_facts(state),
        after={**_facts(state_of(row, now)), **_overrides(facts)},
        reason=reason,
    )
    return row


def _past_gates(
    actor: Actor, row: RampPlan, state: State, reason: str, now: datetime
) -> dict[str, Any]:
    """What the gates say of the level that is left, kept with the confirmation; a required one
    that fails is overridden or stops the act."""
    hurdle = hurdle_of(row, state, now)
    check_confirm(hurdle, reason)
    if hurdle.failing and not hurdle.needs_second:
        write_overridden(actor, row, state, hurdle, reason)
    return {"gates": told(hurdle.readings), "overrides": keys_of(hurdle.failing)}


def _overrides(facts: dict[str, Any]) -> dict[str, Any]:
    return {"overrides": facts["overrides"]} if facts.get("overrides") else {}


def _is_repeat(action: Action, state: State, level: str) -> bool:
    if action is Action.END:
        return state.phase is Phase.ENDED
    if state.phase is Phase.ENDED:
        return False
    if action is Action.HOLD:
        return state.phase is Phase.HELD
    if action is Action.RESUME:
        return state.phase is not Phase.HELD
    return bool(level) and level == state.level_in_force


def _check(action: Action, row: RampPlan, state: State, level: str, reason: str) -> None:
    permit = state.permit(action)
    if permit.why_not:
        raise NotAllowed(permit.why_not)
    if level != permit.level:
        wanted = level_name(row.track, permit.level)
        word = "next level" if action is Action.CONFIRM else "level below"
        raise NotAllowed(f"The {word} is {wanted}, not {level_name(row.track, level[:16])}.")
    why = NEEDS_REASON.get(action) or permit.why_reason
    if why and not reason:
        text = why if action in NEEDS_REASON else f"{why} Say why it cannot wait."
        raise ReasonNeeded(text)


def _facts(state: State) -> dict[str, str | None]:
    return {
        "phase": state.phase.value,
        "level": state.level_in_force,
        "next_level": state.next.level if state.next else None,
        "next_due_on": state.next.on.isoformat() if state.next else None,
    }
