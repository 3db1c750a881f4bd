"""Store a chunk: new detections, claims on known ones, counts. A fixed number of statements."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from truscan import coverage
from truscan.ingest import claims, counts, staging
from truscan.ingest.partitions import month_of

if TYPE_CHECKING:
    from datetime import datetime

    from truscan.ingest.chunk import Chunk

_NEW = f"""
INSERT INTO truscan_detection (log_import_id, occurrences, {claims.CLAIM})
SELECT %s, own_occurrences, {claims.CLAIM} FROM stage s {{which}} ORDER BY event_at, key
"""  # noqa: S608
_UNKNOWN = (
    "WHERE NOT EXISTS (SELECT 1 FROM known k WHERE k.event_at = s.event_at AND k.key = s.key)"
)
_NEW_DELTA = f"""
INSERT INTO delta SELECT {", ".join(f"s.{name}" for name in staging.DELTA)} FROM stage_delta s
{_UNKNOWN}
"""  # noqa: S608
_GROUPS = """
INSERT INTO truscan_importgroup (log_import_id, group_id)
SELECT DISTINCT %s::bigint, group_id::bigint FROM stage ORDER BY 2
ON CONFLICT (log_import_id, group_id) DO NOTHING
"""


@dataclass(slots=True)
class Folded:
    """How the detections of a chunk ended, by line."""

    inserted: int = 0
    updated: int = 0
    duplicate: int = 0


def fold(cursor: Any, import_id: int, chunk: Chunk, now: datetime) -> Folded:
    """Store a chunk whose blocks are staged, with all that is counted of it, in one transaction.

    Two imports at once never deadlock: months are locked in order, then the count tables as a
    whole, and nothing else of an import is locked for longer than a statement.
    """
    done = Folded()
    cursor.execute(staging.SETTINGS)
    claims.lock(cursor, map(month_of, chunk.months))
    if chunk.rows and chunk.first_at and chunk.last_at:
        if chunk.repeats:
            done.updated, done.duplicate = staging.fold_repeats(cursor)
        # Without statistics the planner takes an unknown table for a small one and loops.
        cursor.execute("ANALYZE stage")
        source = _detections(cursor, import_id, chunk.first_at, chunk.last_at, done)
        touched = counts.add(cursor, source)
        cursor.execute(_GROUPS, [import_id])
        if touched:
            coverage.registered().after_fold(touched, now)
    counts.hear(cursor, chunk)
    return done


def _detections(cursor: Any, import_id: int, first: datetime, last: datetime, done: Folded) -> str:
    """Insert what is new and fold what is known; the table whose contributions count."""
    known = claims.find_known(cursor, import_id, first, last)
    cursor.execute("SELECT count(*) FROM stage")
    new = cursor.fetchone()[0] - known
    if not known:
        cursor.execute(_NEW.format(which=""), [import_id])
    elif new:
        cursor.execute("ANALYZE known")
        cursor.execute(_NEW.format(which=_UNKNOWN), [import_id])
    done.inserted = new
    if not known:
        return "stage_delta"
    updated = claims.fold_known(cursor, import_id, first, last)
    done.updated += updated
    done.duplicate += known - updated
    if new:
        cursor.execute(_NEW_DELTA)
    cursor.execute("ANALYZE delta")
    return "delta"
