"""Two worker processes read overlapping files at once: no deadlock, and the totals are true."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest
from django.conf import settings as django_settings
from django.db import connection

from tests.database import database_url
from tests.truscan.ingest.lines import TIMES, console_csv, numbered, take
from tests.truscan.ingest.model import stored, tell
from tests.truscan.ingest.test_job import record
from truscan.logs.record import LogRecord

pytestmark = pytest.mark.django_db(transaction=True)
WORKER = """
import sys
import django
django.setup()
from django.conf import settings
from django.utils import timezone
settings.MEDIA_ROOT = {media!r}
from truscan.ingest.job import run_import
sys.stdout.write("ready" + chr(10))
sys.stdout.flush()
sys.stdin.readline()
row = run_import({pk}, now=timezone.now(), chunk_rows=150)
assert row is not None and row.state == "done", row and row.error
"""


@pytest.fixture(autouse=True)
def _no_rows_left() -> Iterator[None]:
    """Partitioned tables are not Django's to empty."""
    yield
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE truscan_detection, truscan_detectionclaim")


def rows_of(start: int, stop: int, step: int, **more: object) -> list[LogRecord]:
    return [
        record(
            n % 40,
            occurrences=n % 7 + 1,
            user=f"user{n % 11}",
            event_at=TIMES[n % 4],
            **more,
        )
        for n in range(start, stop, step)
    ]


def test_two_workers_with_overlapping_files() -> None:
    # Against the order of the other file, and with another group: claims change hands.
    files = [
        rows_of(0, 1500, 1),
        rows_of(1499, -1, -1, group="My Company\\B"),
        rows_of(700, 1500, 1, sensitivity="40"),
    ]
    imports = [take(console_csv(rows), f"{n}.csv") for n, rows in enumerate(files)]
    environment = {
        **os.environ,
        "DATABASE_URL": database_url(),
        "DJANGO_SETTINGS_MODULE": "config.settings",
    }
    workers = [
        subprocess.Popen(
            [
                sys.executable,
                "-c",
                WORKER.format(media=str(django_settings.MEDIA_ROOT), pk=row.pk),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
        )
        for row in imports
    ]
    for worker in workers:
        assert worker.stdout is not None
        assert worker.stdout.readline() == b"ready\n"
    for worker in workers:
        worker.communicate(b"go\n", timeout=120)
    assert [worker.returncode for worker in workers] == [0, 0, 0]
    for row, rows in zip(imports, files, strict=True):
        row.refresh_from_db()
        assert row.read == row.inserted + row.updated + row.duplicate + row.ignored
        assert row.read == len(rows) + 1
    assert stored() == tell(
        {row.pk: numbered(rows) for row, rows in zip(imports, files, strict=True)}
    )
