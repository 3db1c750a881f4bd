"""What brings an observed process back, and what changed since it was put aside: set-based.

Everything is counted at or below the group of the watch, where the process is out of sight: in
other groups it is in the inbox anyway.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.db import connection

from exceptions_app.models.watch import SAID, Watch, more
from exceptions_app.triage.observed import HOLDS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

NAMED_MAX = 5

# Another hash under the same name, signer (without one: company) and generic path. The summaries'
# sort key is the indexed way to a name.
SAME_PROGRAM = """mine.process_id <> other.process_id AND other.sort_name = mine.sort_name
    AND mine.sort_name <> '' AND lower(po.generic_path) = lower(pm.generic_path)
    AND po.signer = pm.signer AND (pm.signer <> '' OR po.company_name = pm.company_name)"""
SEEN_HERE = """EXISTS (SELECT 1 FROM truscan_sighting s JOIN truscan_group g ON g.id = s.group_id
    WHERE s.process_id = other.process_id AND {holds})"""

COUNTS = """
SELECT t.process_id, t.group_id,
    (SELECT coalesce(sum(s.occurrences), 0)::bigint FROM truscan_sighting s
        JOIN truscan_group g ON g.id = s.group_id
        WHERE s.process_id = t.process_id AND {holds}),
    (SELECT count(DISTINCT p.computer_id) FROM truscan_presence p
        JOIN truscan_group g ON g.id = p.group_id
        WHERE p.process_id = t.process_id AND {holds}),
    (SELECT count(*) FROM truscan_sighting s JOIN truscan_group g ON g.id = s.group_id
        WHERE s.process_id = t.process_id AND {holds}),
    (SELECT count(*) FROM truscan_processsummary mine
        JOIN truscan_process pm ON pm.id = mine.process_id
        JOIN truscan_processsummary other ON other.sort_name = mine.sort_name
        JOIN truscan_process po ON po.id = other.process_id
        WHERE mine.process_id = t.process_id AND {same} AND {seen})
FROM unnest(%s::bigint[], %s::bigint[]) AS t(process_id, group_id)
JOIN truscan_group wg ON wg.id = t.group_id
"""

# Watches that something can bring back, over processes that an import touched, or over other
# builds of them.
OVER = """
WITH fresh AS MATERIALIZED (
    SELECT DISTINCT process_id FROM truscan_sighting WHERE id = ANY(%(ids)s))
SELECT w.id FROM exceptions_app_watch w JOIN fresh ON fresh.process_id = w.process_id
WHERE w.ended_at IS NULL AND (w.until IS NOT NULL OR w.tripwires <> '{{}}')
UNION
SELECT w.id FROM fresh
JOIN truscan_processsummary other ON other.process_id = fresh.process_id
JOIN truscan_process po ON po.id = other.process_id
JOIN truscan_processsummary mine ON mine.sort_name = other.sort_name
JOIN truscan_process pm ON pm.id = mine.process_id
JOIN exceptions_app_watch w ON w.process_id = mine.process_id
WHERE w.ended_at IS NULL AND w.tripwires ->> 'hashes' IS NOT NULL AND {same}
"""

# The newest of them, for watches that end; they arrived since, as far as they were counted.
NEW_GROUPS = """
SELECT t.process_id, t.group_id, fresh.path
FROM unnest(%s::bigint[], %s::bigint[], %s::int[]) AS t(process_id, group_id, shown)
JOIN truscan_group wg ON wg.id = t.group_id
CROSS JOIN LATERAL (
    SELECT g.path FROM truscan_sighting s JOIN truscan_group g ON g.id = s.group_id
    WHERE s.process_id = t.process_id AND {holds} ORDER BY s.id DESC LIMIT t.shown) fresh
"""
NEW_HASHES = """
SELECT t.process_id, t.group_id, fresh.hash
FROM unnest(%s::bigint[], %s::bigint[], %s::int[]) AS t(process_id, group_id, shown)
JOIN truscan_group wg ON wg.id = t.group_id
CROSS JOIN LATERAL (
    SELECT po.hash FROM truscan_processsummary mine
    JOIN truscan_process pm ON pm.id = mine.process_id
    JOIN truscan_processsummary other ON other.sort_name = mine.sort_name
    JOIN truscan_process po ON po.id = other.process_id
    WHERE mine.process_id = t.process_id AND {same} AND {seen}
    ORDER BY po.id DESC LIMIT t.shown) fresh
"""

END = """
UPDATE exceptions_app_watch w SET ended_at = %s, returned_because = told.why,
    changes = told.changes::jsonb
