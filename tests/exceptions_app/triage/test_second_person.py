"""Two pairs of eyes on decisions: what needs them, what waits, and what stands in the way."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from exceptions_app.errors import BadValue, OutOfDate, SamePerson
from exceptions_app.models.approval import ApprovalRequest
from exceptions_app.models.exception import ProcessException
from exceptions_app.policies.approval import approve, decline, expire_due
from exceptions_app.policies.approval_rules import add_rule, need_second, remove_rule, said
from exceptions_app.triage import bulk
from exceptions_app.triage.decide import respond
from exceptions_app.triage.respond_request import respond_or_ask
from exceptions_app.triage.undo import undo
from tests.exceptions_app.acts import give, make_policy
from tests.exceptions_app.web.estate import make_seen
from tests.make import NOW, SYSTEM, make_group, make_user
from tests.tokens import Caller
from truscan.access.actor import Actor
from truscan.models.audit import AuditEvent

if TYPE_CHECKING:
    from django.test import Client

    from exceptions_app.models.policy import Policy
    from truscan.models.process import Process

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(hours=1)
Estate = tuple["Policy", "Process", "Process"]


@pytest.fixture
def estate() -> Estate:
    """A policy, a keylogger on many computers, and a harmless tool."""
    policy, group = make_policy("Top", "Global"), make_group("Global")
    spread = {"risk_class": "keylogger", "computers": 50, "groups": 7}
    logger = make_seen("keys.exe", "a", (group,), summary=spread, signer="Eve")
    return policy, logger, make_seen("tool.exe", "b", (group,), signer="Contoso CA")


def asked(policy: Policy, *processes: Process, actor: Actor = SYSTEM, **more: Any) -> Any:
    more = {"response": "ignore", "reason": "known", "now": NOW, **more}
    ids = [process.pk for process in processes]
    return respond_or_ask(actor=actor, processes=ids, policies=[policy], **more)


@pytest.mark.parametrize(
    ("says", "holds"),
    [
        ({"response": "ignore"}, {"keys.exe", "tool.exe"}),
        ({"response": "terminate"}, set()),
        ({"risk_class": "keylogger"}, {"keys.exe"}),
        ({"risk_class": "keylogger", "response": "terminate"}, set()),
        ({"computers_from": 50}, {"keys.exe"}),
        ({"computers_from": 51}, set()),
        ({"groups_from": 7, "response": "ignore"}, {"keys.exe"}),
        ({"grade": 2}, {"script.exe"}),
        ({"grade": 3}, set()),
    ],
)
def test_a_rule_holds_when_all_it_says_is_so(
    estate: Estate, says: dict[str, Any], holds: set[str]
) -> None:
    policy, *both = estate
    path = "%USERPROFILE%\\script.exe"
    risky = make_seen("script.exe", "c", (make_group("Global"),), generic_path=path, signer="X")
    risky.appearances.create(identity="0" * 32, name="script.exe", generic_path=path)
    processes = [*both, risky] if "grade" in says else both
    add_rule(actor=SYSTEM, now=NOW, **says)
    found = need_second([one.pk for one in processes], [policy], "ignore", NOW)
    assert {one.name for one in processes if one.pk in found} == holds
    assert bool(said(found)) == bool(holds)


def test_the_whole_act_waits_and_another_person_carries_it_out(estate: Estate) -> None:
    policy, logger, tool = estate
    rule = add_rule(actor=SYSTEM, now=NOW, risk_class="keylogger")
    assert add_rule(actor=SYSTEM, now=NOW, risk_class="keylogger") == rule
    for wrong in ({}, {"grade": 9}, {"response": "moon"}, {"computers_from": 1, "days": 0}):
        with pytest.raises(BadValue):
            add_rule(actor=SYSTEM, now=NOW, **wrong)
    ann, bob = (make_user(name, "approver") for name in ("ann", "bob"))
    request = asked(policy, logger, tool, actor=Actor.on_web(ann))
    assert isinstance(request, ApprovalRequest)
    assert asked(policy, logger, tool, actor=Actor.on_web(ann)) == request
    assert not ProcessException.objects.exists()
    with pytest.raises(SamePerson):
        approve(actor=Actor.on_web(ann), request=request, now=LATER)
    done = approve(actor=Actor.on_web(bob), request=request, now=LATER)
    rows = ProcessException.objects.order_by("process__name")
    assert [(r.process, r.author, r.approver) for r in rows] == [
        (logger, ann, bob),
        (tool, ann, bob),
    ]
    codes = AuditEvent.objects.order_by("pk").values_list("code", flat=True)
    assert list(codes)[-3:] == ["approval.requested", "decision.responded", "approval.approved"]
    assert done.result["applied"] == 2
    remove_rule(actor=SYSTEM, rule=rule)
    assert not isinstance(asked(policy, logger), ApprovalRequest)


def test_what_somebody_decided_meanwhile_is_told_and_nothing_done(estate: Estate) -> None:
    policy, logger, tool = estate
    add_rule(actor=SYSTEM, now=NOW, risk_class="keylogger", days=3)
    bob = Actor.on_web(make_user("bob", "approver"))
    request = asked(policy, logger, tool)
    give(tool, policy, "terminate", actor=Actor("carl", SYSTEM.means), now=LATER)
    with pytest.raises(OutOfDate, match=r"tool\.exe in Top: Terminate by carl on 2026-03-02"):
        approve(actor=bob, request=request, now=LATER)
    again = asked(policy, logger, tool, now=LATER)
    request.refresh_from_db()
    assert (request.state, again.state) == ("withdrawn", "open")
    over = again.expires_at
    assert over == LATER + timedelta(days=3)
    with pytest.raises(OutOfDate, match="expired"):
        approve(actor=bob, request=again, now=over)
    assert expire_due(over - timedelta(seconds=1)) == 0
    assert [expire_due(over), expire_due(over)] == [1, 0]
    assert ApprovalRequest.objects.get(pk=again.pk).state == "expired"
    third = asked(policy, logger, now=over)
    decline(actor=bob, request=third, now=over, comment="it records passwords")
    assert ProcessException.objects.filter(retired_at=None).get().author_name == "carl"


def test_no_way_leads_round_it(estate: Estate, monkeypatch: Any) -> None:
    policy, logger, tool = estate
    add_rule(actor=SYSTEM, now=NOW, risk_class="keylogger")
    done = asked(policy, logger, tool, leave_out=True)
    assert [(s.process_id, s.code) for s in done.skipped] == [(logger.pk, "needs_approval")]
    undo(actor=SYSTEM, decision=done.decision, now=NOW)
    direct = respond(actor=SYSTEM, processes=[logger.pk], policies=[policy], response="ignore",
                     reason="x", now=NOW)  # fmt: skip
    assert (direct.decision, direct.skipped[0].code) == (None, "needs_approval")
    job = bulk.make_job(actor=SYSTEM, processes=[logger.pk, tool.pk], policies=[policy.pk],
                        response="ignore", reason="x", now=NOW)  # fmt: skip
    ran = bulk.run_job(job.pk, clock=lambda: LATER)
    assert ran is not None
    assert (ran.applied, ran.skipped) == (1, {"needs_approval": 1})
    monkeypatch.setattr("exceptions_app.triage.respond_request.AT_ONCE", 0)
    request = asked(policy, logger, now=LATER)
    bob = make_user("bob", "approver")
    approved = approve(actor=Actor.on_web(bob), request=request, now=LATER)
    ran = bulk.run_job(approved.result["bulk_job"], clock=lambda: LATER)
    assert ran is not None
    assert ran.applied == 1
    assert ProcessException.objects.get(process=logger).approver == bob


def test_the_dialog_and_rest_ask(estate: Estate, client: Client) -> None:
    policy, logger, tool = estate
    add_rule(actor=SYSTEM, now=NOW, risk_class="keylogger")
    ann, bob = make_user("ann", "analyst"), make_user("bob", "approver")
    client.force_login(ann)
    data: dict[str, Any] = {"process": [logger.pk, tool.pk], "policies": policy.pk}
    data["response"] = "ignore"
    html = client.get("/processes/decide/", {**data}).content.decode()
    assert "1 of 2 need a second person." in html
    client.post("/processes/decide/", {**data, "reason": "known"})
    request = ApprovalRequest.objects.get()
    assert "keys.exe" in client.get(f"/approvals/{request.pk}/").content.decode()
    assert client.post(f"/approvals/{request.pk}/settle/", {"answer": "approve"}).status_code == 403
    client.force_login(bob)
    assert str(request) in client.get("/my-work/").content.decode()
    client.post(f"/approvals/{request.pk}/settle/", {"answer": "approve"})
    assert ProcessException.objects.filter(approver=bob).count() == 2
    assert "2 written" in client.get(f"/approvals/{request.pk}/").content.decode()
    sent: dict[str, Any] = {"processes": [logger.pk], "policies": [policy.pk]}
    sent |= {"response": "terminate", "reason": "x"}
    r = Caller(ann).post("decisions/", sent)
    assert (r.status_code, r.json()["decision"]) == (202, None)
    assert ApprovalRequest.objects.filter(pk=r.json()["approval"], state="open").exists()
    r = Caller(ann).post("decisions/", {**sent, "leave_out": True})
    assert r.json()["skipped"][0]["code"] == "needs_approval"
