"""Two pairs of eyes on acts that take exceptions away: removing, a sooner end, observing."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from exceptions_app.errors import NeedsSecondPerson, OutOfDate
from exceptions_app.models.approval import ApprovalRequest
from exceptions_app.models.decision import Decision
from exceptions_app.models.exception import ProcessException
from exceptions_app.policies.approval import approve, decline, may_settle
from exceptions_app.policies.approval_rules import add_rule
from exceptions_app.triage import bulk
from exceptions_app.triage.amend import Terms, amend
from exceptions_app.triage.decide import retire
from exceptions_app.triage.my_work import my_work
from exceptions_app.triage.observe_request import observe_or_ask
from exceptions_app.triage.remove_request import remove_or_ask
from exceptions_app.triage.undo import undo
from exceptions_app.triage.watching import observe
from tests.exceptions_app.acts import give, make_policy, watch
from tests.exceptions_app.web.estate import make_seen
from tests.make import NOW, SYSTEM, make_group, make_user
from tests.tokens import Caller
from truscan.access.actor import Actor

if TYPE_CHECKING:
    from django.test import Client

    from exceptions_app.models.policy import Policy
    from truscan.models.process import Process

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(hours=1)
Estate = tuple["Policy", "Process", "Process"]


@pytest.fixture
def estate() -> Estate:
    """A policy, a keylogger that it quarantines, and a harmless tool that it ignores."""
    policy, group = make_policy("Top", "Global"), make_group("Global")
    logger = make_seen("keys.exe", "a", (group,), summary={"risk_class": "keylogger"})
    tool = make_seen("tool.exe", "b", (group,))
    give(logger, policy, "quarantine")
    give(tool, policy)
    return policy, logger, tool


def active(process: Process) -> ProcessException:
    return ProcessException.objects.get(process=process, retired_at=None)


def test_removing_waits_wherever_it_happens(estate: Estate) -> None:
    policy, logger, tool = estate
    add_rule(actor=SYSTEM, now=NOW, response="remove", risk_class="keylogger", days=2)
    add_rule(actor=SYSTEM, now=NOW, grade=1)
    row = active(logger)
    both = [row.pk, active(tool).pk]
    alone = retire(actor=SYSTEM, exceptions=both, reason="x", now=NOW)
    assert (alone.applied, [skip.code for skip in alone.skipped]) == (1, ["needs_approval"])
    aside = watch(logger, make_group("Global"))
    assert (aside.decision, [skip.code for skip in aside.skipped]) == (None, ["needs_approval"])
    sooner = {row.pk: replace(Terms.of(row), expires_at=LATER)}
    with pytest.raises(NeedsSecondPerson, match="Remove it instead"):
        amend(actor=SYSTEM, terms=sooner, reason="x", now=NOW)
    assert active(logger) == row

    ann, bob = make_user("ann", "analyst"), Actor.on_web(make_user("bob", "approver"))
    asked: dict[str, Any] = {"actor": Actor.on_web(ann), "reason": "sold", "now": NOW}
    request = remove_or_ask(exceptions=[row.pk], **asked)
    assert isinstance(request, ApprovalRequest)
    assert str(request) == "Remove the exception for keys.exe from Top"
    assert remove_or_ask(exceptions=[row.pk], **asked) == request
    assert request.expires_at == NOW + timedelta(days=2)
    give(logger, policy, "terminate")
    with pytest.raises(OutOfDate, match=r"keys\.exe in Top: its exception was removed"):
        approve(actor=bob, request=request, now=LATER)
    again = remove_or_ask(exceptions=[active(logger).pk], **asked)
    assert isinstance(again, ApprovalRequest)
    done = approve(actor=bob, request=again, now=LATER)
    decision = Decision.objects.get(pk=done.result["decision"])
    assert (decision.kind, decision.actor_user, decision.applied) == ("retire", ann, 1)
    undo(actor=SYSTEM, decision=decision, now=LATER)
    assert active(logger).response == "terminate", "undo never waits"


def test_a_later_end_gives_the_response_anew(estate: Estate) -> None:
    policy, logger, _ = estate
    give(logger, policy, "quarantine", expires_at=LATER)
    add_rule(actor=SYSTEM, now=NOW, response="quarantine")
    row = active(logger)
    for end in (None, LATER + timedelta(days=9)):
        with pytest.raises(NeedsSecondPerson, match="Give it the response anew"):
            amend(actor=SYSTEM, terms={row.pk: replace(Terms.of(row), expires_at=end)},
                  reason="x", now=NOW)  # fmt: skip
    other = {row.pk: replace(Terms.of(row), review_on=LATER.date())}
    assert amend(actor=SYSTEM, terms=other, reason="x", now=NOW).applied == 1


def test_observing_waits_if_it_is_named_or_takes_an_exception(estate: Estate) -> None:
    policy, logger, tool = estate
    group, unknown = make_group("Global"), make_seen("new.exe", "c", (make_group("Global"),))
    add_rule(actor=SYSTEM, now=NOW, computers_from=0)
    assert watch(unknown, group).applied == 1, "nothing of a policy changes"
    asked: dict[str, Any] = {"actor": SYSTEM, "processes": [tool.pk], "groups": [group],
                             "reason": "later", "now": NOW, "until": LATER}  # fmt: skip
    assert observe(**asked).skipped[0].code == "needs_approval"
    request = observe_or_ask(**asked)
    assert isinstance(request, ApprovalRequest)
    assert [list(request.policies.all()), list(request.groups.all())] == [[policy], [group]]
    for name, place, sees in (("eve", make_group("Plant"), False), ("bob", group, True)):
        approver = make_user(name, "approver", place)
        assert ApprovalRequest.objects.visible_to(approver).exists() == sees
        assert may_settle(approver, request) == sees
    done = approve(actor=Actor.on_web(approver), request=request, now=NOW)
    assert done.result["applied"] == 1
    assert not ProcessException.objects.filter(process=tool, retired_at=None).exists()

    add_rule(actor=SYSTEM, now=NOW, response="observe", risk_class="keylogger")
    ids = [unknown.pk, logger.pk]
    named = observe_or_ask(**{**asked, "processes": ids, "until": None})
    assert isinstance(named, ApprovalRequest)
    assert named.asked["needing"] == [logger.pk]
    job = bulk.make_job(actor=SYSTEM, processes=ids, groups=[group.pk], response="observe",
                        reason="x", now=LATER, tripwires={"computers": 1})  # fmt: skip
    ran = bulk.run_job(job.pk, clock=lambda: LATER)
    assert ran is not None
    assert (ran.applied, ran.skipped) == (1, {"needs_approval": 1})
    with pytest.raises(OutOfDate, match=r"new\.exe in Global: observed by test"):
        approve(actor=Actor.on_web(approver), request=named, now=LATER)


def test_pages_and_rest_ask(estate: Estate, client: Client) -> None:
    policy, logger, tool = estate
    add_rule(actor=SYSTEM, now=NOW, risk_class="keylogger")
    ann, bob = make_user("ann", "analyst"), make_user("bob", "approver")
    client.force_login(ann)
    group = make_group("Global")
    data: dict[str, Any] = {"process": [logger.pk, tool.pk], "groups": group.pk}
    data |= {"response": "observe", "reason": "later", "trip_computers": 3}
    html = client.post("/processes/decide/", {**data, "part": "consequences"}).content.decode()
    assert "1 of 2 need a second person." in html
    assert "2 exceptions of the policies in force there are removed" in html
    client.post("/processes/decide/", data)
    to_observe = ApprovalRequest.objects.get(act="observe")
    page = client.get(f"/approvals/{to_observe.pk}/").content.decode()
    assert "back after 3 more computers" in page
    assert "Takes 2 exceptions out of the draft first." in page
    client.post(f"/policies/{policy.pk}/retire/", {"exception": active(logger).pk, "reason": "x"})
    assert ApprovalRequest.objects.filter(act="remove", state="open").count() == 1
    r = client.post(f"/reviews/{active(logger).pk}/", {"answer": "remove"}, follow=True)
    assert "Nothing changes before somebody else approves it." in r.content.decode()
    sent: dict[str, Any] = {"processes": [logger.pk], "groups": [group.pk], "reason": "x"}
    r = Caller(ann).post("watches/", sent)
    assert (r.status_code, r.json()["decision"]) == (202, None)
    r = Caller(ann).post("watches/", {**sent, "leave_out": True})
    assert r.json()["skipped"][0]["code"] == "needs_approval"
    r = Caller(ann).post(f"reviews/{active(logger).pk}/remove/", {"reason": "x"})
    assert r.status_code == 202
    to_remove = ApprovalRequest.objects.get(pk=r.json()["approval"])
    client.force_login(bob)
    page = client.get(f"/approvals/{to_remove.pk}/").content.decode()
    assert "Takes 1 exception out of the draft: clients keep it until the next revision." in page
    client.post(f"/approvals/{to_remove.pk}/settle/", {"answer": "approve"})
    assert "1 removed" in client.get(f"/approvals/{to_remove.pk}/").content.decode()
    page = client.get(f"/approvals/{to_observe.pk}/").content.decode()
    assert "It cannot be approved; ask anew." in page


def test_who_asked_is_told_for_a_week_what_came_of_it(estate: Estate, client: Client) -> None:
    _, logger, _ = estate
    add_rule(actor=SYSTEM, now=NOW, response="remove")
    ann, bob = make_user("ann", "analyst"), make_user("bob", "approver")
    request = remove_or_ask(
        actor=Actor.on_web(ann), exceptions=[active(logger).pk], reason="sold", now=NOW
    )
    assert isinstance(request, ApprovalRequest)
    assert my_work(ann, NOW).asked == [request]
    decline(actor=Actor.on_web(bob), request=request, now=LATER, comment="still in use")
    assert my_work(ann, LATER + timedelta(days=6)).asked == [request]
    assert my_work(ann, LATER + timedelta(days=7)).asked == []
    client.force_login(ann)
    assert "still in use" in client.get(f"/approvals/{request.pk}/").content.decode()
