"""Whom a replay touches: computers and users, from the stored presence.

It knows neither day nor location, so a process whose outcome changes in one place of a group
counts for the whole group. Few presences are read as they are; many from their roll-up as bits,
which is some hours old at times, and the replay says of when.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from exceptions_app.replay.query import GIVEN, rows_of
from truscan.ingest.presence_bits import KINDS, roll_of, since

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from exceptions_app.replay.query import Asked

# So many presences are read one by one within a tenth of a second.
DIRECT_MOST = 200_000

CHANGED = """,
changed AS NOT MATERIALIZED (
    SELECT DISTINCT p.group_id, r.process_id FROM place p JOIN rule r USING (policy_id)
    WHERE r.before <> r.after)
"""
# If the scan itself acts differently, everything changes except what a rule keeps the same.
KEPT = """,
changed AS NOT MATERIALIZED (
    SELECT DISTINCT p.group_id, r.process_id FROM place p JOIN rule r USING (policy_id)
    WHERE r.before = r.after)
"""
OF_CHANGED = """
JOIN changed c ON c.group_id = b.group_id AND c.process_id = b.process_id + 0
WHERE b.process_id = ANY(%(processes)s)
"""
NOT_OF_KEPT = """
LEFT JOIN changed c ON c.group_id = b.group_id AND c.process_id = b.process_id + 0
WHERE b.group_id = ANY(%(any_group)s) AND c.process_id IS NULL
"""
# Per group and, by the row without a group, for all together.
BY_PRESENCE = """,
seen AS MATERIALIZED (
    SELECT b.group_id, b.{column} AS who FROM {presence} b {of}
        AND b.last_at >= %(since)s AND b.first_at < %(until)s
    GROUP BY 1, 2)
SELECT group_id, count(*) FROM seen GROUP BY 1
UNION ALL SELECT NULL, count(DISTINCT who) FROM seen
"""
# A union for each block of a group; few, so they are put together here and not in a CTE, within
# which the server would not divide the work.
BY_BITS = """
SELECT b.group_id, b.block, bit_or({bits})::text FROM truscan_presencebits b {of}
    AND b.kind = %(kind)s
GROUP BY 1, 2
"""
# How many presences there may be, at most.
EXTENT = """
SELECT coalesce(sum(s.computers), 0) FROM truscan_processsummary s
WHERE s.process_id = ANY(%(processes)s)
"""


@dataclass(frozen=True, slots=True)
class Touched:
    """How many, in all and by group; `rolled_at` if it is as of that moment and not as of now."""

    count: int = 0
    by_group: dict[int, int] = field(default_factory=dict)
    rolled_at: datetime | None = None


def touched(given: Asked, kind: str) -> Touched:
    """Computers (`kind` "computer") or accounts that saw a change."""
    rolled = roll_of(kind, given.values["start"], given.values["end"]) if _is_wide(given) else None
    what, of = KINDS[kind], NOT_OF_KEPT if given.by_scan else OF_CHANGED
    sql = GIVEN + (KEPT if given.by_scan else CHANGED)
    if rolled is None:
        sql += BY_PRESENCE.format(column=what.column, presence=what.presence, of=of)
        found = dict(rows_of(sql, given.values))
        return Touched(found.pop(None, 0), found)
    sql += BY_BITS.format(bits=since(rolled[1]), of=of)
    return _united(rows_of(sql, given.values | {"kind": kind}), rolled[0])


def _united(rows: Iterable[tuple[int, int, str]], rolled_at: datetime) -> Touched:
    """From the bits of each block of each group."""
    by_group: dict[int, int] = defaultdict(int)
    blocks: dict[int, int] = defaultdict(int)
    for group, block, digits in rows:
        bits = int(digits, 2)
        if bits:
            by_group[group] += bits.bit_count()
            blocks[block] |= bits
    return Touched(sum(bits.bit_count() for bits in blocks.values()), dict(by_group), rolled_at)


def _is_wide(given: Asked) -> bool:
    return given.by_scan or rows_of(EXTENT, given.values)[0][0] > DIRECT_MOST
