"""Rules that people sign: whose word counts, what they decide and leave."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from exceptions_app.errors import NotOn, OutOfDate
from exceptions_app.models.decision import Decision, DecisionItem
from exceptions_app.models.exception import ProcessException
from exceptions_app.models.rule import Rule, RuleAct
from exceptions_app.models.watch import Watch
from exceptions_app.policies.approval_rules import add_rule
from exceptions_app.rules.act import tick
from exceptions_app.rules.sign import allow_batch, switch_off
from exceptions_app.rules.simulate import simulate
from exceptions_app.triage.undo import undo
from tests.exceptions_app.acts import give, make_policy, watch
from tests.exceptions_app.rules.writing import LABS, LATER, SALES, active, ours, sign, signed, write
from tests.exceptions_app.web.estate import make_seen
from tests.make import NOW, SYSTEM, make_group, make_user
from truscan.models.audit import AuditEvent
from truscan.models.delivery import OutboxMessage

if TYPE_CHECKING:
    pass


@pytest.mark.django_db
def test_a_signed_rule_decides_what_waits_and_says_who_signed_it() -> None:
    user, policy = make_user("anna", "analyst"), make_policy("Sales", SALES)
    rule = write(user, policy)
    first, other = ours("one.exe", "a"), make_seen("else.exe", "b", (make_group(SALES),))
    nameless = ours("nohash.exe", "c", hash="")
    listed = ours("listed.exe", "d", on_symantec_list=True)
    assert tick(NOW) == 0  # a draft
    sign(user, rule)
    assert tick(NOW) == 1
    assert active(policy) == {first.name}
    decision = Decision.objects.get(means="rule")
    assert decision.actor_user == user
    assert decision.actor_name == "rule Contoso is ours, signed by anna"
    assert "version 1: bought software" in decision.reason
    assert RuleAct.objects.get().decision == decision
    event = AuditEvent.objects.get(code="decision.responded")
    assert (event.actor_name, event.means) == (decision.actor_name, "rule")
    assert {other.pk, nameless.pk, listed.pk}.isdisjoint(
        DecisionItem.objects.values_list("process", flat=True)
    )
    # Doubled and late ticks change nothing; what comes later is decided at the next look.
    assert tick(NOW) == tick(LATER) == 0
    ours("two.exe", "e")
    assert tick(NOW) == 0
    assert tick(LATER + timedelta(hours=2)) == 1
    assert active(policy) == {"one.exe", "two.exe"}
    assert Decision.objects.filter(means="rule").count() == 2


@pytest.mark.django_db
def test_a_persons_word_stands_against_every_rule() -> None:
    user = make_user("anna", "analyst")
    policy, labs = make_policy("Sales", SALES), make_policy("Labs", LABS)
    elsewhere, undone, observed = (
        ours(f"{name}.exe", digit, SALES, LABS)
        for name, digit in (("elsewhere", "a"), ("undone", "b"), ("observed", "c"))
    )
    give(elsewhere, labs, "quarantine")
    own = give(undone, policy).decision
    assert own
    undo(actor=SYSTEM, decision=own, now=NOW)
    watch(observed, make_group(LABS))
    free = ours("free.exe", "d")
    rule = signed(user, policy)
    told = simulate(rule, user, NOW)
    assert (told.matches, told.contradict, told.agree, told.now) == (4, 2, 0, 1)
    assert tick(NOW) == 1
    assert active(policy) == {free.name}
    # Its undo by a person stands, whatever is imported later.
    decision = Decision.objects.get(means="rule")
    undo(actor=SYSTEM, decision=decision, now=NOW)
    assert tick(LATER) == 0
    assert active(policy) == set()
    sign_again = Rule.objects.get()
    switch_off(actor=SYSTEM, rule=sign_again)
    sign(user, sign_again)
    assert tick(LATER) == 0
    # And undoing that undo is a person's word too.
    undo(actor=SYSTEM, decision=Decision.objects.get(kind="undo", undoes=decision), now=LATER)
    assert active(policy) == {free.name}


@pytest.mark.django_db
def test_the_first_by_priority_decides_and_others_leave_it() -> None:
    user, policy = make_user("anna", "analyst"), make_policy("Sales", SALES)
    ours("one.exe", "a")
    signed(user, policy, name="late", priority=20, response="quarantine")
    signed(user, policy, name="early", priority=10)
    assert tick(NOW) == 1
    assert ProcessException.objects.get(retired_at=None).response == "ignore"


@pytest.mark.django_db
def test_it_observes_and_leaves_protected_programs_alone() -> None:
    user, policy = make_user("anna", "analyst"), make_policy("Sales", SALES)
    group = make_group(SALES)
    ours("lsass.exe", "a", generic_path="%WINDIR%\\System32\\lsass.exe")
    plain = ours("tool.exe", "b")
    add_rule(actor=SYSTEM, now=NOW, risk_class="keylogger", response="terminate")
    ours("keys.exe", "d", summary={"risk_class": "keylogger"})  # waits for two pairs of eyes
    signed(user, policy, response="terminate")
    assert tick(NOW) == 1
    assert active(policy) == {plain.name}
    unsure = make_seen("odd.exe", "c", (group,), company_name="Odd")
    told = {"conditions": {"company": ["odd"]}, "groups": [group.pk], "policies": []}
    signed(user, name="watch", response="observe", **told)
    assert tick(LATER) == 1
    assert Watch.objects.get(ended_at=None).process == unsure


@pytest.mark.django_db
def test_too_many_at_once_wait_for_a_person() -> None:
    user, policy = make_user("anna", "analyst"), make_policy("Sales", SALES)
    rule = signed(user, policy, most=2)
    for number, digit in enumerate("abc"):
        ours(f"t{number}.exe", digit)
    assert tick(LATER) == 0
    rule.refresh_from_db()
    assert rule.state == "asking"
    assert "matches 3 processes at once" in rule.said
    assert OutboxMessage.objects.get().recipient == user
    assert tick(LATER) == 0
    with pytest.raises(OutOfDate):
        allow_batch(actor=SYSTEM, user=user, rule=rule, count=2, now=LATER)
    allow_batch(actor=SYSTEM, user=user, rule=rule, count=3, now=LATER)
    assert tick(LATER) == 1
    assert len(active(policy)) == 3
    with pytest.raises(NotOn):
        allow_batch(actor=SYSTEM, user=user, rule=rule, count=3, now=LATER)
    # Confirmed once, not for ever.
    for number, digit in enumerate("def"):
        ours(f"u{number}.exe", digit)
    assert tick(LATER + timedelta(hours=3)) == 0
