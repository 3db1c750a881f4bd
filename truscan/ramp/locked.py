"""What every write path of a plan begins with: the row, held, and a reason that can be kept."""

from __future__ import annotations

from truscan.models.ramp import RampPlan
from truscan.ramp.errors import ReasonNeeded

MAX_REASON = 2000


def locked(plan: RampPlan) -> RampPlan:
    """The plan's row, held until the end of the transaction; one act at a time."""
    rows = RampPlan.objects.select_related("scan_policy")
    row: RampPlan = rows.select_for_update(of=("self",)).get(pk=plan.pk)
    return row


def clean_reason(reason: str) -> str:
    reason = reason.strip()
    if len(reason) > MAX_REASON or "\x00" in reason:
        raise ReasonNeeded(f"Write the reason as plain text of at most {MAX_REASON} characters.")
    return reason
