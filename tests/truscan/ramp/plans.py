"""Stored plans for tests."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from tests.make import SYSTEM, make_group
from truscan.models.estate import Group
from truscan.models.ramp import RampPlan
from truscan.ramp.actions import confirm_level
from truscan.ramp.create import create_plan

START = date(2026, 3, 2)
SALES = "My Company\\Sales"


def at(days: int, hour: int = 12) -> datetime:
    """Noon, or another hour, of the day that many days after the start, in UTC."""
    return datetime(2026, 3, 2, hour, tzinfo=UTC) + timedelta(days=days)


def make_stored(group: Group | None = None, **fields: Any) -> RampPlan:
    """Trojans over 90 days in UTC: ten days at every level, 10 from 2 March 2026."""
    group = group or make_group(SALES)
    wanted: dict[str, Any] = {
        "actor": SYSTEM,
        "scan_policy": "AV Sales",
        "track": "trojans",
        "uses": [(group, None)],
        "start_on": START,
        "days": 90,
        "now": at(-5),
    }
    return create_plan(**{**wanted, **fields})


def climb(plan: RampPlan, levels: int) -> RampPlan:
    """Confirm so many levels, each on its planned day."""
    for step in list(plan.steps.all())[:levels]:
        days = (step.planned_on - START).days
        confirm_level(actor=SYSTEM, plan=plan, level=step.level, now=at(days))
    return plan
