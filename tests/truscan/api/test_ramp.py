from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from tests.make import make_group, make_user
from tests.tokens import Caller
from tests.truscan.ramp.plans import SALES, make_stored
from truscan.models.ramp import RampEvent, RampPlan

if TYPE_CHECKING:
    from truscan.models.estate import Group

pytestmark = pytest.mark.django_db


@pytest.fixture
def sales() -> Group:
    return make_group(SALES)


@pytest.fixture
def approver(sales: Group) -> Caller:
    return Caller(make_user("approver", "approver", sales))


def wanted(group: Group, **more: Any) -> dict[str, Any]:
    today = datetime.now(UTC).date().isoformat()
    body = {"scan_policy": "AV Sales", "track": "trojans", "groups": [group.pk]}
    return {**body, "start_on": today, "days": 75, **more}


def test_a_plan_is_made_once_and_told_with_its_steps(approver: Caller, sales: Group) -> None:
    dates = approver.post("ramp-plans/", wanted(sales, preview=True))
    assert dates.status_code == 200
    assert not RampPlan.objects.exists()
    first = approver.post("ramp-plans/", wanted(sales), key="p1")
    assert first.status_code == 201
    planned = [(step["level"], step["planned_on"]) for step in first.json()["steps"]]
    assert [(step["level"], step["on"]) for step in dates.json()["steps"]] == planned
    assert approver.post("ramp-plans/", wanted(sales), key="p1").json() == first.json()
    assert approver.post("ramp-plans/", wanted(sales)).json()["id"] == first.json()["id"]
    assert RampPlan.objects.count() == 1
    assert RampEvent.objects.get().means == "token"


def test_another_plan_for_the_same_track_is_a_conflict(approver: Caller, sales: Group) -> None:
    approver.post("ramp-plans/", wanted(sales))
    assert approver.post("ramp-plans/", wanted(sales, days=60)).status_code == 409
    few = approver.post("ramp-plans/", wanted(sales, days=20, preview=True))
    assert (few.status_code, "say why" in few.json()["detail"]) == (409, True)


@pytest.mark.parametrize(("field", "value"), [("days", 0), ("track", "worms"), ("groups", [])])
def test_it_rejects_what_the_guide_does_not_allow(
    approver: Caller, sales: Group, field: str, value: object
) -> None:
    r = approver.post("ramp-plans/", wanted(sales, **{field: value}))
    assert r.status_code == 400
    assert field in r.json()["errors"]


def test_a_forged_group_is_not_found(approver: Caller, sales: Group) -> None:
    other = make_group("My Company\\Engineering")
    r = approver.post("ramp-plans/", wanted(sales, groups=[sales.pk, other.pk]))
    assert r.status_code == 404


def test_a_scan_policy_of_other_groups_is_not_planned_for(approver: Caller, sales: Group) -> None:
    make_stored(make_group("My Company\\Engineering"))
    assert approver.post("ramp-plans/", wanted(sales, track="keyloggers")).status_code == 403


def test_an_approver_confirms_a_level_and_a_repeat_does_it_once(
    approver: Caller, sales: Group
) -> None:
    pk = approver.post("ramp-plans/", wanted(sales)).json()["id"]
    body = {"action": "confirm", "level": "10"}
    for _ in range(2):
        assert approver.post(f"ramp-plans/{pk}/act/", body, key="c1").status_code == 200
    assert RampEvent.objects.filter(kind="confirmed").count() == 1


def test_an_act_that_the_state_does_not_allow_is_a_conflict(approver: Caller, sales: Group) -> None:
    pk = approver.post("ramp-plans/", wanted(sales)).json()["id"]
    r = approver.post(f"ramp-plans/{pk}/act/", {"action": "back", "reason": "too many"})
    assert r.status_code == 409


def test_names_of_groups_out_of_scope_are_counted(approver: Caller, sales: Group) -> None:
    plan = make_stored(sales)
    make_stored(make_group("My Company\\Secret project"))
    assert "Secret" not in approver.get(f"ramp-plans/{plan.pk}/").content.decode()
    assert "Secret" not in approver.get("ramp-plans/").content.decode()
    assert approver.get("ramp-plans/abc/").status_code == 404
