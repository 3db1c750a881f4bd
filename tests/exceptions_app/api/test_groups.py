from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from exceptions_app.policies.publish import publish
from tests.exceptions_app.acts import give, make_policy
from tests.exceptions_app.web.estate import make_seen
from tests.make import NOW, SYSTEM, make_group, make_user
from tests.tokens import PROBLEM, Caller
from truscan.models.estate import Location

if TYPE_CHECKING:
    from exceptions_app.models.policy import Policy
    from truscan.models.estate import Group

pytestmark = pytest.mark.django_db


@pytest.fixture
def sales() -> Group:
    return make_group("My Company\\Sales")


@pytest.fixture
def tool(sales: Group) -> Caller:
    """What policy tooling has: a read token of a viewer."""
    return Caller(make_user("tool", "viewer", sales), ("read",))


@pytest.fixture
def policy(sales: Group) -> Policy:
    policy = make_policy("Sales exceptions", sales.path)
    give(make_seen("erpclient.exe", "a", (sales,)), policy, "ignore")
    publish(actor=SYSTEM, policy=policy, now=NOW)
    return policy


def test_it_lists_the_groups_of_ones_scope(tool: Caller, sales: Group) -> None:
    make_group("My Company\\Secret project")
    rows = tool.get("groups/").json()["results"]
    assert [(row["path"], row["inherits_known"]) for row in rows] == [(sales.path, False)]


def test_the_policy_carries_an_etag_over_its_bytes(
    tool: Caller, sales: Group, policy: Policy
) -> None:
    r = tool.get(f"groups/{sales.pk}/policy/?target=bundle")
    assert r.status_code == 200
    assert r["ETag"] == f'"{hashlib.sha256(r.content).hexdigest()}"'
    assert r["Cache-Control"] == "private, no-cache"
    assert r.json()["format"].startswith("truscan-")


def test_an_unchanged_policy_answers_304_and_a_new_revision_answers_anew(
    tool: Caller, sales: Group, policy: Policy
) -> None:
    address = f"groups/{sales.pk}/policy/"
    etag = tool.get(address)["ETag"]
    for known in (etag, f'"other", W/{etag}', "*"):
        r = tool.get(address, **{"If-None-Match": known})
        assert (r.status_code, r.content, r["ETag"]) == (304, b"", etag)
    give(make_seen("new.exe", "b", (sales,)), policy, "terminate")
    assert tool.get(address, **{"If-None-Match": etag}).status_code == 304, "only a draft"
    publish(actor=SYSTEM, policy=policy, now=NOW)
    r = tool.get(address, **{"If-None-Match": etag})
    assert r.status_code == 200
    assert r["ETag"] != etag


def test_a_location_narrows_it(tool: Caller, sales: Group, policy: Policy) -> None:
    Location.objects.create(group=sales, name="Office", name_key="office")
    whole = tool.get(f"groups/{sales.pk}/policy/")
    office = tool.get(f"groups/{sales.pk}/policy/?location=OFFICE")
    assert office.status_code == 200
    assert office["ETag"] != whole["ETag"]


@pytest.mark.parametrize("target", ["sepm-rest-v2", "sepm-rest-v1", "worksheet"])
def test_targets_of_several_files_come_as_one_zip(
    tool: Caller, sales: Group, policy: Policy, target: str
) -> None:
    r = tool.get(f"groups/{sales.pk}/policy/?target={target}")
    assert r["Content-Type"] == "application/zip"


def test_it_rejects_an_unknown_target_or_location(
    tool: Caller, sales: Group, policy: Policy
) -> None:
    assert tool.get(f"groups/{sales.pk}/policy/?target=dat").status_code == 400
    r = tool.get(f"groups/{sales.pk}/policy/?location=Moon")
    assert r.status_code == 404
    assert "Moon" in r.json()["detail"]


def test_nothing_published_is_a_conflict_that_says_what_to_do(tool: Caller, sales: Group) -> None:
    r = tool.get(f"groups/{sales.pk}/policy/")
    assert (r.status_code, r["Content-Type"]) == (409, PROBLEM)
    body = r.json()
    assert body["code"] == "nothing_published"
    assert "Assign one" in body["detail"]


def test_a_refused_export_names_each_finding(tool: Caller, sales: Group) -> None:
    policy = make_policy("Sales exceptions", sales.path)
    give(make_seen("byname.exe", "a", (sales,), hash=""), policy, "terminate")
    publish(actor=SYSTEM, policy=policy, now=NOW)
    r = tool.get(f"groups/{sales.pk}/policy/?target=fingerprints")
    assert r.status_code == 409
    assert r.json()["findings"][0]["process"] == "byname.exe"


def test_a_group_out_of_scope_is_not_there(tool: Caller, sales: Group) -> None:
    other = make_group("My Company\\Engineering")
    for path in (f"groups/{other.pk}/", f"groups/{other.pk}/policy/", "groups/abc/policy/"):
        assert tool.get(path).status_code == 404
