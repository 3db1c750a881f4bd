"""What other groups have is not told: no name, no path, no count, no suggestion."""

from __future__ import annotations

import base64
import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from exceptions_app.export.targets import TARGETS
from exceptions_app.policies.assign import assign
from exceptions_app.policies.publish import publish
from exceptions_app.triage.decide import respond
from exceptions_app.web.policy_rows import policy_page_state
from tests.exceptions_app.attack import Estate, bearer_of, make_estate, page_of
from tests.exceptions_app.web.estate import make_seen
from tests.make import SYSTEM, make_sighting, make_user
from truscan.models.counts import ProcessSummary
from truscan.models.process import Process, SameFile

if TYPE_CHECKING:
    from django.contrib.auth.models import User

pytestmark = pytest.mark.django_db


@pytest.fixture
def estate() -> Estate:
    cache.clear()
    return make_estate()


@pytest.fixture
def analyst(estate: Estate) -> User:
    return make_user("analyst", "administrator", estate.sales)


def text_of(user: User, name: str, *args: Any, query: str = "") -> str:
    text: str = page_of(user).get(reverse(name, args=args) + query).text
    return text


def test_the_number_of_a_process_does_not_tell_its_name(estate: Estate, analyst: User) -> None:
    query = f"?process={estate.built.pk}"
    assert "built.exe" not in text_of(analyst, "detection-list", query=query)
    query = f"?process={estate.sold.pk}"
    assert "sold.exe" in text_of(analyst, "detection-list", query=query)


def test_a_foreign_path_is_answered_like_one_that_is_not_there(
    estate: Estate, analyst: User, time_machine: Any
) -> None:
    # The page notes the moment it was read at.
    time_machine.move_to(timezone.now(), tick=False)
    answers = []
    for name in ("Engineering", "Nowhereing"):
        for state in ("open", "all"):
            query = f"?state={state}&group=My+Company%5C{name}"
            page = text_of(analyst, "inbox", query=query).replace(name, "X")
            answers.append(re.sub(r'"[A-Za-z0-9]{64}"', "", page))
    assert "There is no group" in answers[0]
    assert answers[0] == answers[2]
    assert answers[1] == answers[3]
    sub = text_of(analyst, "inbox", query="?group=my+company%5Csales%5C")
    assert "There is no group" not in sub
    assert "sold.exe" in sub


def test_suggestions_hold_only_what_the_person_sees(estate: Estate, analyst: User) -> None:
    assert "Engineering" not in text_of(analyst, "inbox-groups", query="?group=e")
    assert "Sales" in text_of(analyst, "inbox-groups", query="?group=e")
    ProcessSummary.objects.filter(process=estate.built).update(application_type="Secret type")
    ProcessSummary.objects.filter(process=estate.sold).update(application_type="Worm")
    page = text_of(analyst, "inbox")
    assert "Worm" in page
    assert "Secret type" not in page


def test_the_same_file_elsewhere_is_not_named(estate: Estate, analyst: User) -> None:
    digest = "d" * 40
    other = make_seen("elsewhere.exe", "d", (estate.engineering,), hash=digest)
    SameFile.objects.create(first=estate.sold, second=other)
    page = text_of(analyst, "process", estate.sold.pk)
    assert "elsewhere.exe" not in page
    assert digest[:8] not in page


def test_a_link_is_not_made_into_foreign_policies(estate: Estate, analyst: User) -> None:
    """`built` is ignored in Engineering: its clients would get the other hash too."""
    sha1 = make_seen("other.exe", "e", (estate.sales,), hash="e" * 40)
    make_sighting(estate.built, estate.sales)
    page_of(analyst).post(reverse("same-file-add", args=[sha1.pk]), {"other": estate.built.hash})
    assert not SameFile.objects.exists()
    page_of(analyst).post(reverse("same-file-add", args=[sha1.pk]), {"other": estate.sold.hash})
    assert SameFile.objects.count() == 1


def test_counts_of_the_api_are_those_of_the_person(estate: Estate, analyst: User) -> None:
    r = Client().get(reverse("api-process-list"), headers=bearer_of(analyst)).json()
    found = {row["name"]: row for row in r["results"]}
    assert found.keys() == {"sold.exe", "both.exe"}
    assert found["both.exe"]["occurrences"] == 5
    assert found["both.exe"]["groups"] == 1
    one = Client().get(
        reverse("api-process-detail", args=[estate.both.pk]), headers=bearer_of(analyst)
    )
    assert one.json()["rows"] == 5
    owner = Client().get(
        reverse("api-process-detail", args=[estate.both.pk]),
        headers=bearer_of(make_user("second", "viewer")),
    )
    assert owner.json()["rows"] == 10


