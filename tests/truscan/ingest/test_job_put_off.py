"""Trouble of the machine: told on the receipt, tried again after a pause, given up in the end."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Never

import pytest
from django.db import OperationalError
from django.urls import reverse
from django.utils import timezone

from tests.make import SYSTEM, make_site, make_user
from tests.truscan.ingest.lines import console_csv
from tests.truscan.ingest.test_job import record
from truscan.ingest import job, lease
from truscan.ingest.fold import fold
from truscan.ingest.job import accept_file, run_import
from truscan.models.detection import Detection
from truscan.models.log_import import LogImport

if TYPE_CHECKING:
    from django.test import Client

pytestmark = pytest.mark.django_db


@pytest.fixture
def accepted() -> LogImport:
    data = console_csv([record(n) for n in range(1, 9)])
    stream = io.BytesIO(data)
    (row,) = accept_file(actor=SYSTEM, name="a.csv", stream=stream, site=make_site(), queue=False)
    return row


def break_after(monkeypatch: pytest.MonkeyPatch, chunks: int) -> None:
    """The disk is full from the chunk after so many on."""
    left = iter(range(chunks))

    def full(*args: Any) -> Any:
        if next(left, None) is None:
            raise OperationalError("could not extend file: No space left on device\nHINT: free it")
        return fold(*args)

    monkeypatch.setattr(job, "fold", full)


def test_it_says_what_stopped_it_and_goes_on_later(
    accepted: LogImport, monkeypatch: pytest.MonkeyPatch, client: Client
) -> None:
    with monkeypatch.context() as patch:
        break_after(patch, 1)
        with pytest.raises(OperationalError):
            run_import(accepted.pk, now=timezone.now(), chunk_rows=3)
    accepted.refresh_from_db()
    assert (accepted.state, accepted.tries, accepted.inserted) == ("running", 1, 3)
    assert "No space left on device" in accepted.error
    assert "HINT" not in accepted.error
    client.force_login(make_user("owner", "administrator"))
    page = client.get(reverse("import-detail", args=[accepted.pk])).content.decode()
    assert "No space left on device" in page
    assert "it goes on by itself" in page

    assert run_import(accepted.pk, now=timezone.now()) is None  # not before the pause is over
    done = run_import(accepted.pk, now=timezone.now() + timedelta(minutes=2))
    assert done is not None
    assert (done.state, done.read, done.inserted, done.error) == (
        "done",
        9,
        8,
        "",
    )  # with the header
    assert done.tries == 0


def test_progress_begins_the_count_anew(
    accepted: LogImport, monkeypatch: pytest.MonkeyPatch
) -> None:
    for chunks, tries in ((0, 1), (0, 2), (1, 1)):
        with monkeypatch.context() as patch:
            break_after(patch, chunks)
            with pytest.raises(OperationalError):
                run_import(accepted.pk, now=timezone.now() + timedelta(days=1), chunk_rows=3)
        accepted.refresh_from_db()
        assert accepted.tries == tries


def test_it_is_given_up_and_nothing_half_imported_stays(
    accepted: LogImport, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        break_after(patch, 1)
        for _ in range(lease.TRIES):
            with pytest.raises(OperationalError):
                run_import(accepted.pk, now=timezone.now() + timedelta(days=1), chunk_rows=3)
    accepted.refresh_from_db()
    assert (accepted.state, accepted.read, Detection.objects.count()) == ("failed", 0, 0)
    assert f"stopped {lease.TRIES} times" in accepted.error
    assert accepted.file_id  # kept, to be read again


def test_the_owner_of_a_lost_lease_tells_nothing(
    accepted: LogImport, monkeypatch: pytest.MonkeyPatch
) -> None:
    def taken_over(*args: object) -> Never:
        LogImport.objects.filter(pk=accepted.pk).update(lease_owner=None, error="theirs")
        raise OperationalError("gone")

    monkeypatch.setattr(job, "_read", taken_over)
    with pytest.raises(OperationalError):
        run_import(accepted.pk, now=timezone.now())
    accepted.refresh_from_db()
    assert (accepted.error, accepted.tries) == ("theirs", 0)


def test_pauses_grow_to_an_hour() -> None:
    minutes = [lease.pause(tries) / timedelta(minutes=1) for tries in (1, 2, 3, 7, 13)]
    assert minutes == [1, 2, 4, 60, 60]
