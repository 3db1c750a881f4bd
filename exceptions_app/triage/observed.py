"""Until when sightings are observed: set-based."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import connection

from truscan.models.counts import FOREVER, NEVER

if TYPE_CHECKING:
    from collections.abc import Sequence

# A watch holds for its group and everything below it; lines without a group are only themselves.
HOLDS = r"""wg.domain_id = g.domain_id AND (wg.path_key = g.path_key
    OR (wg.path_key <> '' AND starts_with(g.path_key, wg.path_key || '\')))"""

UPDATE = """
WITH fresh AS (
    SELECT s.id, coalesce(max(coalesce(w.until, %(forever)s)) FILTER (WHERE w.id IS NOT NULL),
        %(never)s) AS until
    FROM truscan_sighting s JOIN truscan_group g ON g.id = s.group_id
    LEFT JOIN (exceptions_app_watch w JOIN truscan_group wg ON wg.id = w.group_id)
        ON w.process_id = s.process_id AND w.ended_at IS NULL AND {holds}
    WHERE {which}
    GROUP BY s.id)
UPDATE truscan_sighting s SET observed_until = fresh.until
FROM fresh WHERE fresh.id = s.id AND s.observed_until <> fresh.until
"""

OBSERVABLE = """
SELECT s.id FROM truscan_sighting s
WHERE s.id = ANY(%s) AND (s.observed_until <> %s OR EXISTS (
    SELECT 1 FROM exceptions_app_watch w
    WHERE w.process_id = s.process_id AND w.ended_at IS NULL))
"""


def refresh_processes(process_ids: Sequence[int]) -> int:
    """Compute `observed_until` of these processes in all groups; the caller holds the locks."""
    return _update("s.process_id = ANY(%(ids)s)", process_ids)


def refresh_sightings(sighting_ids: Sequence[int]) -> int:
    return _update("s.id = ANY(%(ids)s)", sighting_ids)


def observable(sighting_ids: Sequence[int]) -> list[int]:
    """Those of the sightings that are observed, or whose process is observed somewhere."""
    with connection.cursor() as cursor:
        cursor.execute(OBSERVABLE, [list(sighting_ids), NEVER])
        return [row[0] for row in cursor.fetchall()]


def _update(which: str, ids: Sequence[int]) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            UPDATE.format(which=which, holds=HOLDS),
            {"ids": list(ids), "never": NEVER, "forever": FOREVER},
        )
        changed: int = cursor.rowcount
        return changed