FROM unnest(%s::bigint[], %s::text[], %s::text[]) AS told(id, why, changes)
WHERE w.id = told.id AND w.ended_at IS NULL
"""


def _whole(sql: str) -> str:
    """The statement with the two conditions that several share."""
    return sql.format(holds=HOLDS, same=SAME_PROGRAM, seen=SEEN_HERE.format(holds=HOLDS))


@dataclass(frozen=True, slots=True)
class Counted:
    """What was seen of a process at or below a group; `hashes` are those of other builds."""

    occurrences: int = 0
    computers: int = 0
    groups: int = 0
    hashes: int = 0

    def as_json(self) -> dict[str, int]:
        return {word: getattr(self, word) for word in SAID}


@dataclass(frozen=True, slots=True)
class Return:
    """Why a watch ends, and what grew since it began."""

    why: str
    changes: dict[str, Any] = field(default_factory=dict)


def counted(pairs: Sequence[tuple[int, int]]) -> dict[tuple[int, int], Counted]:
    """By (process id, group id), what was seen of the process at or below the group."""
    if not pairs:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_whole(COUNTS), [[pair[0] for pair in pairs], [pair[1] for pair in pairs]])
        return {(row[0], row[1]): Counted(*row[2:]) for row in cursor.fetchall()}


def trip(sighting_ids: Sequence[int], now: datetime) -> set[int]:
    """End the watches over these sightings that are to come back by now; their process ids."""
    with connection.cursor() as cursor:
        cursor.execute(_whole(OVER), {"ids": list(sighting_ids)})
        ids = [row[0] for row in cursor.fetchall()]
    return end_returned(returning(list(Watch.objects.filter(pk__in=ids)), now), now)


def returning(watches: Sequence[Watch], now: datetime) -> dict[Watch, Return]:
    """Those of the watches whose date has come or whose count is reached, why, and what changed."""
    counts = counted(
        [(w.process_id, w.group_id) for w in watches if w.tripwires or _is_due(w, now)]
    )
    told = {}
    for watch in watches:
        seen = counts.get((watch.process_id, watch.group_id))
        if seen is not None and (why := why_returned(watch, seen, now)):
            told[watch] = Return(why, grown_since(watch, seen))
    _name_new(told)
    return told


def _is_due(watch: Watch, now: datetime) -> bool:
    return watch.until is not None and watch.until <= now


def why_returned(watch: Watch, seen: Counted, now: datetime) -> str:
    """The reason in words, empty if the watch goes on."""
    if watch.until is not None and watch.until <= now:
        return f"the date came: {watch.until:%Y-%m-%d %H:%M} UTC"
    for word, number in seen.as_json().items():
        limit = watch.tripwires.get(word)
        grown = _grown(watch, word, number)
        if limit is not None and grown >= limit:
            return f"{more(word, grown)}; the tripwire was {limit}"
    return ""


def _grown(watch: Watch, word: str, number: int) -> int:
    """A watch of before it was noted knows nothing of a growth."""
    return number - int(watch.baseline.get(word, number))


def grown_since(watch: Watch, seen: Counted) -> dict[str, Any]:
    """What grew, by word."""
    grown = {word: _grown(watch, word, number) for word, number in seen.as_json().items()}
    return {word: n for word, n in grown.items() if n > 0}


def _name_new(told: dict[Watch, Return]) -> None:
    """Add the newest groups and hashes by name; two queries at most."""
    for word, sql in (("groups", NEW_GROUPS), ("hashes", NEW_HASHES)):
        concerned = {
            (watch.process_id, watch.group_id): one.changes
            for watch, one in told.items()
            if word in one.changes
        }
        if not concerned:
            continue
        with connection.cursor() as cursor:
            shown = [min(changes[word], NAMED_MAX) for changes in concerned.values()]
            cursor.execute(
                _whole(sql), [[p for p, _ in concerned], [g for _, g in concerned], shown]
            )
            for process_id, group_id, name in cursor.fetchall():
                concerned[process_id, group_id].setdefault(f"new_{word}", []).append(name)


def end_returned(because: dict[Watch, Return], now: datetime) -> set[int]:
    """End the watches, each with its reason; their process ids."""
    if not because:
        return set()
    ids = [watch.pk for watch in because]
    locked = Watch.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk")
    list(locked.values_list("pk", flat=True))
    whys = [told.why[:255] for told in because.values()]
    changes = [json.dumps(told.changes) for told in because.values()]
    with connection.cursor() as cursor:
        cursor.execute(END, [now, ids, whys, changes])
    return {watch.process_id for watch in because}
