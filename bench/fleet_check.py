"""Proves on a sample that every count table of the big fleet equals its rows.

By statements of its own, not by those that counted: kept and counted must not differ by a row.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

# The most and the least detected, and some between; every 20th computer or so.
_SAMPLE = """
CREATE TEMP TABLE sample_process AS SELECT process_id FROM bench.program WHERE rank IN (20, 60, 200)
    OR rank %% greatest(1, (SELECT count(*) FROM bench.program) / 40) = 3;
CREATE TEMP TABLE sample_computer AS SELECT id FROM truscan_computer
    WHERE id %% greatest(1, (SELECT count(*) FROM truscan_computer) / 20) = 3;
CREATE TEMP TABLE sample AS SELECT d.*, o.action_id, (d.event_at AT TIME ZONE 'UTC')::date AS day
    FROM truscan_detection d JOIN truscan_outcome o ON o.id = d.outcome_id
    WHERE d.process_id IN (SELECT process_id FROM sample_process);
CREATE TEMP TABLE heard AS SELECT d.*, (d.event_at AT TIME ZONE 'UTC')::date AS day
    FROM truscan_detection d WHERE d.computer_id IN (SELECT id FROM sample_computer);
"""
_TYPES = ", ".join(
    f"coalesce(sum(occurrences) FILTER (WHERE {which}), 0)"
    for which in ("candidate", *(f"event_type = {code}" for code in (1, 2, 3, 4, 5, 0)))
)
_KEPT_TYPES = (
    "candidate_occurrences, potential_occurrences, security_occurrences, commercial_occurrences,"
    " forced_occurrences, allowed_occurrences, other_occurrences"
)
_SUMS, _KEPT_SUMS = "count(*), sum(occurrences)", "rows, occurrences"
_TIMES, _KEPT_TIMES = "min(event_at), max(event_at)", "first_at, last_at"
_ALL = f"{_SUMS}, {_TYPES}, {_TIMES}, min(sensitivity), max(sensitivity)"
_KEPT_ALL = f"{_KEPT_SUMS}, {_KEPT_TYPES}, {_KEPT_TIMES}, level_min, level_max"
_PROCESSES = "process_id IN (SELECT process_id FROM sample_process)"
_COMPUTERS = "{} IN (SELECT id FROM sample_computer)"


@dataclass(frozen=True, slots=True)
class Kept:
    """A count table's key and columns, and the same by counting `rows`."""

    key: str
    columns: str
    counted: str
    where: str = _PROCESSES
    rows: str = "sample"
    own_key: str = ""

    def kept(self, table: str) -> str:
        return f"SELECT {self.own_key or self.key}, {self.columns} FROM {table} WHERE {self.where}"  # noqa: S608

    @property
    def by_counting(self) -> str:
        return f"SELECT {self.key}, {self.counted} FROM {self.rows} GROUP BY {self.key}"  # noqa: S608


_PLACES = f"{_KEPT_SUMS}, {_KEPT_TIMES}", f"{_SUMS}, {_TIMES}"
TABLES = {
    "truscan_sighting": Kept(
        "process_id, group_id", f"{_KEPT_ALL}, computers", f"{_ALL}, count(DISTINCT computer_id)"
    ),
    "truscan_processsummary": Kept(
        "process_id",
        f"{_KEPT_ALL}, groups, computers",
        f"{_ALL}, count(DISTINCT group_id), count(DISTINCT computer_id)",
    ),
    "truscan_presence": Kept("process_id, computer_id, group_id", *_PLACES),
    "truscan_userpresence": Kept("process_id, account_id, group_id", *_PLACES),
    "truscan_dailycount": Kept(
        "day, group_id, process_id, event_type, action_id, location_id, sensitivity",
        _KEPT_SUMS,
        _SUMS,
    ),
    "truscan_appearance": Kept(
        "appearance_id", *_PLACES, _PROCESSES + " AND rows > 0", own_key="id"
    ),
    "truscan_computerday": Kept(
        "day, group_id, computer_id, account_id",
        _KEPT_SUMS,
        _SUMS,
        _COMPUTERS.format("computer_id"),
        "heard",
    ),
}
_LAST_HEARD = Kept(
    "computer_id",
    "last_heard_at",
    "max(event_at)",
    _COMPUTERS.format("id") + " AND last_heard_at IS NOT NULL",
    "heard",
    "id",
)


class Differs(Exception):
    """A count table does not say what its rows say."""


def check(cursor: Any) -> dict[str, int]:
    """How many count rows of the sample were compared, by table; raises Differs."""
    cursor.execute("DROP TABLE IF EXISTS sample_process, sample_computer, sample, heard")
    cursor.execute(_SAMPLE, {})
    compared = {}
    for table, how in {**TABLES, "truscan_computer": _LAST_HEARD}.items():
        kept, counted = how.kept(table), how.by_counting
        cursor.execute(
            f"SELECT count(*) FROM (({kept} EXCEPT ALL {counted})"  # noqa: S608
            f" UNION ALL ({counted} EXCEPT ALL {kept})) AS differing"
        )
        if differing := cursor.fetchone()[0]:
            raise Differs(f"{table}: {differing} rows differ")
        cursor.execute(f"SELECT count(*) FROM ({kept}) AS kept")  # noqa: S608
        compared[table] = cursor.fetchone()[0]
        print(f"  {table}: {compared[table]:,} rows equal", flush=True)
    _check_totals(cursor)
    return compared


def _check_totals(cursor: Any) -> None:
    cursor.execute("SELECT count(*), sum(occurrences) FROM truscan_detection")
    wanted = cursor.fetchone()
    for table in TABLES:
        cursor.execute(f"SELECT sum(rows), sum(occurrences) FROM {table}")  # noqa: S608
        if cursor.fetchone() != wanted:
            raise Differs(f"{table}: the sums of rows or occurrences are not those of detections")
