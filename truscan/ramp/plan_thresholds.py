"""The bounds that each plan asks of its gates: the defaults, and what its approvers set instead."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import transaction

from truscan import audit
from truscan.models.ramp import RampPlan, RampThreshold
from truscan.ramp.errors import NotAllowed, ReasonNeeded
from truscan.ramp.locked import clean_reason, locked
from truscan.ramp.thresholds import RULES, Key, Mode, Threshold, checked, defaults

if TYPE_CHECKING:
    from collections.abc import Iterable

    from truscan.access.actor import Actor


def thresholds_of(plans: Iterable[RampPlan]) -> dict[int, dict[Key, Threshold]]:
    """By plan id; one query for any number of plans."""
    found = {plan.pk: defaults() for plan in plans}
    for row in RampThreshold.objects.filter(plan__in=list(found)):
        if row.gate in set(Key):
            found[row.plan_id][Key(row.gate)] = Threshold(row.bound, row.back_at, Mode(row.mode))
    return found


@transaction.atomic
def set_threshold(
    *,
    actor: Actor,
    plan: RampPlan,
    gate: str,
    bound: float,
    back_at: float | None,
    mode: str,
    reason: str,
) -> Threshold:
    """Ask another bound of one gate of this plan; what is so already changes nothing.

    Raises NotAllowed for a bound that makes no sense or a plan that ended, ReasonNeeded.
    """
    if gate not in set(Key) or mode not in set(Mode):
        raise NotAllowed(f"The gate is one of {', '.join(Key)}; the mode of {', '.join(Mode)}.")
    key = Key(gate)
    try:
        wanted = checked(key, bound, back_at, Mode(mode))
    except ValueError as error:
        raise NotAllowed(str(error)) from error
    row = locked(plan)
    if row.ended_at:
        raise NotAllowed("This plan has ended.")
    before = thresholds_of([row])[row.pk][key]
    if before == wanted:
        return before
    reason = clean_reason(reason)
    if not reason:
        raise ReasonNeeded(f"Say why “{RULES[key].title}” gets another bound.")
    values = {"bound": wanted.bound, "back_at": wanted.back_at, "mode": wanted.mode.value}
    RampThreshold.objects.update_or_create(plan=row, gate=key.value, defaults=values)
    audit.record(
        "ramp.threshold_set",
        actor=actor,
        obj=row,
        before=_told(key, before),
        after=_told(key, wanted),
        reason=reason,
    )
    return wanted


def _told(key: Key, threshold: Threshold) -> dict[str, Any]:
    return {
        "gate": key.value,
        "bound": threshold.bound,
        "back_at": threshold.back_at,
        "mode": threshold.mode.value,
    }
