from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tests.make import make_group, make_site, make_user
from tests.permissions.world import SALES, line, read_in
from tests.tokens import Caller
from truscan.models.detection import Detection
from truscan.models.log_import import LogImport

if TYPE_CHECKING:
    from pytest_django.fixtures import DjangoCaptureOnCommitCallbacks

pytestmark = pytest.mark.django_db

LOG = line(SALES, "a", "erpclient.exe") + b"no log\r\n"


@pytest.fixture(autouse=True)
def inline(settings: Any) -> None:
    """Imports run when the request that handed them in is committed."""
    settings.HAS_BROKER = False


@pytest.fixture
def analyst() -> Caller:
    return Caller(make_user("analyst", "analyst", make_group(SALES)))


def hand_in(caller: Caller, path: str = "imports/", key: str = "", body: bytes = LOG) -> Any:
    file = SimpleUploadedFile("agt_proactive.log", body)
    headers = {"Idempotency-Key": key} if key else {}
    return caller.client.post(f"/api/v1/{path}", {"file": file}, headers=headers)


def test_a_multipart_file_is_read_and_its_receipt_adds_up(
    analyst: Caller, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        r = hand_in(analyst, "imports/?site=Berlin&timezone=Europe/Berlin")
    assert r.status_code == 201
    row = analyst.get(f"imports/{r.json()[0]['id']}/").json()
    assert (row["state"], row["site"], row["timezone"]) == ("done", "Berlin", "Europe/Berlin")
    counts = [row[name] for name in ("inserted", "updated", "duplicate", "ignored", "rejected")]
    assert (row["read"], sum(counts), row["inserted"]) == (2, 2, 1)


def test_a_raw_body_is_the_file(
    analyst: Caller, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        r = analyst.client.post(
            "/api/v1/imports/?name=night.log", LOG, content_type="application/octet-stream"
        )
    assert (r.status_code, r.json()[0]["name"]) == (201, "night.log")
    assert Detection.objects.count() == 1


def test_a_repeat_under_one_key_makes_no_second_receipt(analyst: Caller) -> None:
    first, again = hand_in(analyst, key="night-1"), hand_in(analyst, key="night-1")
    assert again.json() == first.json()
    assert LogImport.objects.count() == 1
    assert hand_in(analyst, key="night-1", body=LOG * 2).status_code == 422


@pytest.mark.parametrize(
    "query", ["timezone=Mars/Olympus", "encoding=klingon", "site=%00", f"site={'x' * 256}"]
)
def test_it_rejects_a_reading_that_does_not_exist(analyst: Caller, query: str) -> None:
    assert hand_in(analyst, f"imports/?{query}").status_code == 400
    assert not LogImport.objects.exists()


def test_it_rejects_a_request_without_a_file(analyst: Caller) -> None:
    assert analyst.post("imports/", {"file": "text"}).status_code == 400


def test_a_file_that_is_no_log_gets_a_receipt_that_says_why(analyst: Caller) -> None:
    r = hand_in(analyst, body=b"\x89PNG\r\n\x1a\n" + bytes(100))
    assert r.status_code == 201
    (row,) = r.json()
    assert row["state"] == "failed"
    assert row["error"]


def test_rejects_are_for_who_handed_the_file_in_and_the_whole_estate(analyst: Caller) -> None:
    receipt = read_in("TruScan.log", LOG, make_site())
    assert analyst.get(f"imports/{receipt.pk}/").status_code == 200
    assert analyst.get(f"imports/{receipt.pk}/rejects/").status_code == 404
    owner = Caller(make_user("owner", "viewer"))
    rows = owner.get(f"imports/{receipt.pk}/rejects/").json()["results"]
    assert [(row["line_no"], row["raw"]) for row in rows] == [(2, "no log")]


def test_withdrawing_subtracts_it_and_a_second_time_is_a_conflict(analyst: Caller) -> None:
    receipt = read_in("TruScan.log", LOG, make_site())
    r = analyst.post(f"imports/{receipt.pk}/withdraw/")
    assert (r.status_code, r.json()["state"]) == (200, "withdrawn")
    assert not Detection.objects.exists()
    assert analyst.post(f"imports/{receipt.pk}/withdraw/").status_code == 409


def test_rereading_makes_a_new_receipt(
    analyst: Caller, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    receipt = read_in("TruScan.log", LOG, make_site())
    with django_capture_on_commit_callbacks(execute=True):
        r = analyst.post(f"imports/{receipt.pk}/reread/", {"timezone": "Europe/Berlin"})
    assert (r.status_code, r.json()["rereads"]) == (201, receipt.pk)
    assert Detection.objects.get().event_at.hour == 7, "08:01 in Berlin, in UTC"
    assert analyst.post(f"imports/{receipt.pk}/reread/").status_code == 409


def test_who_decides_for_one_group_of_two_does_not_withdraw_it(analyst: Caller) -> None:
    both = LOG + line("My Company\\Engineering", "b", "other.exe")
    receipt = read_in("TruScan.log", both, make_site())
    assert analyst.post(f"imports/{receipt.pk}/withdraw/").status_code == 403


def test_detections_are_those_of_ones_groups_with_cursor_pages(analyst: Caller) -> None:
    lines = [line(SALES, digit, f"{digit}.exe") for digit in "abc"]
    theirs = line("My Company\\Engineering", "d", "secret.exe")
    read_in("TruScan.log", b"".join([*lines, theirs]), make_site())
    first = analyst.get("detections/?page_size=2").json()
    rest = analyst.client.get(first["next"]).json()
    rows = first["results"] + rest["results"]
    assert sorted(row["process"] for row in rows) == ["a.exe", "b.exe", "c.exe"]
    assert {row["group"] for row in rows} == {SALES}
