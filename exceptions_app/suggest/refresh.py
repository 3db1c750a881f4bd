"""A part of the tick: makes the suggestions anew when decisions or imports are new.

It reads the decided processes, judges each by the others, and writes what changed for the open
ones. Doubled or missed it changes nothing, and while nothing is new it costs three small queries.
"""

from __future__ import annotations

import json
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db import connection, transaction
from django.db.models import Max
from django.db.models.functions import Greatest

from exceptions_app.models.decision import Decision
from exceptions_app.models.suggestion import SuggestionState
from exceptions_app.suggest.calibrate import speaks
from exceptions_app.suggest.judge import Calibration, Judge
from exceptions_app.suggest.read import decided, open_processes, seen_of
from truscan.models.log_import import LogImport

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from exceptions_app.suggest.judge import Suggested

# While people decide, their last decisions may be so old; a large site waits longer, so that the
# work never takes more than a twentieth of the time.
REST = timedelta(minutes=2)
REST_TIMES = 20
BATCH = 2000

_WRITE = """
INSERT INTO exceptions_app_suggestion AS t
    (process_id, response, rate, bound, answers, reasons, neighbours)
SELECT * FROM unnest(%s::bigint[], %s::text[], %s::float8[], %s::float8[], %s::int[],
    %s::jsonb[], %s::jsonb[])
ON CONFLICT (process_id) DO UPDATE SET response = excluded.response, rate = excluded.rate,
    bound = excluded.bound, answers = excluded.answers, reasons = excluded.reasons,
    neighbours = excluded.neighbours
WHERE (t.response, t.rate, t.bound, t.answers, t.reasons, t.neighbours) IS DISTINCT FROM
    (excluded.response, excluded.rate, excluded.bound, excluded.answers, excluded.reasons,
    excluded.neighbours)
"""
_DROP = """
DELETE FROM exceptions_app_suggestion t WHERE NOT EXISTS (
    SELECT 1 FROM unnest(%s::bigint[]) AS kept(id) WHERE kept.id = t.process_id)
"""


def tick(now: datetime) -> bool:
    """True if suggestions were made anew."""
    state = SuggestionState.objects.filter(pk=1).first()
    decision, imported_at = _newest()
    if state is not None and state.made_at is not None:
        if (state.decision, state.imported_at) == (decision, imported_at):
            return False
        rest = max(REST, timedelta(seconds=state.seconds * REST_TIMES))
        if now < state.made_at + rest:
            return False
    refresh(now)
    return True


def _newest() -> tuple[int, datetime | None]:
    """The newest decision, and when the newest import ended or was withdrawn."""
    newest = Decision.objects.aggregate(n=Max("id"))["n"] or 0
    moment = Greatest(Max("finished_at"), Max("withdrawn_at"))
    return newest, LogImport.objects.aggregate(at=moment)["at"]


def refresh(now: datetime) -> SuggestionState:
    """Judge every open process by what people decided, and store what changed."""
    started = time.monotonic()
    decision, imported_at = _newest()
    judge = Judge(decided())
    waiting = open_processes(now) if judge.calibration.is_enough else []
    found = [(seen.process_id, told) for seen in seen_of(waiting) if (told := judge.of(seen))]
    with transaction.atomic():
        for start in range(0, len(found), BATCH):
            _write(found[start : start + BATCH])
        with connection.cursor() as cursor:
            cursor.execute(_DROP, [[pk for pk, _ in found]])
        state, _ = SuggestionState.objects.update_or_create(
            pk=1,
            defaults={
                "calibration": told_of(judge.calibration, judge.floor),
                "decision": decision,
                "imported_at": imported_at,
                "made_at": now,
                "seconds": round(time.monotonic() - started, 3),
                "open_processes": len(waiting),
                "suggested": len(found),
            },
        )
    return state


def _write(found: Sequence[tuple[int, Suggested]]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            _WRITE,
            [
                [pk for pk, _ in found],
                [told.response for _, told in found],
                [round(told.band.rate, 4) for _, told in found],
                [round(told.band.bound, 4) for _, told in found],
                [told.band.answers for _, told in found],
                [json.dumps(reasons_of(told)) for _, told in found],
                [json.dumps(neighbours_of(told)) for _, told in found],
            ],
        )


def reasons_of(told: Suggested) -> list[dict[str, Any]]:
    """Texts of a log may hold what PostgreSQL's JSON cannot: NUL never gets so far."""
    return [
        {
            "kind": reason.kind,
            "value": reason.value,
            "having": reason.having,
            "agreeing": reason.agreeing,
            "weight": reason.weight,
        }
        for reason in told.reasons
    ]


def neighbours_of(told: Suggested) -> list[dict[str, Any]]:
    return [
        {"process": n.process_id, "response": n.response, "shared": list(n.shared),
         "likeness": n.likeness}
        for n in told.neighbours
    ]  # fmt: skip


def told_of(calibration: Calibration, floor: float) -> dict[str, Any]:
    """As the page and REST show it."""
    return {
        "floor": floor,
        "history": calibration.history,
        "judged": calibration.judged,
        "said": calibration.said,
        "right": calibration.right,
        "responses": [
            {
                "response": response,
                "usual": round(calibration.usual[response], 4),
                "said": said,
                "right": right,
                "decided": decided_so,
                "bands": [
                    {"lowest": round(band.lowest, 6), "answers": band.answers,
                     "right": band.right, "bound": round(band.bound, 4),
                     "shown": speaks(band, calibration.usual[response], floor)}
                    for band in calibration.bands.get(response, ())
                ],
            }
            for response, (said, right, decided_so) in calibration.by_response.items()
        ],
    }  # fmt: skip


def standing() -> SuggestionState | None:
    return SuggestionState.objects.filter(pk=1).first()
