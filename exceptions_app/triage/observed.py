"""Until when sightings are observed, and which tripwires were touched: set-based."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import connection

from exceptions_app.models.watch import Watch
from truscan.models.counts import FOREVER, NEVER

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

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

COUNTS = """
SELECT t.process_id, t.group_id,
    (SELECT coalesce(sum(s.occurrences), 0)::bigint FROM truscan_sighting s
        JOIN truscan_group g ON g.id = s.group_id
        WHERE s.process_id = t.process_id AND {holds}),
    (SELECT count(DISTINCT p.computer_id) FROM truscan_presence p
        JOIN truscan_group g ON g.id = p.group_id
        WHERE p.process_id = t.process_id AND {holds})
FROM unnest(%s::bigint[], %s::bigint[]) AS t(process_id, group_id)
JOIN truscan_group wg ON wg.id = t.group_id
"""

OBSERVABLE = """
SELECT s.id FROM truscan_sighting s
WHERE s.id = ANY(%s) AND (s.observed_until <> %s OR EXISTS (
    SELECT 1 FROM exceptions_app_watch w
    WHERE w.process_id = s.process_id AND w.ended_at IS NULL))
"""

# Watches that something can bring back, over processes that an import touched.
OVER = """
SELECT w.id FROM exceptions_app_watch w
WHERE w.ended_at IS NULL AND (w.until IS NOT NULL OR w.tripwires <> '{}') AND EXISTS (
    SELECT 1 FROM truscan_sighting s WHERE s.id = ANY(%s) AND s.process_id = w.process_id)
"""

END = """
UPDATE exceptions_app_watch w SET ended_at = %s, returned_because = why.said
FROM unnest(%s::bigint[], %s::text[]) AS why(id, said)
WHERE w.id = why.id AND w.ended_at IS NULL
"""


@dataclass(frozen=True, slots=True)
class Counted:
    """What was seen of a process at or below a group."""

    occurrences: int
    computers: int


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


def counted(pairs: Sequence[tuple[int, int]]) -> dict[tuple[int, int], Counted]:
    """By (process id, group id), what was seen of the process at or below the group."""
    with connection.cursor() as cursor:
        cursor.execute(
            COUNTS.format(holds=HOLDS), [[pair[0] for pair in pairs], [pair[1] for pair in pairs]]
        )
        return {(row[0], row[1]): Counted(row[2], row[3]) for row in cursor.fetchall()}


def trip(sighting_ids: Sequence[int], now: datetime) -> set[int]:
    """End the watches over these sightings that are to come back by now; their process ids."""
    with connection.cursor() as cursor:
        cursor.execute(OVER, [list(sighting_ids)])
        ids = [row[0] for row in cursor.fetchall()]
    return end_returned(returning(list(Watch.objects.filter(pk__in=ids)), now), now)


def returning(watches: Sequence[Watch], now: datetime) -> dict[Watch, str]:
    """Those of the watches whose date has come or whose count is reached, and why."""
    counting = [(w.process_id, w.group_id) for w in watches if w.tripwires]
    counts = counted(counting) if counting else {}
    return {
        watch: why
        for watch in watches
        if (why := why_returned(watch, counts.get((watch.process_id, watch.group_id)), now))
    }


def end_returned(because: dict[Watch, str], now: datetime) -> set[int]:
    """End the watches, each with its reason; their process ids."""
    if not because:
        return set()
    ids = [watch.pk for watch in because]
    locked = Watch.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk")
    list(locked.values_list("pk", flat=True))
    with connection.cursor() as cursor:
        cursor.execute(END, [now, ids, [why[:255] for why in because.values()]])
    return {watch.process_id for watch in because}


def why_returned(watch: Watch, seen: Counted | None, now: datetime) -> str:
    """The reason in words, empty if the watch goes on."""
    if watch.until is not None and watch.until <= now:
        return f"the date came: {watch.until:%Y-%m-%d %H:%M} UTC"
    if seen is None:
        return ""
    more: dict[str, Any] = {
        "occurrences": ("more detections", seen.occurrences),
        "computers": ("more computers", seen.computers),
    }
    for key, (words, number) in more.items():
        limit = watch.tripwires.get(key)
        grown = number - watch.baseline.get(key, 0)
        if limit is not None and grown >= limit:
            return f"{grown} {words}, {limit} were allowed"
    return ""
