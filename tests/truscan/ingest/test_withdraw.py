from __future__ import annotations

from datetime import timedelta

import pytest

from tests.make import NOW, SYSTEM
from tests.truscan.ingest.lines import TIMES, bring_in, console_csv, take
from tests.truscan.ingest.test_job import record
from truscan.ingest.errors import AlreadyWithdrawn, NotFinished
from truscan.ingest.job import run_import
from truscan.ingest.withdraw import reread, withdraw
from truscan.models.audit import AuditEvent
from truscan.models.counts import Sighting
from truscan.models.detection import Detection
from truscan.models.log_import import LogImport

pytestmark = pytest.mark.django_db


def test_it_works() -> None:
    row = bring_in(console_csv([record(1), record(2)]))
    withdraw(actor=SYSTEM, log_import=row, now=NOW)
    row.refresh_from_db()
    assert (row.state, row.withdrawn_at) == (LogImport.State.WITHDRAWN, NOW)
    assert not Detection.objects.exists()
    assert AuditEvent.objects.filter(code="import.withdrawn").count() == 1


def test_what_another_import_tells_stays() -> None:
    first = bring_in(console_csv([record(1, occurrences=3)]))
    second = bring_in(console_csv([record(1, occurrences=8, group="My Company\\B")]), "b.csv")
    withdraw(actor=SYSTEM, log_import=second, now=NOW)
    found = Detection.objects.get()
    assert (found.log_import_id, found.occurrences, found.group.path) == (
        first.pk, 3, "My Company\\A",
    )  # fmt: skip
    assert Sighting.objects.get().group.path == "My Company\\A"


def test_it_rejects_a_second_time_and_one_that_is_not_done() -> None:
    row = bring_in(console_csv([record()]))
    withdraw(actor=SYSTEM, log_import=row, now=NOW)
    with pytest.raises(AlreadyWithdrawn):
        withdraw(actor=SYSTEM, log_import=row, now=NOW)
    with pytest.raises(NotFinished):
        withdraw(actor=SYSTEM, log_import=take(console_csv([record(2)])), now=NOW)


def test_a_file_is_read_again_in_another_zone() -> None:
    old = bring_in(console_csv([record(event_at=TIMES[2])]))
    new = reread(actor=SYSTEM, log_import=old, timezone="Europe/Berlin", now=NOW, queue=False)
    run_import(new.pk, now=NOW)
    new.refresh_from_db()
    assert (new.rereads_id, new.inserted, new.file_id) == (old.pk, 1, old.file_id)
    assert Detection.objects.get().event_at == TIMES[2] - timedelta(hours=1)
    assert AuditEvent.objects.filter(code__startswith="import.").count() == 2
