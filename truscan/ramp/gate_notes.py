"""What gates said day by day: noted by the tick, shown as their trend.

Gates read what is open and ignored now, so the past cannot be asked anew: it is written down.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import UTC, timedelta
from typing import TYPE_CHECKING

from truscan.models.ramp import RampGateNote, RampPlan
from truscan.ramp.judge import judge
from truscan.ramp.rows import state_of, with_rows
from truscan.ramp.trend import Note, trend_of

if TYPE_CHECKING:
    from datetime import date, datetime

    from truscan.ramp.judge import Judged

# A tick every few seconds has time for all; it may not keep the reminders waiting.
PLANS_A_TICK = 20
TREND_DAYS = 14


def note_gates(now: datetime) -> int:
    """Note the gates of some plans that have no note of this UTC day; how many plans."""
    today = now.astimezone(UTC).date()
    noted = RampGateNote.objects.filter(day=today).values("plan")
    waiting = RampPlan.objects.filter(ended_at=None, events__kind="confirmed").exclude(pk__in=noted)
    ids = list(waiting.order_by("pk").values_list("pk", flat=True).distinct()[:PLANS_A_TICK])
    if not ids:
        return 0
    judged = judge(list(with_rows(RampPlan.objects.filter(pk__in=ids).order_by("pk"))), now)
    notes = [note for one in judged for note in _notes(one, today, now)]
    RampGateNote.objects.bulk_create(notes, ignore_conflicts=True)
    return len(ids)


def judge_with_trend(plan: RampPlan, now: datetime) -> Judged:
    """A plan judged at `now`, each gate with its notes of the last two weeks before today."""
    (judged,) = judge([plan], now)
    today = now.astimezone(UTC).date()
    rows = RampGateNote.objects.filter(
        plan=plan, day__lt=today, day__gte=today - timedelta(days=TREND_DAYS)
    )
    noted: dict[str, list[Note]] = defaultdict(list)
    for row in rows.order_by("day"):
        noted[row.gate].append(Note(row.day, row.level, row.number))
    trends = {
        reading.key.value: trend_of(noted[reading.key], today, reading.number, reading.rule.unit)
        for reading in judged.readings
    }
    return replace(judged, trends=trends)


def _notes(judged: Judged, today: date, now: datetime) -> list[RampGateNote]:
    """A plan without a reading gets an empty note, and is not asked again on this day."""
    if not judged.readings:
        return [RampGateNote(plan=judged.plan, day=today, gate="", level="", answer="")]
    level = state_of(judged.plan, now).level_in_force or ""
    return [
        RampGateNote(
            plan=judged.plan,
            day=today,
            gate=reading.key.value,
            level=level,
            number=reading.number,
            answer=reading.answer.value,
        )
        for reading in judged.readings
    ]
