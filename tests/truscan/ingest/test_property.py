"""Random imports with overlaps, withdrawn in any order: every table equals the slow model's."""

from __future__ import annotations

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.cases import cases
from tests.make import NOW, SYSTEM
from tests.truscan.ingest.lines import bring_in, console_csv, numbered, records
from tests.truscan.ingest.model import stored, tell
from truscan.ingest.withdraw import withdraw
from truscan.logs.record import LogRecord
from truscan.models.counts import ProcessSummary, Sighting
from truscan.models.detection import Detection
from truscan.models.log_import import LogImport

files = st.lists(records, min_size=1, max_size=9)
# A file to import, or which of the imports so far is withdrawn.
acts = st.lists(st.one_of(files, files, st.integers(0, 9)), min_size=1, max_size=7)


@pytest.mark.django_db
@given(acts=acts, chunk_rows=st.integers(1, 5))
@settings(
    max_examples=cases(60),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_every_table_equals_the_model(acts: list[list[LogRecord] | int], chunk_rows: int) -> None:
    with transaction.atomic():
        held: dict[int, list[LogRecord]] = {}
        for n, act in enumerate(acts):
            if isinstance(act, int):
                _withdraw(held, act)
            else:
                site = ("Site A", "Site B")[n % 2]
                row = bring_in(console_csv(act), f"{n}.csv", site, chunk_rows)
                assert row.state == LogImport.State.DONE, row.error
                assert row.read == len(act) + 1
                assert row.inserted + row.updated + row.duplicate == len(act)
                held[row.pk] = numbered(act)
            assert stored() == tell(held)
        transaction.set_rollback(True)


def _withdraw(held: dict[int, list[LogRecord]], which: int) -> None:
    if held:
        import_id = sorted(held)[which % len(held)]
        withdraw(actor=SYSTEM, log_import=LogImport.objects.get(pk=import_id), now=NOW)
        del held[import_id]


@pytest.mark.django_db
@given(first=files, second=files)
@settings(
    max_examples=cases(10),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_withdrawing_everything_leaves_nothing(
    first: list[LogRecord], second: list[LogRecord]
) -> None:
    with transaction.atomic():
        rows = [bring_in(console_csv(f), f"{n}.csv") for n, f in enumerate((first, second))]
        for row in rows:
            withdraw(actor=SYSTEM, log_import=row, now=NOW)
        counted = (Detection.objects, Sighting.objects, ProcessSummary.objects)
        assert [table.count() for table in counted] == [0, 0, 0]
        transaction.set_rollback(True)
