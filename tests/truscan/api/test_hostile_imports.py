"""Uploads that somebody wrote to break the API: a clear answer, never a fault of the server."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from tests.make import make_group, make_user
from tests.permissions.world import SALES, line
from tests.tokens import Caller
from tests.truscan.api.test_imports import LOG, hand_in
from truscan.models.log_import import LogImport

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def inline(settings: Any) -> None:
    settings.HAS_BROKER = False


@pytest.fixture
def analyst() -> Caller:
    return Caller(make_user("analyst", "analyst", make_group(SALES)))


def test_another_file_of_the_same_name_and_size_is_not_answered_with_the_first(
    analyst: Caller,
) -> None:
    key = str(uuid.uuid4())
    other = line(SALES, "b", "erpclient.exe") + b"no log\r\n"
    assert len(other) == len(LOG)
    assert hand_in(analyst, key=key).status_code == 201
    assert hand_in(analyst, key=key, body=other).status_code == 422
    assert hand_in(analyst, key=key).headers["Idempotent-Replay"] == "true"


@pytest.mark.parametrize(
    "name", ["a%00b.log", "%ff%fe.log", "a%0d%0aX-Evil:1.log", "..%2f..%2fetc%2fpasswd", "x" * 5000]
)
def test_the_name_of_a_raw_body_may_be_anything(analyst: Caller, name: str) -> None:
    r = analyst.client.post(
        f"/api/v1/imports/?name={name}", LOG, content_type="application/octet-stream"
    )
    assert r.status_code in (201, 400)
    assert all("/" not in row.name for row in LogImport.objects.all())


def test_an_empty_body_is_told_so(analyst: Caller) -> None:
    r = analyst.client.post(
        "/api/v1/imports/?name=a.log", b"", content_type="application/octet-stream"
    )
    assert r.status_code in (201, 400)
    assert "empty" in r.content.decode() or "Send the log file" in r.content.decode()


@pytest.mark.parametrize("encoding", ["hex", "base64", "rot13", "undefined", "idna", "utf-7"])
def test_an_encoding_of_no_text_is_refused_or_told_in_the_receipt(
    analyst: Caller, encoding: str
) -> None:
    r = hand_in(analyst, f"imports/?encoding={encoding}")
    assert r.status_code in (201, 400)


ODD = [{"mapping": {"\0": "user"}}, {"encoding": "\0"}, {"timezone": "/"}]


@pytest.mark.parametrize("body", ODD)
def test_a_reread_with_odd_values_is_refused(analyst: Caller, body: Any) -> None:
    pk = hand_in(analyst).json()[0]["id"]
    LogImport.objects.filter(pk=pk).update(state="done")
    assert analyst.post(f"imports/{pk}/reread/", body).status_code in (400, 409)
