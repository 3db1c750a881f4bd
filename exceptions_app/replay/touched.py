"""Whom a replay touches: computers and users, from the stored presence.

It knows neither day nor location, so a process whose outcome changes in one place of a group
counts for the whole group. Few presences are read as they are; many from their roll-up as bits,
which is some hours old at times, and the replay says of when.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.db import connection

from exceptions_app.replay.query import rows_of
from truscan.ingest.presence_bits import KINDS, roll_of, since

if TYPE_CHECKING:
    from datetime import datetime

    from exceptions_app.replay.query import Asked

# So many presences are read one by one within a tenth of a second.
DIRECT_MOST = 200_000

# Per group and, by the row without a group, for all together.
BY_PRESENCE = """,
seen AS MATERIALIZED (
    SELECT b.group_id, b.{column} AS who FROM {presence} b {of}
        AND b.last_at >= %(since)s AND b.first_at < %(until)s
    GROUP BY 1, 2)
SELECT group_id, count(*) FROM seen GROUP BY 1
UNION ALL SELECT NULL, count(DISTINCT who) FROM seen
"""
# A union for each block of a group, in a table of the transaction's own and not in a CTE, within
# which the server would not divide the work.
BY_BITS = """
CREATE TEMPORARY TABLE touched_block ON COMMIT DROP AS {given}
SELECT b.group_id, b.block, bit_or({bits}) AS who FROM truscan_presencebits b {of}
    AND b.kind = %(kind)s
GROUP BY 1, 2
"""
# Whoever is in several groups has a bit in each, and counts once in all.
COUNT_BITS = """
SELECT group_id, sum(bit_count(who))::bigint FROM touched_block GROUP BY 1
HAVING sum(bit_count(who)) > 0
UNION ALL
SELECT NULL, coalesce(sum(bit_count(who)), 0)::bigint - (
    SELECT coalesce(sum(again.times - 1), 0)::bigint FROM (
        SELECT count(*) AS times FROM truscan_sharedbit s
        JOIN touched_block t ON t.group_id = s.group_id AND t.block = s.block
        WHERE s.kind = %(kind)s AND get_bit(t.who, s.place) = 1
        GROUP BY s.member_id) again)
FROM touched_block
"""
# How many presences there may be, at most.
EXTENT = """
SELECT coalesce(sum(s.computers), 0) FROM truscan_processsummary s
WHERE s.process_id = ANY(%(processes)s::bigint[])
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
    what = KINDS[kind]
    sql, of = given.given_and_of
    if rolled is None:
        sql += BY_PRESENCE.format(column=what.column, presence=what.presence, of=of)
        found = dict(rows_of(sql, given.values))
    else:
        with connection.cursor() as cursor:
            blocks = BY_BITS.format(given=sql, bits=since(rolled[1]), of=of)
            cursor.execute(blocks, given.values | {"kind": kind})
            cursor.execute(COUNT_BITS, {"kind": kind})
            found = dict(cursor.fetchall())
            cursor.execute("DROP TABLE touched_block")
    return Touched(found.pop(None, 0) or 0, found, rolled[0] if rolled else None)


def _is_wide(given: Asked) -> bool:
    return given.by_scan or rows_of(EXTENT, given.values)[0][0] > DIRECT_MOST
