from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from django.core.cache import cache
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection

from tests.make import make_computer, make_domain, make_group, make_process, make_site, make_user
from truscan.models.detection import Action, Detection, Outcome
from truscan.models.estate import Account
from truscan.models.log_import import LogFile, LogImport
from truscan.models.process import Appearance, FileFacts
from truscan.web.detections import read_cursor

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.test import Client

    from truscan.models.estate import Group

pytestmark = pytest.mark.django_db

AT = datetime.fromisoformat("2026-03-02T09:00:00+00:00")


@pytest.fixture(autouse=True)
def _month() -> None:
    cache.clear()
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE IF NOT EXISTS test_march PARTITION OF truscan_detection"
            " FOR VALUES FROM ('2026-03-01') TO ('2026-04-01')"
        )


@pytest.fixture
def sales() -> Group:
    return make_group("My Company\\Sales")


@pytest.fixture
def owner(client: Client) -> User:
    user = make_user("owner", "administrator")
    client.force_login(user)
    return user


def make_log(lines: bytes = b"first\nsecond\n") -> LogImport:
    name = default_storage.save("log.log", ContentFile(lines))
    file = LogFile.objects.create(name="TruScan.log", stored_as=name, sha256="0" * 64, size=1)
    return LogImport.objects.create(
        site=make_site(),
        file=file,
        name="TruScan.log",
        sha256="0" * 64,
        actor_name="owner",
        means="web",
    )


def make_detection(log: LogImport, group: Group, name: str = "erp.exe", **fields: Any) -> Detection:
    process = make_process(name, hash=uuid4().hex * 2)
    action = Action.objects.get_or_create(name_key="log", defaults={"name": "Log"})[0]
    domain = make_domain()
    account = Account.objects.get_or_create(domain=domain, name="jdoe", name_key="jdoe")[0]
    outcome = Outcome.objects.create(
        identity=uuid4(), event_type=1, candidate=True, action=action, event="Potential risk found"
    )
    appearance = Appearance.objects.create(
        identity=uuid4(), process=process, name=name, generic_path=process.generic_path
    )
    values: dict[str, Any] = {
        "event_at": AT,
        "key": uuid4().int >> 66,
        "line_no": 1,
        "event_type": 1,
        "candidate": True,
        "own_occurrences": 1,
        "occurrences": 1,
        "computer": fields.pop("computer", None) or make_computer(f"PC-{uuid4().hex[:6]}", group),
    }
    return Detection.objects.create(
        log_import=log,
        process=process,
        appearance=appearance,
        facts=FileFacts.objects.create(
            identity=uuid4(), process=process, application_type="Trojan Worm"
        ),
        outcome=outcome,
        group=group,
        account=account,
        **{**values, **fields},
    )


def test_it_works(client: Client, owner: User, sales: Group) -> None:
    make_detection(make_log(), sales)
    page = client.get("/detections/").text
    assert "erp.exe" in page
    assert "Potential risk" in page
    assert "My Company\\Sales" in page


def test_rows_are_those_of_ones_own_groups(client: Client, sales: Group) -> None:
    log = make_log()
    make_detection(log, sales)
    make_detection(log, make_group("My Company\\Lab"), "lab.exe")
    client.force_login(make_user("member", "viewer", sales))
    page = client.get("/detections/").text
    assert "erp.exe" in page
    assert "lab.exe" not in page
    client.force_login(make_user("outsider"))
    assert "No detection of your groups" in client.get("/detections/").text


@pytest.mark.parametrize(
    ("query", "finds"),
    [
        ({"event_type": "1"}, True),
        ({"event_type": "2"}, False),
        ({"group": "my company"}, True),
        ({"group": "My Company\\Lab"}, False),
        ({"computer": "pc-one"}, True),
        ({"computer": "pc-two"}, False),
        ({"user": "JDOE"}, True),
        ({"user": "other"}, False),
        ({"action": "log"}, True),
        ({"action": "Quarantine"}, False),
        ({"application_type": "trojan worm"}, True),
        ({"application_type": "Keylogger"}, False),
        ({"site": "site a"}, True),
        ({"site": "North"}, False),
        ({"seen_from": "2026-03-02T08:00"}, True),
        ({"seen_from": "2026-03-02T10:00"}, False),
        ({"seen_to": "2026-03-02T10:00"}, True),
        ({"seen_to": "2026-03-02T09:00"}, False),
        ({"since": "change"}, False),
        ({"since": "1"}, False),
        ({"q": "nothing"}, False),
        ({"log_import": "999"}, False),
        ({"event_type": "abc"}, False),
        ({"process": "abc"}, False),
        ({"q": "x" * 10_000}, False),
        ({"computer": "a\x00b"}, False),
    ],
)
def test_filters(
    client: Client, owner: User, sales: Group, query: dict[str, str], finds: bool
) -> None:
    make_detection(make_log(), sales, computer=make_computer("PC-One", sales))
    r = client.get("/detections/", query)
    assert r.status_code == 200
    assert ("erp.exe</a>" in r.text) is finds


def test_pages_hold_every_row_once(client: Client, owner: User, sales: Group) -> None:
    """Several rows share a second."""
    log, computer = make_log(), make_computer("PC-One", sales)
    for n in range(120):
        at = AT + timedelta(seconds=n // 7)
        make_detection(log, sales, f"tool{n:03}.exe", event_at=at, computer=computer)
    seen: list[str] = []
    address = "/detections/"
    while address:
        r = client.get(address)
        seen += [row.process.name for row in r.context["rows"]]
        older = r.context.get("older")
        address = f"/detections/?{older}" if older else ""
    assert len(seen) == len(set(seen)) == 120


@pytest.mark.parametrize("text", ["x", "é", "MS4y.", "OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5OS4x"])
def test_a_broken_cursor_is_the_first_page(
    client: Client, owner: User, sales: Group, text: str
) -> None:
    make_detection(make_log(), sales)
    assert read_cursor(text) is None or text
    assert client.get("/detections/", {"after": text}).status_code == 200


def test_raw_line_is_the_line_of_the_file(client: Client, owner: User, sales: Group) -> None:
    log = make_log(b"first\nsec\x07ond <b>" + b" of a log" * 99 + b"\n")
    make_detection(log, sales, line_no=2)
    page = client.get(f"/detections/{log.pk}/2/raw/").text
    assert "sec\\x07ond &lt;b&gt;" in page
    assert "first" not in page


def test_raw_line_follows_the_scope_of_its_group(client: Client, sales: Group) -> None:
    log = make_log()
    make_detection(log, sales, line_no=1)
    make_detection(log, make_group("My Company\\Lab"), "lab.exe", line_no=2)
    client.force_login(make_user("member", "viewer", sales))
    assert client.get(f"/detections/{log.pk}/1/raw/").status_code == 200
    assert client.get(f"/detections/{log.pk}/2/raw/").status_code == 404
    assert client.get(f"/detections/{log.pk}/3/raw/").status_code == 404
    assert client.get("/detections/999/1/raw/").status_code == 404


def test_a_line_without_a_group_needs_the_whole_estate(client: Client, sales: Group) -> None:
    log = make_log()
    make_detection(log, make_group(""), line_no=1)
    client.force_login(make_user("member", "viewer", sales))
    assert client.get(f"/detections/{log.pk}/1/raw/").status_code == 404


def test_a_file_that_is_gone_is_told(client: Client, owner: User, sales: Group) -> None:
    log = make_log()
    make_detection(log, sales)
    default_storage.delete(log.file.stored_as)
    assert "no longer kept" in client.get(f"/detections/{log.pk}/1/raw/").text
