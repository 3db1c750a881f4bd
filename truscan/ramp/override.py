"""Raising a level although required gates fail: with a reason and, if configured, two people.

One person asks, another one gives; what the gates said at either moment is kept in the events.
An override is for the next level and for the gates that failed when it was asked for: if another
one fails later, it has to be asked for again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import transaction

from truscan import audit
from truscan.models.ramp import RampEvent, RampPlan
from truscan.ramp.errors import NotAllowed, ReasonNeeded
from truscan.ramp.gates import Answer, Reading
from truscan.ramp.judge import judge
from truscan.ramp.locked import clean_reason, locked
from truscan.ramp.rows import state_of
from truscan.ramp.schedule import Action, State
from truscan.ramp.words import level_name

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from truscan.access.actor import Actor
    from truscan.ramp.plan import Event


@dataclass(frozen=True, slots=True)
class Hurdle:
    """What stands between a plan and its next level. `asked` and `given` are events that cover all
    gates that fail now; both are empty where no second person is required."""

    readings: list[Reading]
    failing: list[Reading]
    needs_second: bool
    asked: RampEvent | None
    given: RampEvent | None

    @property
    def names(self) -> str:
        return ", ".join(f"“{reading.rule.title}”" for reading in self.failing)

    @property
    def verb(self) -> str:
        return "fails" if len(self.failing) == 1 else "fail"

    @property
    def is_open(self) -> bool:
        """Whether nothing but a reason is needed."""
        return not self.failing or not self.needs_second or self.given is not None


def hurdle_of(
    plan: RampPlan, state: State, now: datetime, readings: Sequence[Reading] | None = None
) -> Hurdle:
    """The gates at `now`, read here unless the caller has done so."""
    if readings is None:
        (judged,) = judge([plan], now)
        readings = judged.readings
    failing = [r for r in readings if r.counts and r.answer is Answer.FAIL]
    needs_second = bool(failing) and bool(settings.RAMP_SECOND_PERSON)
    asked = given = None
    if needs_second:
        asked = _covering(state.override_asked, failing)
        given = _covering(state.overridden, failing)
    return Hurdle(list(readings), failing, needs_second, asked, given)


def check_confirm(hurdle: Hurdle, reason: str) -> None:
    """Raises ReasonNeeded or NotAllowed when the level may not be confirmed like this."""
    if not hurdle.is_open:
        wait = "another person has to sign it" if hurdle.asked else "ask for an override first"
        raise NotAllowed(f"{hurdle.names} {hurdle.verb}: {wait}.")
    if hurdle.failing and not hurdle.needs_second and not reason:
        raise ReasonNeeded(f"{hurdle.names} {hurdle.verb}. Say why the level is raised anyway.")


def told(readings: Sequence[Reading]) -> list[dict[str, Any]]:
    """What the gates say, for an event's facts: short, and readable without this program."""
    return [
        {
            "gate": reading.key.value,
            "answer": reading.answer.value,
            "number": reading.number,
            "bound": reading.threshold.bound,
            "mode": reading.threshold.mode.value,
        }
        for reading in readings
    ]


def keys_of(readings: Sequence[Reading]) -> list[str]:
    return [reading.key.value for reading in readings]


@transaction.atomic
def ask_override(
    *, actor: Actor, plan: RampPlan, level: str, reason: str, now: datetime
) -> RampPlan:
    """Ask another person to let `level`, the next one, be set although gates fail.

    Asking again while the same gates fail changes nothing. Raises NotAllowed or ReasonNeeded.
    """
    row = locked(plan)
    state, hurdle = _looked_at(row, level, now)
    if hurdle.asked or hurdle.given:
        return row
    reason = clean_reason(reason)
    if not reason:
        raise ReasonNeeded("Say why the level should be raised although gates fail.")
    _write(RampEvent.Kind.OVERRIDE_ASKED, actor, row, state, hurdle, reason)
    return row


@transaction.atomic
def give_override(
    *, actor: Actor, plan: RampPlan, level: str, now: datetime, reason: str = ""
) -> RampPlan:
    """Sign an override that somebody else asked for. Raises NotAllowed.

    A second person is one with an account of their own: the command line needs a name too.
    """
    row = locked(plan)
    state, hurdle = _looked_at(row, level, now)
    if hurdle.given:
        return row
    if hurdle.asked is None:
        raise NotAllowed(f"Nobody asked for an override of {hurdle.names}.")
    if actor.user is None:
        raise NotAllowed("The second person signs with an account of their own.")
    if _is_asker(actor, hurdle.asked):
        raise NotAllowed("You asked for this override: another person has to sign it.")
    _write(RampEvent.Kind.OVERRIDDEN, actor, row, state, hurdle, clean_reason(reason))
    return row


