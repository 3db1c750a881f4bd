"""Builds the big fleet in the database of DATABASE_URL, which is migrated and empty.

`python -m bench.fleet_build ROWS`, started by `bench.big_fleet`.
"""

from __future__ import annotations

import os
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from bench.big_fleet import DAYS, NOW, VERSION

if TYPE_CHECKING:
    from collections.abc import Iterator


def build(rows: int) -> None:
    """Estate, detections, counts, acts, and the proof; the line that says "whole" comes last."""
    from django.db import connection

    from bench import fleet_acts, fleet_check, fleet_rows
    from truscan.ingest.partitions import ensure_partitions

    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = off; SET jit = off")
        with _told("estate"):
            fleet_rows.make_estate(cursor, rows, NOW, DAYS)
        ensure_partitions(fleet_rows.months(NOW, DAYS))
        with _told("detections"):
            fleet_rows.make_detections(cursor, rows, NOW, DAYS)
        with _told("counts"):
            fleet_rows.count(cursor)
        cursor.execute("VACUUM ANALYZE")
        with _told("policies, decisions and ramps"):
            fleet_acts.act(NOW, DAYS)
        cursor.execute("VACUUM ANALYZE")
        with _told("proof"):
            fleet_check.check(cursor)
        cursor.execute("CREATE TABLE bench.fleet AS SELECT %s AS version, %s AS rows",
                       [VERSION, rows])  # fmt: skip


@contextmanager
def _told(what: str) -> Iterator[None]:
    started = time.monotonic()
    yield
    print(f"{what}: {time.monotonic() - started:.0f} s", flush=True)


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django

    django.setup()
    build(int(sys.argv[1]))
