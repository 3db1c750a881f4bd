"""Back to an earlier revision: the same rules, published anew, and nothing published changed."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from exceptions_app.errors import NothingChosen
from exceptions_app.models.decision import Decision
from exceptions_app.models.exception import ProcessException
from exceptions_app.models.policy import Revision
from exceptions_app.policies.diff import between
from exceptions_app.policies.go_back import differences, go_back
from exceptions_app.policies.publish import pending, publish
from exceptions_app.triage.decide import retire
from exceptions_app.triage.same_files import link_same_file
from exceptions_app.triage.undo import undo
from tests.cases import cases
from tests.exceptions_app.acts import give, make_policy
from tests.make import NOW, SYSTEM, make_process
from truscan.models.audit import AuditEvent

if TYPE_CHECKING:
    from exceptions_app.models.policy import Policy
    from truscan.models.process import Process

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(days=7)


def draft(policy: Policy) -> dict[str, str]:
    kept = ProcessException.objects.filter(policy=policy, retired_at=None)
    return dict(kept.values_list("process__name", "response"))


def entries(revision: Revision) -> list[object]:
    found: list[object] = json.loads(revision.canonical)["entries"]
    return found


def drop(process: Process, policy: Policy) -> None:
    rows = ProcessException.objects.filter(process=process, policy=policy, retired_at=None)
    ids = list(rows.values_list("pk", flat=True))
    retire(actor=SYSTEM, exceptions=ids, reason="gone", now=LATER)


def test_the_rules_stand_as_they_were_written() -> None:
    """Kept, changed, removed and added rules: all four ways back."""
    policy = make_policy()
    kept, changed, removed, added = (make_process(f"{c}.exe", c) for c in "abcd")
    for process in (kept, changed, removed):
        give(process, policy, "ignore", reason=f"why {process.name}")
    first = publish(actor=SYSTEM, policy=policy, now=NOW)
    give(changed, policy, "terminate", now=LATER)
    drop(removed, policy)
    give(added, policy, "quarantine", now=LATER)
    second = publish(actor=SYSTEM, policy=policy, now=LATER)
    before = [first.canonical, second.canonical]

    told = differences(first, LATER)
    assert [one.name for one in told.added] == ["c.exe"]
    assert [(one.before, one.after) for one in told.changed] == [("terminate", "ignore")]
    assert [one.name for one in told.retired] == ["d.exe"]

    third, result = go_back(actor=SYSTEM, revision=first, reason="the ERP stopped", now=LATER)
    assert third.number == 3
    assert third.note == "Back to revision 1: the ERP stopped"
    assert entries(third) == entries(first)
    assert not between(first, third)
    assert result.applied == 3
    assert draft(policy) == dict.fromkeys(("a.exe", "b.exe", "c.exe"), "ignore")
    again = list(Revision.objects.filter(number__lt=3).order_by("number"))
    assert [revision.canonical for revision in again] == before
    acts = AuditEvent.objects.order_by("pk").values_list("code", flat=True)
    assert list(acts)[-2:] == ["decision.went_back", "policy.published"]


def test_unpublished_changes_leave_the_draft_and_undo_brings_them_back() -> None:
    policy = make_policy()
    give(make_process("a.exe", "a"), policy)
    first = publish(actor=SYSTEM, policy=policy, now=NOW)
    give(make_process("b.exe", "b"), policy, "terminate", now=LATER)
    with pytest.raises(NothingChosen, match="Say why"):
        go_back(actor=SYSTEM, revision=first, reason=" ", now=LATER)
    same, result = go_back(actor=SYSTEM, revision=first, reason="not yet", now=LATER)
    assert same == first  # what clients have did not change
    assert draft(policy) == {"a.exe": "ignore"}
    assert result.decision is not None
    undo(actor=SYSTEM, decision=result.decision, now=LATER)
    assert draft(policy) == {"a.exe": "ignore", "b.exe": "terminate"}
    assert Revision.objects.count() == 1


def test_nothing_to_go_back_to_is_said() -> None:
    policy = make_policy()
    give(make_process("a.exe", "a"), policy)
    first = publish(actor=SYSTEM, policy=policy, now=NOW)
    with pytest.raises(NothingChosen, match="nothing to go back to"):
        go_back(actor=SYSTEM, revision=first, reason="why not", now=LATER)
    assert not Decision.objects.filter(kind="go_back").exists()


def test_what_expired_or_came_onto_the_list_is_left_out_and_told() -> None:
    policy = make_policy()
    short, listed, stays = (make_process(f"{c}.exe", c) for c in "abc")
    give(short, policy, expires_at=NOW + timedelta(days=1))
    give(listed, policy, "quarantine")
    give(stays, policy)
    first = publish(actor=SYSTEM, policy=policy, now=NOW)
    give(stays, policy, "terminate", now=LATER)
    publish(actor=SYSTEM, policy=policy, now=LATER)
    type(listed).objects.filter(pk=listed.pk).update(on_symantec_list=True)
    published, result = go_back(actor=SYSTEM, revision=first, reason="back", now=LATER)
    assert [str(e["process"]["name"]) for e in entries(published)] == ["c.exe"]  # type: ignore[index]
    assert sorted(skip.why.split(" ")[0] for skip in result.skipped) == ["a.exe", "b.exe"]
    assert draft(policy) == {"c.exe": "ignore"}


def test_undo_of_an_older_decision_respects_going_back() -> None:
    """What stood already was wanted by going back too, so undo of it is told as later."""
    policy = make_policy()
    process, other = make_process("a.exe", "a"), make_process("b.exe", "b")
    decision = give(process, policy).decision
    first = publish(actor=SYSTEM, policy=policy, now=NOW)
    give(other, policy, now=LATER)
    go_back(actor=SYSTEM, revision=first, reason="back", now=LATER)
    assert decision is not None
    result = undo(actor=SYSTEM, decision=decision, now=LATER)
    assert [skip.code for skip in result.skipped] == ["later_decision"]
    assert draft(policy) == {"a.exe": "ignore"}


def test_a_conflict_leaves_everything_as_it_was() -> None:
    """Two hashes of one file with different responses, linked after they were published."""
    policy = make_policy()
    one = make_process("a.exe", "a")
    two = make_process("b.exe", hash="b" * 40, hash_type="sha1")
    give(one, policy, "ignore")
    give(two, policy, "terminate")
    first = publish(actor=SYSTEM, policy=policy, now=NOW)
    drop(two, policy)
    publish(actor=SYSTEM, policy=policy, now=LATER)
    link_same_file(actor=SYSTEM, first=one, second=two)
    with pytest.raises(Exception, match="different responses"):
        go_back(actor=SYSTEM, revision=first, reason="back", now=LATER)
    assert draft(policy) == {"a.exe": "ignore"}
    assert Revision.objects.count() == 2


ACTS = st.lists(
    st.tuples(st.integers(0, 3), st.sampled_from(["ignore", "terminate", "drop", "publish"])),
    max_size=12,
)


@given(acts=ACTS, target=st.integers(0, 99))
@settings(max_examples=cases(25), deadline=None)
def test_any_revision_can_be_stood_up_again(acts: list[tuple[int, str]], target: int) -> None:
    with transaction.atomic():  # an example leaves nothing to the next one
        _stand_up_again(acts, target)
        transaction.set_rollback(True)


def _stand_up_again(acts: list[tuple[int, str]], target: int) -> None:
    policy = make_policy()
    processes = [make_process(f"{digit}.exe", digit) for digit in "abcd"]
    for minute, (which, what) in enumerate(acts):
        at = NOW + timedelta(minutes=minute)
        if what == "publish":
            publish(actor=SYSTEM, policy=policy, now=at)
        elif what != "drop":
            give(processes[which], policy, what, now=at)
        elif processes[which].name in draft(policy):
            drop(processes[which], policy)
    publish(actor=SYSTEM, policy=policy, now=LATER)
    revisions = list(policy.revisions.order_by("number"))
    wanted, was = revisions[target % len(revisions)], draft(policy)
    try:
        published, result = go_back(actor=SYSTEM, revision=wanted, reason="back", now=LATER)
    except NothingChosen:
        assert entries(wanted) == entries(revisions[-1])
        return
    assert entries(published) == entries(wanted)
    assert not pending(policy, LATER)
    if result.decision is not None:
        undo(actor=SYSTEM, decision=result.decision, now=LATER)
        assert draft(policy) == was
