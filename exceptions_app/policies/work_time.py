"""How long people work on one process: measured from decisions that follow each other.

The gap between two decisions of one person, when it is short enough to be work, was spent on the
second one. A break is longer, and several in the same second are a script's.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.db.models import F, Window
from django.db.models.functions import Lag

from exceptions_app.models.decision import Decision

if TYPE_CHECKING:
    from datetime import datetime

LOOKED_BACK = timedelta(days=90)
LONGEST, SHORTEST = timedelta(minutes=10), timedelta(seconds=1)
FEWEST = 20
MADE = (Decision.Kind.RESPOND, Decision.Kind.OBSERVE)


def seconds_a_process(at: datetime) -> float | None:
    """Seconds of work for each process decided by people on the page, in the quarter before `at`;
    None when fewer than `FEWEST` gaps can be told. One query over the decisions."""
    before = Window(
        Lag("decided_at"), partition_by=F("actor_user"), order_by=[F("decided_at"), F("id")]
    )
    made = Decision.objects.filter(
        kind__in=MADE,
        means="web",
        actor_user__isnull=False,
        decided_at__gt=at - LOOKED_BACK,
        decided_at__lte=at,
    )
    rows = (
        made.annotate(before_at=before).order_by().values_list("decided_at", "before_at", "applied")
    )
    gaps = [
        (decided_at - before_at, applied)
        for decided_at, before_at, applied in rows
        if before_at and applied and SHORTEST <= decided_at - before_at <= LONGEST
    ]
    if len(gaps) < FEWEST:
        return None
    worked = sum((gap for gap, _ in gaps), timedelta()).total_seconds()
    return float(worked / sum(applied for _, applied in gaps))
