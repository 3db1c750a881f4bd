"""What the next level of a plan will bring, from what its own levels brought so far."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from truscan import coverage
from truscan.ramp.forecast import Finished, Forecast, forecast
from truscan.ramp.history import Stay, stays_of
from truscan.ramp.outline import utc
from truscan.ramp.plan import climb_of
from truscan.ramp.rows import plan_of, state_of
from truscan.ramp.words import level_name

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from truscan.models.ramp import RampPlan
    from truscan.ramp.schedule import State

# A level of fewer days with reports says too little of the next one; so says the gate of days.
LEAST_DAYS = 3
NO_TIMES = (
    "Not enough data: fewer than 20 decisions of one person followed each other within ten minutes."
)


@dataclass(frozen=True, slots=True)
class NextLevel:
    """The forecast of `level`; without one `why_not` is a sentence and `quantities` is empty."""

    plan: RampPlan
    at: datetime
    level: str
    name: str
    why_not: str
    quantities: list[Forecast]
    history: list[Finished]

    @property
    def counted(self) -> str:
        """Which levels it is made of."""
        return ", ".join(step.level for step in self.history if step.new_processes is not None)


def next_level(plan: RampPlan, now: datetime, stays: Sequence[Stay] | None = None) -> NextLevel:
    """The forecast at `now`; `stays` when the caller has read them already."""
    state = state_of(plan, now)
    why_not = _why_not(plan, state)
    level = state.next.level if state.next else ""
    name = level_name(plan.track, level) if level else ""
    if why_not:
        return NextLevel(plan, now, level, name, why_not, [], [])
    read = stays_of(plan, now) if stays is None else stays
    history = finished_of(plan, level, read)
    seconds = coverage.registered().seconds_a_process(now)
    return NextLevel(plan, now, level, name, "", forecast(history, seconds, NO_TIMES), history)


def finished_of(plan: RampPlan, level: str, stays: Sequence[Stay]) -> list[Finished]:
    """The levels below `level`, lowest first. A level that was in force twice counts as one; the
    one in force counts as far as it has come, and is no trial of the forecast."""
    values = plan_of(plan)
    upto = values.position_of(level) or 0
    climb = climb_of(values.track, values.steps)
    return [
        _finished(step.level, mine)
        for step in climb
        if step.position < upto and (mine := [stay for stay in stays if stay.level == step.level])
    ]


def forecast_outline(found: NextLevel) -> dict[str, Any]:
    """JSON-ready; what is not known is null."""
    return {
        "plan": found.plan.pk,
        "at": utc(found.at),
        "level": found.level or None,
        "why_not": found.why_not,
        "quantities": [
            {
                "quantity": one.quantity.value,
                "low": one.interval.low if one.interval else None,
                "middle": one.interval.middle if one.interval else None,
                "high": one.interval.high if one.interval else None,
                "why_not": one.why_not,
                "held": one.held,
                "tried": one.tried,
                "calibration": one.calibration,
            }
            for one in found.quantities
        ],
        "history": [
            {
                "level": step.level,
                "is_over": step.is_over,
                "days_reported": step.days,
                "new_processes": step.new_processes,
                "detections_a_day": step.detections_a_day,
                "notifications": step.notifications,
            }
            for step in found.history
        ],
    }


def _why_not(plan: RampPlan, state: State) -> str:
    if plan.ended_at or state.next is None:
        return "There is no next level."
    values = plan_of(plan)
    climb = climb_of(values.track, values.steps)
    if state.next.level not in {step.level for step in climb}:
        return "The next step does not change the level, so it brings no more than this one."
    return ""


def _finished(level: str, stays: Sequence[Stay]) -> Finished:
    told = [stay.brought for stay in stays if stay.brought]
    days = sum(one.days for one in told)
    is_over = all(stay.is_over for stay in stays)
    if not told or (not is_over and days < LEAST_DAYS):
        return Finished(level, days, None, None, None, is_over)
    loads = [stay.notifications for stay in stays if stay.notifications is not None]
    return Finished(
        level,
        days,
        sum(one.new for one in told),
        sum(one.whole for one in told) / days,
        loads[-1] if loads else None,
        is_over,
    )
