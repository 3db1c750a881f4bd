"""Who reads an import: a claim by conditional UPDATE, renewed while the work goes on."""

from __future__ import annotations

import threading
import uuid
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import connection
from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.utils import timezone

from truscan.models.log_import import LogImport

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

LEASE = timedelta(seconds=60)
# Several beats fit into a lease, so that one that is late loses nothing.
_BEAT_SECONDS = 15.0

# After trouble of the machine: a minute, two, four, ... up to an hour, about nine hours in all.
PAUSE_MOST = timedelta(hours=1)
TRIES = 14

_State = LogImport.State


def claim(import_id: int, now: datetime) -> uuid.UUID | None:
    """Take an import that waits or whose worker is gone; None if another has it."""
    owner = uuid.uuid4()
    free = Q(state=_State.QUEUED) | Q(state=_State.RUNNING, lease_until__lte=now)
    taken = LogImport.objects.filter(free, pk=import_id).update(
        state=_State.RUNNING,
        lease_until=now + LEASE,
        lease_owner=owner,
        started_at=Coalesce(F("started_at"), now),
    )
    return owner if taken == 1 else None


def pause(tries: int) -> timedelta:
    """How long to leave an import alone that was stopped `tries` times without storing a chunk."""
    return min(timedelta(seconds=LEASE.total_seconds() * 2 ** min(tries - 1, 10)), PAUSE_MOST)


def abandoned(now: datetime) -> list[int]:
    """Imports that no worker reads: a lease that ran out, or queued and never fetched."""
    left = Q(state=_State.RUNNING, lease_until__lte=now)
    unfetched = Q(state=_State.QUEUED, created_at__lte=now - LEASE)
    rows = LogImport.objects.filter(left | unfetched).order_by("id")
    return list(rows.values_list("id", flat=True)[:100])


@contextmanager
def renewed(import_id: int, owner: uuid.UUID) -> Iterator[None]:
    """Keep the lease while a long chunk is stored. A killed process stops renewing."""
    if connection.in_atomic_block:
        # Inside a caller's transaction nobody else can see the lease.
        yield
        return
    stop = threading.Event()
    beat = threading.Thread(target=_renew, args=(import_id, owner, stop), daemon=True)
    beat.start()
    try:
        yield
    finally:
        stop.set()
        beat.join()


def _renew(import_id: int, owner: uuid.UUID, stop: threading.Event) -> None:
    try:
        while not stop.wait(_BEAT_SECONDS):
            mine = LogImport.objects.filter(pk=import_id, lease_owner=owner)
            mine.update(lease_until=timezone.now() + LEASE)
    finally:
        connection.close()
