"""Take the rows of an import away: claims fall back to those of other imports, counts follow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import connection, transaction

from truscan import coverage
from truscan.ingest import claims, counts, receipts, staging
from truscan.models.log_import import ImportGroup, LogImport, RejectedLine

if TYPE_CHECKING:
    import uuid
    from datetime import datetime

# Detections that show the import, and those on which it has a claim besides.
_KEYS = """
INSERT INTO claim_key
SELECT event_at, key FROM truscan_detection WHERE log_import_id = %(id)s
UNION
SELECT event_at, key FROM truscan_detectionclaim WHERE log_import_id = %(id)s
"""

_SPAN = """
SELECT min(event_at), max(event_at), array_agg(DISTINCT extract(year FROM event_at)::integer * 12
    + extract(month FROM event_at)::integer) FROM claim_key
"""


def take_away(log_import_id: int, now: datetime) -> None:
    """Remove every detection and claim of an import, inside the caller's transaction.

    Detections that other imports tell of too stay, as the newest of those tells them. Locks are
    taken in the order of `fold`.
    """
    with connection.cursor() as cursor:
        staging.begin(cursor)
        cursor.execute(staging.SETTINGS)
        cursor.execute(_KEYS, {"id": log_import_id})
        cursor.execute(_SPAN)
        first, last, months = cursor.fetchone()
        if first is None:
            return
        claims.lock(cursor, [(n // 12, n % 12) for n in months])
        # Others may have claimed the same detections before the lock was ours.
        cursor.execute("TRUNCATE claim_key")
        cursor.execute(_KEYS, {"id": log_import_id})
        claims.gather(cursor, first, last, without=log_import_id)
        claims.refold(cursor, first, last)
        cursor.execute("ANALYZE delta")
        touched = counts.add(cursor, "delta")
        if touched:
            coverage.registered().after_fold(touched, now)


def forget_rows(row: LogImport, owner: uuid.UUID, now: datetime) -> None:
    """An import that failed after its first chunks: nothing half-imported stays."""
    with transaction.atomic():
        mine = LogImport.objects.select_for_update().filter(pk=row.pk, lease_owner=owner)
        if not mine.exists():
            return
        if mine.get().read:
            take_away(row.pk, now)
        RejectedLine.objects.filter(log_import=row).delete()
        ImportGroup.objects.filter(log_import=row).delete()
        mine.update(**receipts.NOTHING)
    row.refresh_from_db()
