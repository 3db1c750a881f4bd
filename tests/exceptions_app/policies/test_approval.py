"""Two pairs of eyes: who may say yes, to what exactly, and what is left when he may not."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from exceptions_app.errors import AlreadySettled, BadValue, NothingChosen, OutOfDate, SamePerson
from exceptions_app.models.approval import ApprovalRequest
from exceptions_app.models.policy import Revision
from exceptions_app.policies.approval import approve, decline, expire_due, withdraw
from exceptions_app.policies.lint_settings import set_lint
from exceptions_app.policies.publish import publish
from exceptions_app.policies.publish_request import ask_to_publish, open_request
from tests.exceptions_app.acts import give, make_policy
from tests.make import NOW, SYSTEM, make_group, make_process, make_user
from tests.tokens import Caller
from truscan.access.actor import Actor
from truscan.models.audit import AuditEvent

if TYPE_CHECKING:
    from django.test import Client

    from exceptions_app.models.policy import Policy

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(hours=1)


def by(name: str) -> Actor:
    return Actor.on_web(make_user(name, "approver"))


@pytest.fixture
def policy() -> Policy:
    made = make_policy("Sales", "Global")
    give(make_process(), made)
    return made


def test_another_person_publishes_exactly_what_was_asked_for(policy: Policy) -> None:
    ann, bob = by("ann"), by("bob")
    row = ask_to_publish(actor=ann, policy=policy, now=NOW, note="for Monday")
    assert ask_to_publish(actor=ann, policy=policy, now=NOW) == row
    assert not Revision.objects.exists()
    done = approve(actor=bob, request=row, now=LATER, comment="looked at each")
    revision = Revision.objects.get()
    assert (done.state, done.result["sha256"]) == ("approved", revision.sha256)
    assert (revision.actor_user, revision.note) == (bob.user, "for Monday Asked for by ann.")
    codes = AuditEvent.objects.order_by("pk").values_list("code", flat=True)
    assert list(codes)[-3:] == ["approval.requested", "policy.published", "approval.approved"]
    with pytest.raises(AlreadySettled, match="approved by bob"):
        approve(actor=by("carl"), request=row, now=LATER)
    with pytest.raises(NothingChosen, match="nothing to publish"):
        ask_to_publish(actor=ann, policy=policy, now=LATER)


def test_neither_requester_nor_last_author_nor_nobody_approves(policy: Policy) -> None:
    ann, bob = by("ann"), by("bob")
    give(make_process("b.exe", "b"), policy, actor=bob)
    row = ask_to_publish(actor=ann, policy=policy, now=NOW)
    for actor, why in ((ann, "You asked"), (bob, "last change of Sales"), (SYSTEM, "an account")):
        with pytest.raises(SamePerson, match=why):
            approve(actor=actor, request=row, now=LATER)
    assert not Revision.objects.exists()
    with pytest.raises(IntegrityError, match="approval_second_person"), transaction.atomic():
        ApprovalRequest.objects.update(state="approved", settled_by=ann.user)


def test_a_draft_that_moved_has_to_be_asked_for_anew(policy: Policy) -> None:
    ann, bob = by("ann"), by("bob")
    row = ask_to_publish(actor=ann, policy=policy, now=NOW)
    give(make_process("late.exe", "b"), policy)
    with pytest.raises(OutOfDate, match="ask anew"):
        approve(actor=bob, request=row, now=LATER)
    again = ask_to_publish(actor=ann, policy=policy, now=LATER)
    row.refresh_from_db()
    assert (row.state, again.state) == ("withdrawn", "open")
    publish(actor=SYSTEM, policy=policy, now=LATER)
    approve(actor=bob, request=again, now=LATER)
    assert Revision.objects.count() == 1, "published meanwhile: nothing is left to do"


def test_a_request_to_publish_that_nobody_answers_expires(policy: Policy) -> None:
    ann, bob = by("ann"), by("bob")
    set_lint(actor=SYSTEM, blocking_grade=None, wide_percent=5, evidence_percent=10, request_days=2)
    for days in (0, 91):
        with pytest.raises(BadValue, match="1 to 90 days"):
            set_lint(actor=SYSTEM, blocking_grade=None, wide_percent=5, evidence_percent=10,
                     request_days=days)  # fmt: skip
    row = ask_to_publish(actor=ann, policy=policy, now=NOW)
    over = NOW + timedelta(days=2)
    assert row.expires_at == over
    with pytest.raises(OutOfDate, match="expired"):
        approve(actor=bob, request=row, now=over)
    assert [expire_due(over - timedelta(seconds=1)), expire_due(over), expire_due(over)] == [
        0,
        1,
        0,
    ]
    row.refresh_from_db()
    assert (row.state, open_request(policy)) == ("expired", None)
    assert ask_to_publish(actor=ann, policy=policy, now=over).state == "open"


def test_no_has_a_reason_and_taking_back_is_for_the_requester(policy: Policy) -> None:
    ann, bob = by("ann"), by("bob")
    row = ask_to_publish(actor=ann, policy=policy, now=NOW)
    with pytest.raises(NothingChosen):
        decline(actor=bob, request=row, now=LATER, comment=" ")
    for actor in (bob, SYSTEM):
        with pytest.raises(SamePerson, match="Only ann"):
            withdraw(actor=actor, request=row, now=LATER)
    assert withdraw(actor=ann, request=row, now=LATER).state == "withdrawn"
    second = ask_to_publish(actor=ann, policy=policy, now=LATER)
    assert decline(actor=bob, request=second, now=LATER, comment="no").comment == "no"


def test_pages_and_rest_go_the_same_way(client: Client) -> None:
    sales = make_group("My Company\\Sales")
    policy = make_policy("Sales", sales.path)
    give(make_process(), policy)
    analyst, approver = make_user("ann", "analyst", sales), make_user("bob", "approver", sales)
    stranger = make_user("eve", "approver", make_group("My Company\\Plant"))
    client.force_login(analyst)
    assert "Ask to publish" in client.get(reverse("policy", args=[policy.pk])).content.decode()
    client.post(reverse("policy-ask", args=[policy.pk]), {"note": "please"})
    row = ApprovalRequest.objects.get()
    address = reverse("approval", args=[row.pk])
    assert "You asked for it" in client.get(address).content.decode()
    api = Caller(approver)
    assert api.get("approvals/?state=open").json()["results"][0]["title"] == str(row)
    assert Caller(stranger).get("approvals/").json()["results"] == []
    assert Caller(analyst).post(f"approvals/{row.pk}/approve/", {}).status_code == 403
    client.force_login(approver)
    text = client.get(address).content.decode()
    assert "erpclient.exe" in text
    assert "Approve and do it" in text
    client.post(reverse("approval-settle", args=[row.pk]), {"answer": "approve"})
    assert Revision.objects.get().actor_user == approver
    r = api.post(f"approvals/{row.pk}/approve/", {})
    assert (r.status_code, r.json()["code"]) == (409, "already_settled")
