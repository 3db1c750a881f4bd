"""A policy of other groups is neither read nor written by knowing its name or its history."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from exceptions_app.models.exception import ProcessException
from exceptions_app.models.policy import Policy
from exceptions_app.policies.assign import assign, create_policy
from exceptions_app.triage.decide import respond
from exceptions_app.triage.undo import undo
from tests.exceptions_app.attack import Estate, bearer_of, make_estate, page_of
from tests.make import SYSTEM, make_group, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def estate() -> Estate:
    return make_estate()


def test_creating_a_policy_by_a_foreign_name_does_not_bring_it_here(estate: Estate) -> None:
    chief = make_user("chief", "administrator", estate.sales)
    wanted = {"name": "engineering EXCEPTIONS", "group": "My Company\\Sales"}
    r = page_of(chief).post(reverse("policy-create"), wanted)
    assert "outside your groups" in r.content.decode()
    r = Client().post(
        reverse("api-policy-list"),
        {"name": wanted["name"], "groups": [estate.sales.pk]},
        content_type="application/json",
        headers=bearer_of(chief),
    )
    assert r.status_code == 409
    assert list(estate.theirs.assignments.values_list("group", flat=True)) == [
        estate.engineering.pk
    ]


def test_deciding_into_a_new_policy_of_a_foreign_name_writes_nothing(estate: Estate) -> None:
    estate.mine.assignments.all().delete()
    chief = make_user("chief", "administrator", estate.sales)
    given = {
        "process": [estate.sold.pk],
        "response": "ignore",
        "reason": "mine",
        "new_policy": estate.theirs.name,
        "new_group": estate.sales.pk,
    }
    assert page_of(chief).post(reverse("process-decide"), given).status_code == 422
    # Nor when it is seen, because it is on a group of his too.
    field = make_group("My Company\\Sales\\Field")
    assign(actor=SYSTEM, policy=estate.theirs, group=field)
    assert page_of(chief).post(reverse("process-decide"), given).status_code == 422
    assert not ProcessException.objects.filter(process=estate.sold).exists()


def test_a_forged_policy_id_is_refused(estate: Estate) -> None:
    analyst = make_user("analyst", "analyst", estate.sales)
    r = page_of(analyst).post(
        reverse("process-decide"),
        {
            "process": [estate.sold.pk],
            "response": "ignore",
            "reason": "mine",
            "policies": [estate.theirs.pk],
        },
    )
    assert r.status_code == 422
    assert not ProcessException.objects.filter(process=estate.sold).exists()


def test_all_matching_reaches_only_what_the_person_decides(estate: Estate) -> None:
    analyst = make_user("analyst", "analyst", estate.sales)
    r = page_of(analyst).post(
        reverse("process-decide"),
        {
            "matching": "state=all&group=My+Company%5CEngineering",
            "response": "ignore",
            "reason": "all",
            "policies": [estate.mine.pk],
        },
    )
    assert r.status_code == 404
    r = page_of(analyst).post(
        reverse("process-decide"),
        {
            "matching": "state=all",
            "response": "ignore",
            "reason": "all",
            "policies": [estate.mine.pk],
        },
    )
    assert r.status_code == 302
    decided = set(estate.mine.exceptions.values_list("process", flat=True))
    assert decided == {estate.sold.pk, estate.both.pk}


def test_a_person_without_a_role_sees_no_policy(estate: Estate) -> None:
    create_policy(actor=SYSTEM, name="On no group yet")
    outsider = make_user("outsider")
    assert not Policy.objects.visible_to(outsider).exists()
    viewer = make_user("viewer", "viewer", estate.sales)
    assert set(Policy.objects.visible_to(viewer).values_list("name", flat=True)) == {
        "Sales exceptions",
        "On no group yet",
    }


def test_undoing_an_undo_asks_for_all_groups_of_the_first_act(estate: Estate) -> None:
    """Its own items may name fewer policies than putting back would write."""
    done = respond(
        actor=SYSTEM,
        processes=[estate.both.pk],
        policies=[estate.mine, estate.theirs],
        response="ignore",
        reason="both",
        now=timezone.now(),
    )
    assert done.decision
    undone = undo(actor=SYSTEM, decision=done.decision, now=timezone.now()).decision
    assert undone
    undone.items.filter(policy=estate.theirs).delete()
    analyst = make_user("analyst", "analyst", estate.sales)
    assert page_of(analyst).post(reverse("decision-undo", args=[undone.pk])).status_code == 404
    r = Client().post(reverse("api-decision-undo", args=[undone.pk]), headers=bearer_of(analyst))
    assert r.status_code == 403
    undone.refresh_from_db()
    assert undone.undone_at is None


@pytest.mark.parametrize("name", ["decision-undo", "api-decision-undo"])
def test_a_foreign_decision_is_not_there(estate: Estate, name: str) -> None:
    analyst = make_user("analyst", "approver", estate.sales)
    headers = bearer_of(analyst) if name.startswith("api") else {}
    client = Client() if headers else page_of(analyst)
    r = client.post(reverse(name, args=[estate.decision.pk]), headers=headers)
    assert r.status_code == 404
