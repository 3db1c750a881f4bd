from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from exceptions_app.models.decision import Decision
from exceptions_app.models.exception import ProcessException
from exceptions_app.models.watch import Watch
from tests.exceptions_app.acts import give, make_policy
from tests.exceptions_app.web.estate import make_seen
from tests.make import make_group, make_user
from tests.tokens import PROBLEM, Caller
from truscan.models.audit import AuditEvent

if TYPE_CHECKING:
    from exceptions_app.models.policy import Policy
    from truscan.models.estate import Group
    from truscan.models.process import Process

pytestmark = pytest.mark.django_db


@pytest.fixture
def sales() -> Group:
    return make_group("My Company\\Sales")


@pytest.fixture
def analyst(sales: Group) -> Caller:
    return Caller(make_user("analyst", "analyst", sales))


@pytest.fixture
def policy(sales: Group) -> Policy:
    return make_policy("Sales exceptions", sales.path)


@pytest.fixture
def process(sales: Group) -> Process:
    return make_seen("erpclient.exe", "a", (sales,))


def wanted(process: Process, policy: Policy, **more: Any) -> dict[str, Any]:
    body = {"processes": [process.pk], "policies": [policy.pk], "response": "ignore"}
    return {**body, "reason": "business application", **more}


def test_a_response_goes_into_the_draft_by_means_of_a_token(
    analyst: Caller, process: Process, policy: Policy
) -> None:
    r = analyst.post("decisions/", wanted(process, policy))
    assert r.status_code == 201
    assert r.json()["applied"] == 1
    assert ProcessException.objects.get().author_name == "analyst"
    assert AuditEvent.objects.get(code="decision.responded").means == "token"


def test_a_preview_tells_what_it_would_do_and_writes_nothing(
    analyst: Caller, process: Process, policy: Policy, sales: Group
) -> None:
    listed = make_seen("listed.exe", "b", (sales,), on_symantec_list=True)
    other = make_seen("other.exe", "c", (sales,))
    give(other, policy, "terminate")
    body = wanted(process, policy, processes=[process.pk, listed.pk, other.pk])
    told = analyst.post("decisions/preview/", body).json()
    assert told == {
        "applies": 2, "replaces": 1, "groups": 1, "locations": 0, "clients": None,
        "skipped": {"symantec_list": 1}, "needs_approval": 0,
    }  # fmt: skip
    assert Decision.objects.count() == 1
    foreign = make_seen("lab.exe", "d", (make_group("My Company\\Lab"),))
    body["processes"] = [process.pk, foreign.pk]
    assert analyst.post("decisions/preview/", body).status_code == 404


def test_a_repeat_under_one_key_gets_the_first_answer_and_does_nothing_twice(
    analyst: Caller, process: Process, policy: Policy
) -> None:
    first = analyst.post("decisions/", wanted(process, policy), key="k1")
    again = analyst.post("decisions/", wanted(process, policy), key="k1")
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert again["Idempotent-Replay"] == "true"
    assert Decision.objects.count() == 1


def test_it_rejects_one_key_for_two_requests(
    analyst: Caller, process: Process, policy: Policy
) -> None:
    analyst.post("decisions/", wanted(process, policy), key="k1")
    r = analyst.post("decisions/", wanted(process, policy, response="terminate"), key="k1")
    assert (r.status_code, r["Content-Type"]) == (422, PROBLEM)
    assert ProcessException.objects.get(retired_at=None).response == "ignore"


def test_a_refused_request_may_be_tried_again_under_its_key(
    analyst: Caller, process: Process, policy: Policy
) -> None:
    past = datetime(2020, 1, 1, tzinfo=UTC).isoformat()
    r = analyst.post("decisions/", wanted(process, policy, expires_at=past), key="k1")
    assert r.status_code == 400
    assert analyst.post("decisions/", wanted(process, policy), key="k1").status_code == 201


def test_without_a_key_an_equal_request_changes_nothing_either(
    analyst: Caller, process: Process, policy: Policy
) -> None:
    analyst.post("decisions/", wanted(process, policy))
    r = analyst.post("decisions/", wanted(process, policy))
    assert (r.status_code, r.json()["decision"], r.json()["applied"]) == (200, None, 0)


@pytest.mark.parametrize("field", ["processes", "policies"])
def test_a_forged_number_is_not_found_and_nothing_is_done(
    analyst: Caller, process: Process, policy: Policy, field: str
) -> None:
    engineering = make_group("My Company\\Engineering")
    theirs = {
        "processes": make_seen("other.exe", "b", (engineering,)).pk,
        "policies": make_policy("Other", engineering.path).pk,
    }
    for pk in (theirs[field], 10**9, 10**30, -1):
        body = wanted(process, policy)
        body[field] = [*body[field], pk]
        assert analyst.post("decisions/", body).status_code == 404
    assert not ProcessException.objects.exists()


def test_a_policy_that_touches_groups_of_others_is_not_written(
    analyst: Caller, process: Process, policy: Policy
) -> None:
    make_policy(policy.name, "My Company\\Engineering")
    assert analyst.post("decisions/", wanted(process, policy)).status_code == 403


@pytest.mark.parametrize(
    ("field", "value"),
    [("response", "allow"), ("reason", ""), ("processes", []), ("reason", "a\0b")],
)
def test_it_rejects_what_no_choice_allows(
    analyst: Caller, process: Process, policy: Policy, field: str, value: object
) -> None:
    r = analyst.post("decisions/", wanted(process, policy, **{field: value}))
    assert (r.status_code, r["Content-Type"]) == (400, PROBLEM)
    assert field in r.json()["errors"]


def test_a_decision_is_undone_once(analyst: Caller, process: Process, policy: Policy) -> None:
    pk = analyst.post("decisions/", wanted(process, policy)).json()["decision"]["id"]
    assert analyst.post(f"decisions/{pk}/undo/").status_code == 201
    assert not ProcessException.objects.filter(retired_at=None).exists()
    r = analyst.post(f"decisions/{pk}/undo/")
    assert (r.status_code, r.json()["code"]) == (409, "already_undone")


def test_observing_puts_aside_and_takes_the_exception_out(
    analyst: Caller, process: Process, policy: Policy, sales: Group
) -> None:
    analyst.post("decisions/", wanted(process, policy))
    body = {"processes": [process.pk], "groups": [sales.pk], "reason": "unknown"}
    r = analyst.post("watches/", {**body, "tripwires": {"computers": 5}})
    assert (r.status_code, r.json()["replaced"]) == (201, 1)
    assert Watch.objects.get(ended_at=None).tripwires == {"computers": 5}
    assert analyst.get("watches/").json()["results"][0]["group"] == sales.pk


def test_observing_does_not_take_exceptions_out_of_policies_of_others(
    analyst: Caller, process: Process, policy: Policy, sales: Group
) -> None:
    give(process, policy)
    make_policy(policy.name, "My Company\\Engineering")
    body = {"processes": [process.pk], "groups": [sales.pk], "reason": "unknown"}
    assert analyst.post("watches/", body).status_code == 403
    assert ProcessException.objects.filter(retired_at=None).exists()


def test_decisions_of_others_are_not_listed(
    analyst: Caller, process: Process, policy: Policy
) -> None:
    engineering = make_group("My Company\\Engineering")
    give(make_seen("other.exe", "b", (engineering,)), make_policy("Other", engineering.path))
    give(process, policy)
    assert len(analyst.get("decisions/").json()["results"]) == 1
