"""The count tables: signed contributions in, additive upserts by sorted keys.

One import at a time adds, to the end of its transaction: every two chunks meet in some busy
process anyway, and so distinct computers and first and last times can be looked up in between.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from truscan.ingest import computers, processes, roll_up
from truscan.ingest.type_counts import (
    ADD_BY_TYPE,
    ADD_LEVELS,
    ADD_TIMES,
    BY_TYPE,
    FIRST,
    LAST,
    LEVELS,
    SUMS_BY_TYPE,
)

if TYPE_CHECKING:
    from truscan.ingest.chunk import Chunk


@dataclass(frozen=True, slots=True)
class Count:
    """A plain count table: its key, how the key is made of a contribution, whether it has times."""

    table: str
    key: tuple[str, ...]
    made: tuple[str, ...]
    has_times: bool = True
    target: str = ""

    @property
    def add(self) -> str:
        keys, made = ", ".join(self.key), ", ".join(self.made)
        numbers = ", ".join(str(n) for n in range(1, len(self.key) + 1))
        times, seen, least = "", "", ""
        if self.has_times:
            times, seen, least = ", first_at, last_at", f", {FIRST}, {LAST}", f", {ADD_TIMES}"
        return (
            f"INSERT INTO {self.table} AS t ({keys}, rows, occurrences{times}) "  # noqa: S608
            f"SELECT {made}, sum(rows), sum(occurrences){seen} FROM {{source}} "
            f"GROUP BY {numbers} ORDER BY {numbers} ON CONFLICT ({self.target or keys}) "
            f"DO UPDATE SET rows = t.rows + excluded.rows, "
            f"occurrences = t.occurrences + excluded.occurrences{least}"
        )

    def _shrunk(self) -> str:
        return (
            f"(SELECT DISTINCT {', '.join(f'{m} AS {k}' for m, k in zip(self.made, self.key, strict=True))} "  # noqa: E501, S608
            "FROM delta WHERE rows < 0) AS s"
        )

    def _same(self, alias: str, other: str = "s") -> str:
        return " AND ".join(
            f"{alias}.{k} IS NOT DISTINCT FROM {other}.{k}"
            if k in ("location_id", "sensitivity")
            else f"{alias}.{k} = {other}.{k}"
            for k in self.key
        )

    @property
    def drop_empty(self) -> str:
        return (
            f"DELETE FROM {self.table} t USING {self._shrunk()} "  # noqa: S608
            f"WHERE {self._same('t')} AND t.rows = 0"
        )

    @property
    def look_up(self) -> str:
        keys = ", ".join(f"s.{k}" for k in self.key)
        levels = more = ""
        if self.table == "truscan_sighting":
            levels = ", min(d.sensitivity) AS low, max(d.sensitivity) AS high"
            more = ", level_min = n.low, level_max = n.high"
        return (
            f"UPDATE {self.table} t SET first_at = n.first_at, last_at = n.last_at{more} FROM "  # noqa: S608
            f"(SELECT {keys}, min(d.event_at) AS first_at, max(d.event_at) AS last_at{levels} "
            f"FROM {self._shrunk()} JOIN truscan_detection d ON {self._same('d')} "
            f"GROUP BY {keys}) AS n WHERE {self._same('t', 'n')}"
        )


LOCK = 0x636F_756E  # one number for one purpose: counts are added by one import at a time

_DAY = "(event_at AT TIME ZONE 'UTC')::date"
PRESENCE = Count(
    "truscan_presence",
    ("process_id", "computer_id", "group_id"),
    ("process_id", "computer_id", "group_id"),
)
USER_PRESENCE = Count(
    "truscan_userpresence",
    ("process_id", "account_id", "group_id"),
    ("process_id", "account_id", "group_id"),
)
COMPUTER_DAY = Count(
    "truscan_computerday",
    ("day", "group_id", "computer_id", "account_id"),
    (_DAY, "group_id", "computer_id", "account_id"),
    has_times=False,
)
_DAILY_KEY = (
    "group_id", "process_id", "event_type", "action_id", "location_id", "sensitivity",
)  # fmt: skip
DAILY = Count("truscan_dailycount", ("day", *_DAILY_KEY), (_DAY, *_DAILY_KEY), has_times=False)
SIGHTING = Count("truscan_sighting", ("process_id", "group_id"), ("process_id", "group_id"))

# In this order count rows are locked. Sightings and presences tell what the summary adds.
_ADD_PRESENCE = f"""
WITH added AS (
    {PRESENCE.add}
    RETURNING t.process_id, t.computer_id, t.group_id, xmax = 0 AS is_new),
came AS (
    SELECT a.process_id, a.group_id, a.computer_id, p.was_there,
        lag(a.computer_id) OVER (PARTITION BY a.process_id ORDER BY a.computer_id) = a.computer_id
            AS is_again
    FROM added a LEFT JOIN LATERAL (
        SELECT true AS was_there FROM truscan_presence p
        WHERE p.process_id = a.process_id AND p.computer_id = a.computer_id LIMIT 1) p ON true
    WHERE a.is_new),
arrived AS (
    INSERT INTO arrived SELECT process_id, group_id, count(*) FROM came GROUP BY 1, 2),
moved AS (
    INSERT INTO truscan_movedpresence (process_id, computer_id)
    SELECT DISTINCT process_id, computer_id FROM came WHERE was_there OR is_again ORDER BY 1, 2
    ON CONFLICT DO NOTHING)
