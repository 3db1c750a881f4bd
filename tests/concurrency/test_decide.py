"""Two people, or a person and an import, at the same moment on the real database."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import transaction

from exceptions_app.errors import AlreadySettled, AlreadyUndone, NotFound
from exceptions_app.models.approval import ApprovalRequest
from exceptions_app.models.decision import Decision
from exceptions_app.models.exception import ProcessException
from exceptions_app.models.policy import Policy, PolicyAssignment, Revision
from exceptions_app.models.watch import Watch
from exceptions_app.policies.approval import approve
from exceptions_app.policies.approval_rules import add_rule
from exceptions_app.policies.assign import assign
from exceptions_app.policies.publish import publish
from exceptions_app.triage.claims import Claimed, claim
from exceptions_app.triage.decide import Result, respond
from exceptions_app.triage.respond_request import ask_to_respond
from exceptions_app.triage.undo import undo
from tests.concurrency.at_once import at_once
from tests.exceptions_app.acts import give, make_policy, watch
from tests.make import NOW, SYSTEM, make_group, make_process, make_sighting, make_user
from truscan import audit, coverage
from truscan.access.actor import Actor, Means
from truscan.models.counts import FOREVER, Sighting
from truscan.models.process import Process

pytestmark = pytest.mark.django_db(transaction=True)

LATER = NOW + timedelta(minutes=1)


def test_of_two_who_decide_one_wins_and_the_other_is_told() -> None:
    policy, process = make_policy("Top", "Global"), make_process()
    make_sighting(process, make_group("Global"))
    anna, ben = Actor("anna", Means.WEB), Actor("ben", Means.WEB)
    results = at_once(
        lambda: give(process, policy, "ignore", actor=anna, now=LATER, seen_at=NOW),
        lambda: give(process, policy, "terminate", actor=ben, now=LATER, seen_at=NOW),
    )
    told = [result for result in results if isinstance(result, Result)]
    winner, loser = sorted(told, key=lambda result: -result.applied)
    assert (winner.applied, loser.applied, loser.decision) == (1, 0, None)
    assert loser.skipped[0].code == "decided_meanwhile"
    assert winner.decision is not None
    assert f"by {winner.decision.actor_name}" in loser.skipped[0].why
    assert ProcessException.objects.count() == 1
    assert audit.verify()[2] == []


def test_many_equal_decisions_are_one() -> None:
    policies = [make_policy("A", "Global"), make_policy("B", "Plant")]
    process = make_process()

    def act(order: int) -> Callable[[], object]:
        return lambda: respond(
            actor=SYSTEM,
            processes=[process.pk],
            policies=policies[::order],
            response="ignore",
            reason="same",
            now=NOW,
        )

    results = at_once(*(act(1 if n % 2 else -1) for n in range(6)))
    assert sorted(r.applied for r in results if isinstance(r, Result)) == [0, 0, 0, 0, 0, 2]
    assert Decision.objects.count() == 1


def test_of_two_undos_one_wins() -> None:
    policy, process = make_policy(), make_process()
    decision = give(process, policy).decision
    assert decision is not None
    act = lambda: undo(actor=SYSTEM, decision=decision, now=LATER)  # noqa: E731
    results = at_once(act, act, act)
    assert sum(isinstance(result, Result) for result in results) == 1
    assert sum(isinstance(result, AlreadyUndone) for result in results) == 2
    assert Decision.objects.filter(kind="undo").count() == 1


def test_many_publish_one_revision() -> None:
    policy = make_policy()
    give(make_process(), policy)
    act = lambda: publish(actor=SYSTEM, policy=policy, now=LATER)  # noqa: E731
    assert len(set(at_once(act, act, act, act))) == 1
    assert [revision.number for revision in Revision.objects.all()] == [1]
    assert audit.verify()[2] == []


def test_two_who_observe_make_one_watch() -> None:
    process, group = make_process(), make_group("Global")
    results = at_once(lambda: watch(process, group), lambda: watch(process, group))
    assert sorted(r.applied for r in results if isinstance(r, Result)) == [0, 1]
    assert Watch.objects.count() == 1


def test_moving_a_policy_while_deciding_leaves_true_coverage() -> None:
    group = make_group("Global")
    old, new = make_policy("Old", "Global"), make_policy("New")
    processes = [make_process(f"{n}.exe", hash=f"{n:063x}1") for n in range(1, 40)]
    for process in processes:
        make_sighting(process, group)
    at_once(
        lambda: assign(actor=SYSTEM, policy=new, group=group),
        *(lambda p=process: give(p, new) for process in processes[:3]),
        *(lambda p=process: give(p, old) for process in processes[3:6]),
    )
    assert PolicyAssignment.objects.get().policy == new
    covered = set(
        Sighting.objects.filter(covered_until=FOREVER).values_list("process_id", flat=True)
    )
    assert covered == {process.pk for process in processes[:3]}


def test_an_import_that_could_not_see_a_decision_is_settled_after_its_commit() -> None:
    group, policy = make_group("Global"), make_policy("Top", "Global")
    process = make_process()
    asked, done = threading.Event(), threading.Event()

    def bring_in() -> None:
        with transaction.atomic():
            row = make_sighting(process, group)
            coverage.registered().after_fold([row.pk], NOW)
            asked.set()
            assert done.wait(10)

    def decide() -> object:
        assert asked.wait(10)
        try:
            return give(process, policy)
        finally:
            done.set()

    at_once(bring_in, decide)
    assert Sighting.objects.get().covered_until == FOREVER


def test_imports_and_decisions_never_deadlock() -> None:
    groups = [make_group(f"Global\\{n}") for n in range(4)]
    policy = make_policy("Top", "Global")
    processes = [make_process(f"{n}.exe", hash=f"{n:063x}1") for n in range(1, 30)]
    rows = [make_sighting(process, group).pk for process in processes for group in groups]
    ids = [process.pk for process in processes]

    def bring_in() -> None:
        for _ in range(4):
            with transaction.atomic():
                locked = Sighting.objects.select_for_update().filter(pk__in=rows)
                list(locked.order_by("process_id", "group_id"))
                Sighting.objects.filter(pk__in=rows).update(occurrences=7)
                coverage.registered().after_fold(rows, NOW)

    def decide() -> None:
        for response in ("ignore", "terminate"):
            result = respond(
                actor=SYSTEM,
                processes=ids,
                policies=[policy],
                response=response,
                reason="x",
                now=NOW,
            )
            if result.decision is not None:
                undo(actor=SYSTEM, decision=result.decision, now=NOW)

    def observe_some() -> None:
        for process in processes[:3]:
            watch(process, groups[0], tripwires={"occurrences": 1})

    assert at_once(bring_in, decide, bring_in, observe_some, decide) == [None] * 5
    assert audit.verify()[2] == []


def test_of_two_approvers_one_carries_it_out_and_of_two_claims_one_wins() -> None:
    policy, process = make_policy("Top", "Global"), make_process()
    make_sighting(process, make_group("Global"))
    add_rule(actor=SYSTEM, now=NOW, response="terminate")
    request = ask_to_respond(
        actor=SYSTEM, processes=[process.pk], policies=[policy], response="terminate",
        reason="bad", now=NOW,
    )  # fmt: skip
    people = [make_user(name, "approver") for name in ("ann", "ben", "carl")]
    actors = [Actor.on_web(person) for person in people]
    results = at_once(
        *(lambda a=actor: approve(actor=a, request=request, now=LATER) for actor in actors)
    )
    assert sum(isinstance(result, ApprovalRequest) for result in results) == 1
    told = [str(result) for result in results if isinstance(result, AlreadySettled)]
    (row,) = ProcessException.objects.all()
    assert row.approver is not None
    assert told == [f"The request was approved by {row.approver.username}:" + DONE] * 2
    claims = at_once(
        *(
            lambda u=person: claim(actor=Actor.on_web(u), user=u, processes=[process.pk], now=NOW)
            for person in people
        )
    )
    assert sum(bool(one.won) for one in claims if isinstance(one, Claimed)) == 1
    assert audit.verify()[2] == []


DONE = " there is nothing to do any more."


def test_a_policy_deleted_and_a_listing_while_the_dialog_was_open_are_told() -> None:
    policy, gone = make_policy("Top", "Global"), make_policy("Gone")
    process, listed = make_process(), make_process("listed.exe", "b")
    Policy.objects.filter(pk=gone.pk).delete()
    with pytest.raises(NotFound, match="deleted meanwhile"):
        give(process, gone)
    Process.objects.filter(pk=listed.pk).update(on_symantec_list=True)
    result = respond(
        actor=SYSTEM, processes=[process.pk, listed.pk], policies=[policy], response="ignore",
        reason="x", now=LATER, seen_at=NOW,
    )  # fmt: skip
    assert (result.applied, [skip.code for skip in result.skipped]) == (1, ["symantec_list"])