def test_no_page_of_a_group_names_another_group(estate: Estate, analyst: User) -> None:
    pages = [
        text_of(analyst, name, *args)
        for name, *args in (
            ("inbox",),
            ("detection-list",),
            ("import-list",),
            ("group-list",),
            ("group", estate.sales.pk),
            ("policy-list",),
            ("policy", estate.mine.pk),
            ("policy-publish", estate.mine.pk),
            ("process", estate.both.pk),
            ("process-evidence", estate.both.pk),
            ("process-where", estate.both.pk, "groups"),
            ("process-where", estate.both.pk, "computers"),
            ("ramp-list",),
            ("ramp-create",),
            ("people-list",),
            ("settings",),
        )
    ]
    pages.append(text_of(analyst, "process-decide", query=f"?process={estate.both.pk}"))
    for page in pages:
        assert "Engineering" not in page
        assert "secret of engineering" not in page


def cursor(*values: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


ODD = [
    "inbox-groups ?group=%00",
    "inbox ?q=%00&group=%00&site=%00&application_type=%00",
    "inbox ?q=" + "a+" * 5000,
    "inbox ?q='%3B--%20%25%5C%00%2F*",
    "inbox ?sort=name&after=" + cursor("\0", 1),
    "inbox ?sort=detections&after=" + cursor(float("inf"), 1),
    "inbox ?after=" + cursor("0001-01-01T00:00:00+14:00", 1),
    "inbox ?after=" + cursor("2026-01-01", 10**40),
    "inbox ?after=" + cursor("9999-12-31T23:59:59-14:00", True),
    "inbox ?since=change&level=10&seen_from=0001-01-01&seen_to=9999-12-31",
    "detection-list ?process=²&log_import=1e400",
    "detection-list ?process=" + "9" * 40,
    "detection-list ?q=%00&group=%00&computer=%00&user=%00&action=%00&site=%00",
    "detection-list ?after=" + cursor("x"),
    "import-list ?before=²",
    "import-list ?before=" + "9" * 40,
    "policy-list ?q=%00",
    "group-list ?q=%00",
    "ramp-list ?page=" + "9" * 40,
    "process-decide ?process=²",
    "process-decide ?process=" + "9" * 18,
    "process-decide ?matching=%00",
]


@pytest.mark.parametrize("address", ODD)
def test_odd_addresses_are_answered(estate: Estate, analyst: User, address: str) -> None:
    name, _, query = address.partition(" ")
    client = page_of(analyst)
    assert client.get(reverse(name) + query).status_code in {200, 404}


def test_odd_texts_in_forms_are_answered(estate: Estate, analyst: User) -> None:
    client = page_of(analyst)
    assert client.get(reverse("process-where", args=[estate.sold.pk, "groups"]) + "?page=²")
    client.post(reverse("same-file-add", args=[estate.sold.pk]), {"other": "\0"})
    for policies in (["²"], ["9" * 18], ["-1"]):
        r = client.post(
            reverse("process-decide"),
            {"process": [estate.sold.pk], "part": "consequences", "policies": policies},
        )
        assert r.status_code == 200
    many = {"process": list(range(10**9, 10**9 + 100_000)), "response": "ignore"}
    assert client.post(reverse("process-decide"), many).status_code in {400, 404}
    assert Process.objects.count() == 3


def test_the_policy_page_counts_detections_of_the_persons_groups(
    estate: Estate, analyst: User
) -> None:
    now = timezone.now()
    respond(
        actor=SYSTEM,
        processes=[estate.both.pk],
        policies=[estate.mine],
        response="ignore",
        reason="known",
        now=now,
    )
    owner = make_user("second", "viewer")
    assert policy_page_state(estate.mine, analyst, "", "")["detected"] == 5
    assert policy_page_state(estate.mine, owner, "", "")["detected"] == 10


def test_a_file_name_that_the_database_refuses_is_cleaned(estate: Estate, analyst: User) -> None:
    r = Client().post(
        reverse("api-import-list") + "?name=a%00b.log",
        b"no log\n",
        content_type="application/octet-stream",
        headers=bearer_of(analyst),
    )
    assert r.status_code == 201
    assert r.json()[0]["name"] == "a\\x00b.log"


def test_the_way_back_cannot_break_a_header(estate: Estate, analyst: User) -> None:
    for number in range(201):
        make_seen(f"many-{number}.exe", f"{number:x}", (estate.sales,), hash=f"{number:064x}")
    r = page_of(analyst).post(
        reverse("process-decide"),
        {
            "matching": "state=open",
            "response": "ignore",
            "reason": "x",
            "policies": [estate.mine.pk],
            "next": "/?a\r\nSet-Cookie: x=1",
        },
        headers={"HX-Request": "true"},
    )
    assert r["HX-Redirect"] == "/?a%0D%0ASet-Cookie:%20x=1"


@pytest.mark.parametrize("target", sorted(TARGETS))
def test_an_export_names_no_group_outside_ones_own(
    estate: Estate, analyst: User, target: str
) -> None:
    assign(actor=SYSTEM, policy=estate.theirs, group=estate.sales)
    publish(actor=SYSTEM, policy=estate.theirs, now=timezone.now())
    client = page_of(analyst)
    r = client.get(reverse("revision-export", args=[estate.theirs.pk, target]))
    assert r.status_code == 302
    r = client.get(reverse("group-export", args=[estate.sales.pk, target]))
    assert b"My Company\\Engineering" not in r.content.replace(b"\\\\", b"\\")