@transaction.atomic
def refuse_override(
    *, actor: Actor, plan: RampPlan, level: str, reason: str, now: datetime
) -> RampPlan:
    """Turn down an override that somebody else asked for. Raises NotAllowed or ReasonNeeded.

    It may be asked for again. The command line needs a name, as for signing.
    """
    row = locked(plan)
    asked, state = _still_asked(row, level, now)
    if actor.user is None:
        raise NotAllowed("The second person refuses with an account of their own.")
    if _is_asker(actor, asked):
        raise NotAllowed("You asked for this override: withdraw it instead.")
    reason = clean_reason(reason)
    if not reason:
        raise ReasonNeeded("Say why the override is refused.")
    _write_off(RampEvent.Kind.OVERRIDE_REFUSED, actor, row, state, asked, reason)
    return row


@transaction.atomic
def withdraw_override(
    *, actor: Actor, plan: RampPlan, level: str, now: datetime, reason: str = ""
) -> RampPlan:
    """Take back what one asked for oneself, signed or not, before the level is confirmed."""
    row = locked(plan)
    asked, state = _still_asked(row, level, now)
    if not _is_asker(actor, asked):
        raise NotAllowed("Only who asked for an override withdraws it; you may refuse it.")
    kind = RampEvent.Kind.OVERRIDE_WITHDRAWN
    _write_off(kind, actor, row, state, asked, clean_reason(reason))
    return row


OVERRIDES: dict[str, Callable[..., RampPlan]] = {
    "ask": ask_override,
    "give": give_override,
    "refuse": refuse_override,
    "withdraw": withdraw_override,
}


def write_overridden(
    actor: Actor, row: RampPlan, state: State, hurdle: Hurdle, reason: str
) -> None:
    """The override that a confirmation with a reason is, where no second person is required."""
    _write(RampEvent.Kind.OVERRIDDEN, actor, row, state, hurdle, reason)


def _is_asker(actor: Actor, asked: RampEvent) -> bool:
    return actor.user == asked.actor_user or actor.name == asked.actor_name


def _still_asked(row: RampPlan, level: str, now: datetime) -> tuple[RampEvent, State]:
    """What was asked for the next level, whatever the gates say by now."""
    state = state_of(row, now)
    asked = state.override_asked
    if asked is None or asked.level != level:
        raise NotAllowed("No override of this level is asked for.")
    return RampEvent.objects.select_related("actor_user").get(pk=asked.id), state


def _looked_at(row: RampPlan, level: str, now: datetime) -> tuple[State, Hurdle]:
    state = state_of(row, now)
    permit = state.permit(Action.CONFIRM)
    if permit.why_not:
        raise NotAllowed(permit.why_not)
    if level != permit.level:
        wanted = level_name(row.track, permit.level)
        raise NotAllowed(f"The next level is {wanted}, not {level_name(row.track, level[:16])}.")
    if not settings.RAMP_SECOND_PERSON:
        raise NotAllowed("No second person is required here: confirm the level with a reason.")
    hurdle = hurdle_of(row, state, now)
    if not hurdle.failing:
        raise NotAllowed("No required gate fails, so there is nothing to override.")
    return state, hurdle


def _covering(happened: Event | None, failing: Sequence[Reading]) -> RampEvent | None:
    """The event, if it covers every gate that fails now."""
    if happened is None:
        return None
    event = RampEvent.objects.select_related("actor_user").get(pk=happened.id)
    return event if set(keys_of(failing)) <= set(event.facts.get("overrides", ())) else None


def _write_off(
    kind: RampEvent.Kind,
    actor: Actor,
    row: RampPlan,
    state: State,
    asked: RampEvent,
    reason: str,
) -> None:
    facts = {"overrides": asked.facts.get("overrides", []), "asked_by": asked.actor_name}
    _record(kind, actor, row, state, asked.level, facts, reason)


def _write(
    kind: RampEvent.Kind, actor: Actor, row: RampPlan, state: State, hurdle: Hurdle, reason: str
) -> None:
    level = state.permit(Action.CONFIRM).level
    facts = {"overrides": keys_of(hurdle.failing), "gates": told(hurdle.readings)}
    _record(kind, actor, row, state, level, facts, reason)


def _record(
    kind: RampEvent.Kind,
    actor: Actor,
    row: RampPlan,
    state: State,
    level: str,
    facts: dict[str, Any],
    reason: str,
) -> None:
    RampEvent.objects.create(
        plan=row,
        kind=kind,
        level=level,
        at=state.now,
        reason=reason,
        facts=facts,
        actor_name=actor.name,
        actor_user=actor.user,
        means=actor.means.value,
    )
    audit.record(
        f"ramp.{kind.value}",
        actor=actor,
        obj=row,
        before={"level": state.level_in_force},
        after={"next_level": level, "overrides": facts["overrides"]},
        reason=reason,
    )
