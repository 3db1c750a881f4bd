"""Advance, hold or go back one level: what the gates advise. People decide. Pure Python."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from truscan.ramp.gates import Answer, Reading, overall
from truscan.ramp.schedule import Action, Phase, State

# A sentence that names more is not read.
MOST_NAMED = 3


class Advised(StrEnum):
    ADVANCE = "advance"
    HOLD = "hold"
    BACK = "go back one level"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Advice:
    """`sentence` says in one sentence what to do and why; `reasons` are the gates' own sentences,
    those that hold or speak for going back first."""

    advised: Advised
    sentence: str
    reasons: tuple[str, ...]


def advise(state: State, readings: Sequence[Reading]) -> Advice:
    """What the gates say of a plan whose state is this.

    A gate in dry run never holds a plan and never sends it back.
    """
    if state.level_in_force is None or state.phase is Phase.ENDED:
        return Advice(Advised.NOTHING, _idle(state), ())
    counting = [reading for reading in readings if reading.counts]
    back = [reading for reading in counting if reading.speaks_back]
    if back and state.permit(Action.BACK).is_allowed:
        level = state.permit(Action.BACK).level
        return Advice(
            Advised.BACK,
            f"Go back to {level} until the exceptions are written: {_joined(back)}",
            tuple(reading.sentence for reading in back),
        )
    verdict = overall(counting)
    if verdict is Answer.PASS:
        return Advice(Advised.ADVANCE, _advance(state, len(counting)), ())
    blocking = [r for r in counting if r.answer is Answer.FAIL]
    unknown = [r for r in counting if r.answer is Answer.INCONCLUSIVE]
    why = why_held(counting)
    return Advice(Advised.HOLD, why, tuple(reading.sentence for reading in [*blocking, *unknown]))


def why_held(readings: Sequence[Reading]) -> str:
    """One sentence: what keeps the level, and what is not known. Empty if nothing does."""
    counting = [reading for reading in readings if reading.counts]
    failed = [r for r in counting if r.answer is Answer.FAIL]
    unknown = [r for r in counting if r.answer is Answer.INCONCLUSIVE]
    if not failed and not unknown:
        return (
            "" if counting else "Hold: no gate is asked, so nothing speaks for raising the level."
        )
    if not failed:
        return f"Hold: {_names(unknown)} cannot be told yet."
    text = f"Hold: {_joined(failed)}"
    return text if not unknown else f"{text[:-1]}; {_names(unknown)} cannot be told yet."


def _idle(state: State) -> str:
    if state.phase is Phase.ENDED:
        return "The plan has ended."
    return "No level was set yet, so there is nothing to judge."


def _advance(state: State, gates: int) -> str:
    all_pass = "The one gate passes" if gates == 1 else f"All {gates} gates pass"
    if state.next is None:
        return f"{all_pass} at the last level: legitimate work has its exceptions."
    if state.held_on is not None:
        return f"{all_pass}: the plan can be resumed and go on to {state.next.level}."
    early = (state.next.on - state.today).days
    when = f"on its day, in {early} day{'s' if early > 1 else ''}" if early > 0 else "now"
    return f"{all_pass}: go on to {state.next.level} {when}."


def _joined(readings: Sequence[Reading]) -> str:
    parts = [
        f"{reading.rule.title.lower()} {reading.shown} ({reading.bound_shown})"
        for reading in readings
    ]
    return ", ".join(parts) + "."


def _names(readings: Sequence[Reading]) -> str:
    names = [f"“{reading.rule.title}”" for reading in readings]
    if len(names) > MOST_NAMED:
        return f"{', '.join(names[:MOST_NAMED])} and {len(names) - MOST_NAMED} more"
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
