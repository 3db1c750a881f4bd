"""Monthly partitions of the detections, made before rows need them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import connection, transaction

if TYPE_CHECKING:
    from collections.abc import Iterable

LOCK = 0x7061_7274  # one number for one purpose: partitions are made one at a time

Month = tuple[int, int]


def month_of(text: str) -> Month:
    """`2026-03` -> (2026, 3)."""
    return int(text[:4]), int(text[5:7])


def _after(month: Month, n: int) -> Month:
    number = month[0] * 12 + month[1] - 1 + n
    return number // 12, number % 12 + 1


def partition_name(month: Month) -> str:
    """(2026, 3) -> `truscan_detection_y2026m03`."""
    return f"truscan_detection_y{month[0]:04d}m{month[1]:02d}"


def ensure_partitions(months: Iterable[Month]) -> list[str]:
    """Make the partitions that are missing and return their names.

    In a transaction of its own: making one locks the whole table for a moment, which must not
    wait for the rows of a running import. There is no default partition.
    """
    wanted = {partition_name(month): month for month in months}
    with connection.cursor() as cursor:
        missing = _missing(cursor, wanted)
        if not missing:
            return []
        with transaction.atomic():
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
            missing = _missing(cursor, wanted)
            for name in missing:
                cursor.execute(_create(name, wanted[name]))
    return missing


def _missing(cursor: object, wanted: dict[str, Month]) -> list[str]:
    cursor.execute(  # type: ignore[attr-defined]
        "SELECT name FROM unnest(%s::text[]) AS name WHERE to_regclass(name) IS NULL ORDER BY name",
        [list(wanted)],
    )
    return [name for (name,) in cursor.fetchall()]  # type: ignore[attr-defined]


def _create(name: str, month: Month) -> str:
    begin, end = (f"{y:04d}-{m:02d}-01 00:00:00+00" for y, m in (month, _after(month, 1)))
    return (
        f"CREATE TABLE {name} PARTITION OF truscan_detection "
        f"FOR VALUES FROM ('{begin}') TO ('{end}')"
    )
