"""Tokens, their scopes, the rate, and the shape of errors."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.core.cache import cache
from django.test import Client

from tests.make import SYSTEM, make_group, make_user
from tests.tokens import PROBLEM, Caller
from truscan.access.tokens import create_token, revoke_token
from truscan.api.throttle import PerToken
from truscan.models.access import ApiToken

pytestmark = pytest.mark.django_db


def test_without_a_token_it_asks_for_one() -> None:
    r = Client().get("/api/v1/groups/")
    assert (r.status_code, r["WWW-Authenticate"]) == (401, 'Bearer realm="api"')
    assert r["Content-Type"] == PROBLEM
    assert {"type", "title", "status", "detail"} <= r.json().keys()


@pytest.mark.parametrize("header", ["Bearer", "Bearer x", "Bearer tst_a_b", "Bearer a b", "é"])
def test_it_rejects_what_is_no_token(header: str) -> None:
    r = Client().get("/api/v1/groups/", headers={"Authorization": header})
    assert r.status_code == 401


def test_a_session_is_no_token() -> None:
    client = Client()
    client.force_login(make_user("owner", "administrator"))
    assert client.get("/api/v1/groups/").status_code == 401


def test_a_token_ends_when_it_expires_is_revoked_or_its_person_is_closed() -> None:
    owner = make_user("owner", "administrator")
    long_ago = datetime.now(UTC) - timedelta(days=10)
    _, expired = create_token(
        actor=SYSTEM, user=owner, name="old", scopes=["read"], days=9, now=long_ago
    )
    r = Client().get("/api/v1/groups/", headers={"Authorization": f"Bearer {expired}"})
    assert r.status_code == 401
    revoked = Caller(owner)
    token = ApiToken.objects.get(name="test")
    revoke_token(actor=SYSTEM, token=token, now=datetime.now(UTC))
    assert revoked.get("groups/").status_code == 401
    closed = Caller(make_user("gone", "viewer"))
    assert closed.get("groups/").status_code == 200
    type(closed.user).objects.filter(pk=closed.user.pk).update(is_active=False)
    assert closed.get("groups/").status_code == 401


WRITES = {
    "imports/": "import",
    "decisions/": "decide",
    "watches/": "decide",
    "policies/": "admin",
    "policies/1/publish/": "publish",
    "ramp-plans/": "ramp",
    "ramp-plans/1/act/": "ramp",
    "webhooks/": "admin",
}


@pytest.mark.parametrize(("path", "scope"), WRITES.items())
def test_a_token_writes_only_within_its_scopes(path: str, scope: str) -> None:
    owner = make_user("owner", "administrator")
    for without in (("read",), tuple({*WRITES.values(), "read"} - {scope})):
        r = Caller(owner, without).post(path)
        assert (r.status_code, r["Content-Type"]) == (403, PROBLEM)
    assert Caller(owner, (scope,)).post(path).status_code in {400, 404}


def test_a_token_without_read_does_not_read() -> None:
    assert (
        Caller(make_user("owner", "administrator"), ("import",)).get("groups/").status_code == 403
    )


def test_a_token_can_do_no_more_than_its_person() -> None:
    viewer = Caller(make_user("viewer", "viewer", make_group("My Company")))
    assert viewer.post("policies/", {"name": "New"}).status_code == 403


def test_too_many_requests_are_told_when_to_come_again(monkeypatch: pytest.MonkeyPatch) -> None:
    cache.clear()
    monkeypatch.setattr(PerToken, "THROTTLE_RATES", {"token": "2/min"})
    caller = Caller(make_user("viewer", "viewer"))
    assert [caller.get("groups/").status_code for _ in range(3)] == [200, 200, 429]
    r = caller.get("groups/")
    assert r["Content-Type"] == PROBLEM
    assert 0 < int(r["Retry-After"]) <= 61
    other = Caller(make_user("other", "viewer"))
    assert other.get("groups/").status_code == 200, "the rate is per token"


def test_an_unknown_address_and_a_wrong_method_are_problems_too() -> None:
    caller = Caller(make_user("owner", "administrator"))
    assert caller.get("audit/999999999/")["Content-Type"] == PROBLEM
    r = caller.post("audit/")
    assert (r.status_code, r["Content-Type"]) == (405, PROBLEM)


def test_a_body_that_is_no_json_is_a_problem() -> None:
    caller = Caller(make_user("owner", "administrator"))
    r = caller.client.post("/api/v1/policies/", b"{", content_type="application/json")
    assert (r.status_code, r["Content-Type"]) == (400, PROBLEM)
