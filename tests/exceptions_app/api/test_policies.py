from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

import pytest

from exceptions_app.models.exception import ProcessException
from exceptions_app.models.policy import Policy, Revision
from exceptions_app.triage.decide import retire
from tests.exceptions_app.acts import give, make_policy
from tests.exceptions_app.web.estate import make_seen
from tests.make import NOW, SYSTEM, make_group, make_user
from tests.tokens import Caller

if TYPE_CHECKING:
    from truscan.models.estate import Group

pytestmark = pytest.mark.django_db


@pytest.fixture
def sales() -> Group:
    return make_group("My Company\\Sales")


@pytest.fixture
def administrator(sales: Group) -> Caller:
    return Caller(make_user("administrator", "administrator", sales))


def test_a_policy_is_made_and_put_on_groups_and_an_equal_one_is_returned(
    administrator: Caller, sales: Group
) -> None:
    body = {"name": "Sales exceptions", "groups": [sales.pk]}
    first = administrator.post("policies/", body)
    assert first.status_code == 201
    assert administrator.post("policies/", body).json()["id"] == first.json()["id"]
    assert Policy.objects.get().assignments.get().group == sales


def test_a_name_with_other_properties_is_a_conflict(administrator: Caller) -> None:
    make_policy("Sales exceptions")
    r = administrator.post("policies/", {"name": "SALES exceptions", "shared": False})
    assert (r.status_code, r.json()["code"]) == (409, "policy_differs")


def test_a_policy_of_that_name_on_groups_of_others_is_not_taken_over(
    administrator: Caller, sales: Group
) -> None:
    theirs = make_policy("Engineering exceptions", "My Company\\Engineering")
    body = {"name": theirs.name, "groups": [sales.pk]}
    r = administrator.post("policies/", body)
    assert r.status_code == 409
    assert theirs.assignments.count() == 1


def test_publishing_makes_a_revision_and_without_a_change_returns_it(
    administrator: Caller, sales: Group
) -> None:
    policy = make_policy("Sales exceptions", sales.path)
    give(make_seen("erpclient.exe", "a", (sales,)), policy)
    first = administrator.post(f"policies/{policy.pk}/publish/", {"note": "weekly"}).json()
    assert (first["number"], first["note"]) == (1, "weekly")
    assert first["sha256"] == hashlib.sha256(first["content"].encode()).hexdigest()
    assert administrator.post(f"policies/{policy.pk}/publish/").json()["id"] == first["id"]
    assert Revision.objects.count() == 1
    rows = administrator.get(f"policies/{policy.pk}/revisions/").json()["results"]
    assert [row["number"] for row in rows] == [1]


def test_publishing_needs_every_group_that_the_policy_touches(
    administrator: Caller, sales: Group
) -> None:
    policy = make_policy("Sales exceptions", sales.path, "My Company\\Engineering")
    assert administrator.post(f"policies/{policy.pk}/publish/").status_code == 403


def test_going_back_publishes_the_rules_of_an_earlier_revision(
    administrator: Caller, sales: Group
) -> None:
    policy = make_policy("Sales exceptions", sales.path)
    erp = make_seen("erpclient.exe", "a", (sales,))
    give(erp, policy)
    administrator.post(f"policies/{policy.pk}/publish/")
    give(erp, policy, "terminate")
    administrator.post(f"policies/{policy.pk}/publish/")
    address = f"policies/{policy.pk}/go-back/"
    refused = administrator.post(address, {"number": 9, "reason": "the ERP stopped"})
    assert refused.status_code == 404
    assert administrator.post(address, {"number": 1}).status_code == 400
    r = administrator.post(address, {"number": 1, "reason": "the ERP stopped"})
    assert r.status_code == 201
    assert r.json()["note"] == "Back to revision 1: the ERP stopped"
    (entry,) = json.loads(r.json()["content"])["entries"]
    assert entry["response"] == "ignore"


def test_revisions_as_of_a_moment(administrator: Caller, sales: Group) -> None:
    policy = make_policy("Sales exceptions", sales.path)
    give(make_seen("erpclient.exe", "a", (sales,)), policy)
    made = administrator.post(f"policies/{policy.pk}/publish/").json()
    address = f"policies/{policy.pk}/revisions/?at="
    assert administrator.get(f"{address}2001-01-01T00:00:00Z").json()["results"] == []
    (row,) = administrator.get(address + made["published_at"]).json()["results"]
    assert row["id"] == made["id"]
    assert administrator.get(f"{address}soon").status_code == 400


def test_any_two_revisions_are_compared_by_kind_of_change(
    administrator: Caller, sales: Group
) -> None:
    policy = make_policy("Sales exceptions", sales.path)
    erp, old, same, gone = (
        make_seen(name, digit, (sales,))
        for name, digit in (("erp.exe", "a"), ("tool.exe", "b"), ("same.exe", "c"), ("x.exe", "d"))
    )
    for process in (erp, old, same, gone):
        give(process, policy)
    administrator.post(f"policies/{policy.pk}/publish/")
    new = make_seen("tool.exe", "e", (sales,), generic_path=old.generic_path)
    rows = ProcessException.objects.filter(process__in=[old, gone]).values_list("pk", flat=True)
    retire(actor=SYSTEM, exceptions=list(rows), reason="gone", now=NOW)
    give(new, policy)
    give(erp, policy, "terminate")
    give(make_seen("came.exe", "f", (sales,)), policy)
    administrator.post(f"policies/{policy.pk}/publish/")

    address = f"policies/{policy.pk}/compare/"
    told = administrator.get(f"{address}?before=1&after=2").json()
    assert {(row["kind"], row["process"]) for row in told["changes"]} == {
        ("added", "came.exe"),
        ("removed", "x.exe"),
        ("response", "erp.exe"),
        ("renewed", "tool.exe"),
    }
    by_kind = {row["kind"]: row for row in told["changes"]}
    assert by_kind["response"]["response_before"] == "ignore"
    assert by_kind["response"]["response_after"] == "terminate"
    assert by_kind["renewed"]["hashes_before"] == [f"sha256:{old.hash}"]
    assert by_kind["renewed"]["hashes"] == [f"sha256:{new.hash}"]
    back = administrator.get(f"{address}?before=2&after=1").json()
    assert sorted(row["kind"] for row in back["changes"]) == sorted(by_kind)
    equal = administrator.get(f"{address}?before=2&after=2").json()
    assert (equal["is_equal"], equal["changes"]) == (True, [])
    assert administrator.get(f"{address}?before=1&after=9").status_code == 404
    assert administrator.get(f"{address}?before=x&after=1").status_code == 400
