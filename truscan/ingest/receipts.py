"""The receipt of an import: counters and checkpoint, changed with the rows they stand for."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from django.db.models import F
from django.utils import timezone

from truscan.ingest.dimensions import clean
from truscan.ingest.errors import LeaseLost
from truscan.ingest.lease import LEASE, pause
from truscan.models.log_import import LogImport, RejectedLine

if TYPE_CHECKING:
    import uuid
    from datetime import datetime

    from truscan.ingest.chunk import Chunk
    from truscan.ingest.fold import Folded

# Of a rejected line this much is stored; the file itself is kept.
RAW_KEPT = 65_536
_State = LogImport.State


def note(row: LogImport, owner: uuid.UUID, chunk: Chunk, folded: Folded, seconds: float) -> None:
    """Add a chunk to the receipt, in the chunk's transaction; LeaseLost undoes all of it."""
    kinds = Counter(row.ignored_by_kind) + chunk.ignored
    changed = LogImport.objects.filter(pk=row.pk, lease_owner=owner, state=_State.RUNNING).update(
        read=F("read") + chunk.read,
        inserted=F("inserted") + folded.inserted,
        updated=F("updated") + folded.updated,
        duplicate=F("duplicate") + folded.duplicate,
        ignored=F("ignored") + sum(chunk.ignored.values()),
        rejected=F("rejected") + len(chunk.rejected),
        ignored_by_kind=kinds,
        bytes_done=chunk.bytes_done,
        checkpoint={"line": chunk.last_line},
        format=chunk.format[:64],
        encoding_found=chunk.encoding[:32],
        seconds=F("seconds") + seconds,
        lease_until=timezone.now() + LEASE,
        tries=0,
        error="",
    )
    if changed != 1:
        raise LeaseLost("Another worker has taken this import over.")
    row.ignored_by_kind = dict(kinds)


def store_rejects(row: LogImport, chunk: Chunk) -> None:
    rejects = [
        RejectedLine(
            log_import=row,
            line_no=line.line_no,
            code=line.code[:64],
            reason=clean(line.reason) + _cut(line.raw),
            raw=line.raw[:RAW_KEPT],
        )
        for line in chunk.rejected
    ]
    RejectedLine.objects.bulk_create(rejects, batch_size=2_000)


def _cut(raw: bytes) -> str:
    return f" Only the first {RAW_KEPT:,} bytes are shown here." if len(raw) > RAW_KEPT else ""


def end(row: LogImport, owner: uuid.UUID | None, state: str, now: datetime, **fields: Any) -> None:
    """Close the receipt, or let it wait for an answer."""
    mine = LogImport.objects.filter(pk=row.pk)
    if owner is not None:
        mine = mine.filter(lease_owner=owner)
    changed = mine.update(
        state=state, finished_at=now, lease_until=None, lease_owner=None, **fields
    )
    if changed != 1:
        raise LeaseLost("Another worker has taken this import over.")
    row.refresh_from_db()


def put_off(row: LogImport, owner: uuid.UUID, tries: int, now: datetime, what: str) -> None:
    """Say what stopped the reading, and leave the import alone for a while."""
    changed = LogImport.objects.filter(pk=row.pk, lease_owner=owner, state=_State.RUNNING).update(
        tries=tries, error=what, lease_until=now + pause(tries)
    )
    if changed != 1:
        raise LeaseLost("Another worker has taken this import over.")
    row.refresh_from_db()


# Counters of a receipt whose rows are all taken away.
NOTHING: dict[str, Any] = {
    "read": 0,
    "inserted": 0,
    "updated": 0,
    "duplicate": 0,
    "ignored": 0,
    "rejected": 0,
    "ignored_by_kind": {},
    "bytes_done": 0,
    "checkpoint": {},
}
