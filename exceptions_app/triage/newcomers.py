"""What matches a list now and did not when it was read: new pairs, and what came back.

A list stays as it was opened; this tells how much it lacks. Set-based over what changed since
(sightings by their id, decisions, ended observations, expiries), never over the whole list again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db.models import Exists, OuterRef

from exceptions_app.models.decision import Decision, DecisionItem
from exceptions_app.models.exception import ProcessException
from exceptions_app.models.watch import Watch
from exceptions_app.triage.inbox import OPEN_STATES
from truscan.models.counts import ProcessSummary, Sighting

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from django.db.models import QuerySet

    from exceptions_app.triage.inbox import InboxFilter

# Beyond that the line says "1,000+ new": nobody reads them one by one.
NEWCOMERS_MAX = 1000
# Largest id that the database holds.
ID_MAX = 2**63 - 1
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_K = Decision.Kind
_REOPENING = (_K.UNDO, _K.RETIRE, _K.END_WATCH, _K.GO_BACK)
# By state, the acts that bring a process into it.
BRINGING = {
    "open": _REOPENING,
    "renewals": _REOPENING,
    "decided": (_K.RESPOND, _K.UNDO, _K.GO_BACK),
    "observed": (_K.OBSERVE, _K.UNDO),
}


@dataclass(frozen=True, slots=True)
class Mark:
    """When a list was read: the newest sighting of then, and the moment.

    Imports add sightings one after the other (ADR 4), so a higher id was committed later.
    """

    sighting: int
    at: datetime

    def __str__(self) -> str:
        return f"{self.sighting}.{(self.at - EPOCH) // timedelta(microseconds=1)}"


def mark_of(now: datetime) -> Mark:
    newest = Sighting.objects.order_by("-pk").values_list("pk", flat=True).first()
    return Mark(newest or 0, now)


def read_mark(text: str) -> Mark | None:
    """None if it is none of ours."""
    first, _, second = text.partition(".")
    if not (first.isascii() and first.isdigit() and second.isascii() and second.isdigit()):
        return None
    if len(first) > 19 or len(second) > 17 or int(first) > ID_MAX:
        return None
    try:
        return Mark(int(first), EPOCH + timedelta(microseconds=int(second)))
    except OverflowError:
        return None


def newcomers(
    found: InboxFilter, mark: Mark, shown: Collection[int] = ()
) -> QuerySet[ProcessSummary]:
    """Summaries that match since `mark`, at most NEWCOMERS_MAX + 1; `shown` are in the list."""
    ids: set[int] = set()
    for rows in _candidates(found, mark):
        ids.update(rows[: NEWCOMERS_MAX + 1])
    ids.difference_update(shown)
    if not ids:
        return ProcessSummary.objects.none()
    return found.qs.filter(pk__in=sorted(ids)[: NEWCOMERS_MAX + 1])


def _candidates(found: InboxFilter, mark: Mark) -> Iterator[QuerySet[Any, Any]]:
    seen = found.sightings()
    before = seen.filter(pk__lte=mark.sighting, process=OuterRef("process"))
    fresh = seen.filter(~Exists(before), pk__gt=mark.sighting)
    yield fresh.order_by().values_list("process", flat=True).distinct()
    state = found.chosen_state
    if state in BRINGING:
        acts = Decision.objects.filter(decided_at__gt=mark.at, kind__in=BRINGING[state])
        items = DecisionItem.objects.filter(decision__in=acts, skipped_because="")
        yield items.order_by().values_list("process", flat=True).distinct()
    if state not in OPEN_STATES:
        return
    ended = Watch.objects.filter(ended_at__gt=mark.at)
    yield ended.order_by().values_list("process", flat=True)
    due = Watch.objects.filter(ended_at=None, until__gt=mark.at, until__lte=found.now)
    yield due.order_by().values_list("process", flat=True)
    expired = ProcessException.objects.filter(retired_at=None)
    expired = expired.filter(expires_at__gt=mark.at, expires_at__lte=found.now)
    yield expired.order_by().values_list("process", flat=True)
