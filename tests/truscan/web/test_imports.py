from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from tests.make import make_group, make_site, make_user
from tests.permissions.world import SALES, line, read_in
from truscan.models.detection import Detection
from truscan.models.estate import Site
from truscan.models.log_import import LogImport

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.test import Client
    from pytest_django.fixtures import DjangoCaptureOnCommitCallbacks

pytestmark = pytest.mark.django_db

LOG = line(SALES, "a", "erpclient.exe") + b"=no\x07log\r\n"
TABLE = b"When,What\r\n2026-03-01 08:01:33,tool.exe\r\n"


@pytest.fixture(autouse=True)
def inline(settings: Any) -> None:
    """Imports run when the request that handed them in is committed."""
    settings.HAS_BROKER = False


@pytest.fixture
def analyst(client: Client) -> User:
    user = make_user("analyst", "analyst", make_group(SALES))
    client.force_login(user)
    return user


def upload(client: Client, *files: tuple[str, bytes], **fields: str) -> Any:
    sent = [SimpleUploadedFile(name, body) for name, body in files]
    return client.post(reverse("import-upload"), {"files": sent, **fields}, follow=True)


def test_an_empty_list_says_what_to_do_first(client: Client, analyst: User) -> None:
    page = client.get("/imports/").content.decode()
    assert "No log was imported yet" in page
    assert 'type="file"' in page


def test_a_viewer_reads_receipts_and_hands_nothing_in(client: Client) -> None:
    client.force_login(make_user("viewer", "viewer"))
    read_in("TruScan.log", LOG, make_site())
    page = client.get("/imports/").content.decode()
    assert "TruScan.log" in page
    assert 'type="file"' not in page
    assert upload(client, ("a.log", LOG)).status_code == 404


def test_one_file_leads_to_its_receipt(
    client: Client,
    analyst: User,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        r = upload(client, ("agt_proactive.log", LOG), site="Berlin", timezone="Europe/Berlin")
    receipt = LogImport.objects.get()
    assert r.redirect_chain[-1][0] == reverse("import-detail", args=[receipt.pk])
    assert (receipt.read, receipt.inserted, receipt.site.name) == (2, 1, "Berlin")
    page = client.get(r.redirect_chain[-1][0]).content.decode()
    assert "Europe/Berlin" in page
    assert "hx-get" not in page, "a finished receipt does not ask again"


def test_several_files_at_once_and_a_bad_one_keeps_none_out(client: Client, analyst: User) -> None:
    files = [("a.log", LOG), ("b.png", b"\x89PNG\r\n\x1a\n" + bytes(99)), ("c.log", LOG)]
    upload(client, *files)
    states = dict(LogImport.objects.values_list("name", "state"))
    assert states == {"a.log": "queued", "b.png": "failed", "c.log": "queued"}


def test_it_rejects_a_zone_that_does_not_exist_and_stores_nothing(
    client: Client, analyst: User
) -> None:
    r = upload(client, ("a.log", LOG), timezone="Mars/Olympus")
    assert "no time zone named" in r.content.decode()
    assert not LogImport.objects.exists()


def test_it_rejects_a_post_without_a_file(client: Client, analyst: User) -> None:
    assert "Choose at least one log file." in upload(client).content.decode()


def test_rejected_lines_come_as_safe_csv_and_as_raw_bytes(client: Client, analyst: User) -> None:
    upload(client, ("a.log", LOG))
    client.force_login(make_user("owner", "viewer"))
    receipt = read_in("b.log", LOG, make_site())
    table = b"".join(client.get(reverse("import-rejects", args=[receipt.pk])))
    assert b"\r\n2," in table
    assert b"'=no\\x07log" in table
    raw = b"".join(client.get(reverse("import-rejects-raw", args=[receipt.pk])))
    assert raw.startswith(b"=no\x07log")


def test_lines_that_were_rejected_are_not_shown_to_neighbours(
    client: Client, analyst: User
) -> None:
    receipt = read_in("a.log", LOG, make_site())
    page = client.get(reverse("import-detail", args=[receipt.pk])).content.decode()
    assert "Rejected lines" not in page


def test_a_receipt_in_work_asks_again_and_stops_when_it_is_done(
    client: Client, analyst: User
) -> None:
    upload(client, ("a.log", LOG))
    receipt = LogImport.objects.get()
    address = reverse("import-detail", args=[receipt.pk])
    assert "every 2s" in client.get(address).content.decode()
    assert client.get(address, headers={"HX-Request": "true"}).status_code == 200
    LogImport.objects.update(state="done")
    assert client.get(address, headers={"HX-Request": "true"}).status_code == 286


def test_an_import_is_withdrawn_once(client: Client, analyst: User) -> None:
    receipt = read_in("a.log", LOG, make_site())
    address = reverse("import-withdraw", args=[receipt.pk])
    assert "Withdrawn: its counts" in client.post(address, follow=True).content.decode()
    assert not Detection.objects.exists()
    assert "withdrawn already" in client.post(address, follow=True).content.decode()


def test_it_is_read_again_with_another_zone(
    client: Client,
    analyst: User,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    receipt = read_in("a.log", LOG, make_site())
    with django_capture_on_commit_callbacks(execute=True):
        address = reverse("import-reread", args=[receipt.pk])
        client.post(address, {"timezone": "Europe/Berlin"})
    assert Detection.objects.get().event_at.hour == 7
    assert LogImport.objects.get(rereads=receipt).inserted == 1


def test_a_header_that_is_not_known_is_asked_for_and_the_answer_goes_on(
    client: Client,
    analyst: User,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        upload(client, ("table.csv", TABLE))
    receipt = LogImport.objects.get()
    assert receipt.state == "question"
    page = client.get(reverse("import-detail", args=[receipt.pk])).content.decode()
    assert "This file needs an answer." in page
    assert "tool.exe" in page
    with django_capture_on_commit_callbacks(execute=True):
        answers = {"column-0": "event_at", "column-1": "application_name"}
        client.post(reverse("import-answer", args=[receipt.pk]), answers)
    receipt.refresh_from_db()
    assert receipt.state == "done"
    assert Site.objects.get().mappings.exists()


def test_an_answer_to_no_question_says_so(client: Client, analyst: User) -> None:
    receipt = read_in("a.log", LOG, make_site())
    r = client.post(reverse("import-answer", args=[receipt.pk]), follow=True)
    assert "waits for no answer" in r.content.decode()


def test_older_receipts_are_on_the_next_page(client: Client, analyst: User) -> None:
    owner = make_user("owner", "viewer")
    client.force_login(owner)
    first = read_in("a.log", LOG, make_site())
    file = first.file
    LogImport.objects.bulk_create(
        LogImport(site=first.site, file=file, name=f"{n}.log", sha256=first.sha256, state="done")
        for n in range(51)
    )
    page = client.get("/imports/").content.decode()
    assert "Older receipts" in page
    assert client.get("/imports/", {"before": "x"}).status_code == 200
    older = client.get("/imports/", {"before": str(first.pk + 1)}).content.decode()
    assert reverse("import-detail", args=[first.pk]) in older
