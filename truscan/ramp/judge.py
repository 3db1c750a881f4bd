"""Plans judged by their gates: from the count tables to advice."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from truscan.ramp.advice import Advice, advise
from truscan.ramp.evidence_gates import facts_of
from truscan.ramp.gates import Answer, Reading, overall, read_gates
from truscan.ramp.outline import utc
from truscan.ramp.plan_thresholds import thresholds_of
from truscan.ramp.rows import state_of
from truscan.ramp.trend import NOT_YET, Trend

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from truscan.models.ramp import RampPlan
    from truscan.ramp.facts import Facts


@dataclass(frozen=True, slots=True)
class Judged:
    """A plan at a moment; a plan without a level has no facts and no readings. `trends` are by
    gate, empty unless they were asked for."""

    plan: RampPlan
    at: datetime
    facts: Facts | None
    readings: list[Reading]
    advice: Advice
    trends: dict[str, Trend] = field(default_factory=dict)

    @property
    def with_trends(self) -> list[tuple[Reading, Trend]]:
        return [(reading, self.trends.get(reading.key, NOT_YET)) for reading in self.readings]

    @property
    def answer(self) -> Answer:
        return overall(self.readings)


def judge(plans: Sequence[RampPlan], now: datetime) -> list[Judged]:
    """All plans at `now`, in their order; the number of queries does not grow with theirs."""
    known, thresholds = facts_of(plans, now), thresholds_of(plans)
    found = []
    for plan in plans:
        facts = known.get(plan.pk)
        readings = read_gates(facts, thresholds[plan.pk], now) if facts else []
        found.append(Judged(plan, now, facts, readings, advise(state_of(plan, now), readings)))
    return found


def judgement_outline(judged: Judged) -> dict[str, Any]:
    """JSON-ready; what is not known is null."""
    facts = judged.facts
    return {
        "plan": judged.plan.pk,
        "at": utc(judged.at),
        "answer": judged.answer.value if judged.readings else None,
        "advice": judged.advice.advised.value,
        "sentence": judged.advice.sentence,
        "reasons": list(judged.advice.reasons),
        "level_by_log": facts.by_log if facts else None,
        "level_by_plan": facts.by_plan if facts else None,
        "gates": [
            {
                "gate": reading.key.value,
                "title": reading.rule.title,
                "answer": reading.answer.value,
                "mode": reading.threshold.mode.value,
                "number": reading.number,
                "unit": reading.rule.unit.value,
                "bound": reading.threshold.bound,
                "at_least": reading.rule.at_least,
                "back_at": reading.threshold.back_at,
                "sentence": reading.sentence,
                "detail": reading.detail,
                "trend": trend.sentence,
                "noted": [
                    {"day": note.day.isoformat(), "level": note.level, "number": note.number}
                    for note in trend.notes
                ],
            }
            for reading, trend in judged.with_trends
        ],
    }
