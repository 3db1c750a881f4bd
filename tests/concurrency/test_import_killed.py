"""kill -9 of a worker in the middle of an import: the next tick goes on, exactly once."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from tests.database import database_url
from tests.truscan.ingest.lines import console_csv, numbered, take
from tests.truscan.ingest.model import stored, tell
from tests.truscan.ingest.test_job import record
from truscan.ingest.job import resume_due
from truscan.models.log_import import LogImport

pytestmark = pytest.mark.django_db(transaction=True)
ROWS = 700
WORKER = """
import sys
import django
django.setup()
from django.conf import settings
from django.utils import timezone
settings.MEDIA_ROOT = {media!r}
from truscan import coverage
from truscan.ingest.job import run_import

def wait(word):
    sys.stdout.write(word + chr(10))
    sys.stdout.flush()
    sys.stdin.readline()

class Stuck:
    chunks = 0
    def after_fold(self, sighting_ids, now):
        self.chunks += 1
        if self.chunks == 3 and {inside!r}:
            wait("in the transaction")

def progress(row):
    if row.read > 400 and not {inside!r}:
        wait("between two chunks")

coverage.register(Stuck())
run_import({pk}, now=timezone.now(), progress=progress, chunk_rows=200)
"""


@pytest.fixture(autouse=True)
def _no_rows_left() -> Iterator[None]:
    """Partitioned tables are not Django's to empty."""
    yield
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE truscan_detection, truscan_detectionclaim")


@pytest.mark.parametrize("inside", [True, False])
def test_a_killed_worker_loses_and_doubles_nothing(inside: bool, settings: Any) -> None:
    rows = [record(n % 90, occurrences=n % 5 + 1, sensitivity=str(n % 7)) for n in range(ROWS)]
    row = take(console_csv(rows))
    script = WORKER.format(media=str(settings.MEDIA_ROOT), inside=inside, pk=row.pk)
    environment = {
        **os.environ,
        "DATABASE_URL": database_url(),
        "DJANGO_SETTINGS_MODULE": "config.settings",
    }
    with subprocess.Popen(
        [sys.executable, "-c", script],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment,
    ) as worker:
        assert worker.stdout is not None
        assert worker.stdout.readline()
        worker.kill()
    row.refresh_from_db()
    assert row.state == LogImport.State.RUNNING
    assert 0 < row.read < ROWS
    assert row.read == row.inserted + row.updated + row.duplicate + row.ignored
    settings.HAS_BROKER = False
    assert resume_due(timezone.now()) == 0
    assert resume_due(timezone.now() + timedelta(seconds=61)) == 1
    row.refresh_from_db()
    assert (row.state, row.read) == (LogImport.State.DONE, ROWS + 1)
    assert row.read == row.inserted + row.updated + row.duplicate + row.ignored
    assert stored() == tell({row.pk: numbered(rows)})