INSERT INTO fresh SELECT process_id, 0, count(*) FROM came
WHERE was_there IS NULL AND is_again IS NOT TRUE GROUP BY process_id
"""  # noqa: S608
_ADD_SIGHTING = f"""
WITH added AS (
    INSERT INTO truscan_sighting AS t (process_id, group_id, rows, {", ".join(BY_TYPE)}, first_at,
        last_at, level_min, level_max, computers, covered_until, covered_locations, observed_until)
    SELECT n.*, coalesce(a.computers, 0), 'epoch', '[]', 'epoch'
    FROM (SELECT process_id, group_id, sum(rows), {SUMS_BY_TYPE}, {FIRST}, {LAST}, {LEVELS}
          FROM {{source}} GROUP BY 1, 2) AS n
    LEFT JOIN arrived a ON a.process_id = n.process_id AND a.group_id = n.group_id
    ORDER BY n.process_id, n.group_id
    ON CONFLICT (process_id, group_id) DO UPDATE SET rows = t.rows + excluded.rows,
        {ADD_BY_TYPE}, {ADD_TIMES}, {ADD_LEVELS}, computers = t.computers + excluded.computers
    RETURNING t.id, t.process_id, xmax = 0 AS is_new),
kept AS (INSERT INTO touched SELECT id FROM added)
INSERT INTO fresh SELECT process_id, count(*), 0 FROM added WHERE is_new GROUP BY process_id
"""  # noqa: S608
_ADD_APPEARANCE = f"""
INSERT INTO truscan_appearance AS t (id, identity, process_id, name, generic_path, rows,
    occurrences, first_at, last_at)
SELECT a.id, a.identity, a.process_id, a.name, a.generic_path, c.rows, c.occurrences, c.first_at,
    c.last_at
FROM (SELECT appearance_id, sum(rows) AS rows, sum(occurrences) AS occurrences,
             {FIRST} AS first_at, {LAST} AS last_at FROM {{source}} GROUP BY 1) AS c
JOIN truscan_appearance a ON a.id = c.appearance_id ORDER BY a.id
ON CONFLICT (id) DO UPDATE SET rows = t.rows + excluded.rows,
    occurrences = t.occurrences + excluded.occurrences, {ADD_TIMES}
"""  # noqa: S608
_LOOK_UP_APPEARANCE = """
UPDATE truscan_appearance t SET first_at = n.first_at, last_at = n.last_at FROM (
    SELECT s.appearance_id, min(d.event_at) AS first_at, max(d.event_at) AS last_at
    FROM (SELECT DISTINCT process_id, appearance_id FROM delta WHERE rows < 0) AS s
    LEFT JOIN truscan_detection d ON d.process_id = s.process_id
        AND d.appearance_id = s.appearance_id
    GROUP BY s.appearance_id) AS n WHERE t.id = n.appearance_id
"""
# Of pairs that lost contributions; a computer that is left in one group only stays noted as moved.
_RECOUNT_COMPUTERS = """
UPDATE truscan_sighting t SET computers = n.computers FROM (
    SELECT s.process_id, s.group_id, count(p.computer_id) AS computers
    FROM (SELECT DISTINCT process_id, group_id FROM delta WHERE rows < 0) AS s
    LEFT JOIN truscan_presence p ON p.process_id = s.process_id AND p.group_id = s.group_id
    GROUP BY 1, 2) AS n
WHERE t.process_id = n.process_id AND t.group_id = n.group_id
    AND t.computers IS DISTINCT FROM n.computers
"""


def add(cursor: Any, source: str) -> list[int]:
    """Add the contributions of `source` to every count table; ids of the sightings touched."""
    cursor.execute(f"SELECT EXISTS (SELECT 1 FROM {source}), "  # noqa: S608
                   f"EXISTS (SELECT 1 FROM {source} WHERE rows < 0)")  # fmt: skip
    has_any, shrinks = cursor.fetchone()
    if not has_any:
        return []
    cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
    computers.move(cursor, source)
    cursor.execute(_ADD_PRESENCE.format(source=source))
    for count in (USER_PRESENCE, COMPUTER_DAY, DAILY):
        cursor.execute(count.add.format(source=source))
    roll_up.note_days(cursor, source)
    cursor.execute(_ADD_SIGHTING.format(source=source))
    cursor.execute(_ADD_APPEARANCE.format(source=source))
    processes.note_newest(cursor, source)
    processes.summarise(cursor, source)
    if shrinks:
        _shrink(cursor)
    processes.tell_newest(cursor, source)
    cursor.execute("SELECT id FROM touched t WHERE EXISTS "
                   "(SELECT 1 FROM truscan_sighting s WHERE s.id = t.id)" if shrinks else
                   "SELECT id FROM touched")  # fmt: skip
    return [row[0] for row in cursor.fetchall()]


def _shrink(cursor: Any) -> None:
    """Times, levels and distinct numbers of count rows that lost contributions."""
    for count in (PRESENCE, USER_PRESENCE, COMPUTER_DAY, DAILY, SIGHTING):
        cursor.execute(count.drop_empty)
        if count.has_times:
            cursor.execute(count.look_up)
    cursor.execute(_RECOUNT_COMPUTERS)
    cursor.execute(_LOOK_UP_APPEARANCE)
    computers.fall_back(cursor)
    processes.recount(cursor)


def hear(cursor: Any, chunk: Chunk) -> None:
    """Computers that ignored lines name, and changed addresses."""
    if chunk.heard:
        computers.hear(cursor, chunk.heard)
    if chunk.addresses:
        computers.readdress(cursor, chunk.addresses)
