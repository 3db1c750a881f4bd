"""What `ramp` answers: (JSON-ready facts, lines for people)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from truscan.ramp.behind import behind_outline, rows_behind
from truscan.ramp.gate_notes import judge_with_trend
from truscan.ramp.judge import judgement_outline
from truscan.ramp.next_level import forecast_outline, next_level
from truscan.ramp.outline import outline
from truscan.ramp.words import level_name

if TYPE_CHECKING:
    from datetime import date, datetime

    from truscan.models.ramp import RampPlan
    from truscan.ramp.thresholds import Key


def gates_told(plan: RampPlan, now: datetime) -> tuple[dict[str, Any], list[str]]:
    judged = judge_with_trend(plan, now)
    lines = [f"{plan}: {judged.advice.sentence}"]
    for reading, trend in judged.with_trends:
        mode = "" if reading.counts else f" ({reading.threshold.mode})"
        lines.append(f"  {reading.answer.value:<13}{reading.sentence}{mode} {trend.sentence}")
    return judgement_outline(judged), lines


def rows_told(plan: RampPlan, key: Key, now: datetime) -> tuple[dict[str, Any], list[str]]:
    found = rows_behind(plan, key, now)
    lines = [f"{found.rule.title}: {found.counted} of {found.total} rows count"]
    for line in found.lines:
        lines.append(f"  {line.number}  {line.what}{'' if line.is_counted else ' (no)'}")
    return behind_outline(found), lines


def forecast_told(plan: RampPlan, now: datetime) -> tuple[dict[str, Any], list[str]]:
    found = next_level(plan, now)
    lines = [f"{plan}: {found.why_not or f'forecast of {found.name}'}"]
    for one in found.quantities:
        told = one.why_not
        if one.interval:
            middle, low, high = one.interval.middle, one.interval.low, one.interval.high
            told = f"{middle:,.1f} ({low:,.1f} to {high:,.1f}); {one.calibration}"
        lines.append(f"  {one.quantity.value}: {told}")
    return forecast_outline(found), lines


def plan_told(plan: RampPlan, now: datetime, on: date | None) -> tuple[dict[str, Any], list[str]]:
    facts = outline(plan, now, on=on)
    in_force = level_name(plan.track, facts["level_in_force"] or "")
    lines = [f"{plan}: {facts['phase']}, {in_force} in force"]
    for step in facts["steps"]:
        lines.append(
            f"  {step['reached_on'] or step['projected_on']}  {step['level']:<10} {step['status']}"
        )
    if facts["next"]:
        lines.append(f"Next: {level_name(plan.track, facts['next']['level'])}")
        clicks = enumerate(facts["next"]["clicks"], 1)
        lines += [f"  {number}. {click}" for number, click in clicks]
    return facts, lines
