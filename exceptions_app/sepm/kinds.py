"""Which function does the work of each kind of job."""

from __future__ import annotations

from exceptions_app.models.sepm import SepmJob
from exceptions_app.sepm import apply, drift, plan, reading

WORK = {
    SepmJob.Kind.READ: reading.read,
    SepmJob.Kind.PLAN: plan.plan,
    SepmJob.Kind.APPLY: apply.apply,
    SepmJob.Kind.DRIFT: drift.check,
}
