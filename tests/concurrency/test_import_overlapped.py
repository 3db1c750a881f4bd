"""A large file is read ahead while chunks are stored, in sessions of their own."""

from __future__ import annotations

import gzip
from collections.abc import Iterator

import pytest
from django.db import connection

from tests.make import NOW
from tests.truscan.ingest.lines import TIMES, console_csv, numbered, take
from tests.truscan.ingest.model import stored, tell
from tests.truscan.ingest.test_job import record
from truscan.ingest.job import run_import
from truscan.logs.record import LogRecord
from truscan.models.detection import Detection
from truscan.models.log_import import LogImport

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _no_rows_left() -> Iterator[None]:
    """Partitioned tables are not Django's to empty."""
    yield
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE truscan_detection, truscan_detectionclaim")


def many(count: int) -> list[LogRecord]:
    return [
        record(
            n % 700,
            event_at=TIMES[n % 4],
            user=f"user{n % 13}",
            occurrences=n % 3 + 1,
            description=f"line {n % 5000} " + "x" * 200,
        )
        for n in range(count)
    ]


def test_every_table_equals_the_model() -> None:
    rows = many(6_000)
    data = console_csv(rows)
    assert len(data) > 2 << 20  # small files are read in turn
    row = take(data)
    seen: list[int] = []
    run_import(row.pk, now=NOW, chunk_rows=1_000, progress=lambda r: seen.append(r.read))
    row.refresh_from_db()
    assert (row.state, row.read) == (LogImport.State.DONE, 6_001)
    assert row.inserted + row.updated + row.duplicate == 6_000
    assert seen == sorted(seen)
    assert len(seen) > 4
    assert stored() == tell({row.pk: numbered(rows)})


def test_an_archive_that_breaks_late_leaves_nothing() -> None:
    packed = gzip.compress(console_csv(many(20_000)), compresslevel=0)
    row = take(packed[:-5_000], "a.csv.gz")
    run_import(row.pk, now=NOW, chunk_rows=2_000)
    row.refresh_from_db()
    assert (row.state, row.read) == (LogImport.State.FAILED, 0)
    assert "too early" in row.error
    assert not Detection.objects.exists()
