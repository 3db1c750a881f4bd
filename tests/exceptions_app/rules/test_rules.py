"""Rules that people sign: what they mean, whose word counts, when they stop."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exceptions_app.errors import BadValue, NotOn, OutOfDate
from exceptions_app.models.decision import Decision, DecisionItem
from exceptions_app.models.exception import ProcessException
from exceptions_app.models.rule import Rule, RuleAct
from exceptions_app.models.suggestion import Suggestion
from exceptions_app.models.watch import Watch
from exceptions_app.policies.approval_rules import add_rule
from exceptions_app.rules.act import tick
from exceptions_app.rules.conditions import checked, words
from exceptions_app.rules.match import matching
from exceptions_app.rules.sign import (
    Terms,
    allow_batch,
    digest_of,
    save_rule,
    sign_rule,
    switch_off,
)
from exceptions_app.rules.simulate import simulate
from exceptions_app.triage.decide import retire
from exceptions_app.triage.undo import undo
from tests.exceptions_app.acts import give, make_policy, watch
from tests.exceptions_app.web.estate import make_seen
from tests.make import NOW, SYSTEM, make_group, make_user
from tests.tokens import Caller
from truscan.models.access import RoleGrant
from truscan.models.audit import AuditEvent
from truscan.models.delivery import OutboxMessage
from truscan.models.process import Process

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from exceptions_app.models.policy import Policy

SALES, LABS = "My Company\\Sales", "My Company\\Labs"
LATER = NOW + timedelta(hours=2)
CONTOSO = {"signer": ["contoso"]}


def terms(*policies: Policy, **more: Any) -> Terms:
    told: dict[str, Any] = {
        "name": "Contoso is ours",
        "conditions": CONTOSO,
        "response": "ignore",
        "policies": [policy.pk for policy in policies],
        "groups": [],
        "reason": "bought software",
        "review_on": date(2027, 1, 1),
    }
    return Terms(**{**told, **more})


def write(user: User, *policies: Policy, **more: Any) -> Rule:
    return save_rule(actor=SYSTEM, user=user, terms=terms(*policies, **more), now=NOW)


def sign(user: User, rule: Rule) -> None:
    rule.refresh_from_db()
    shown = simulate(rule, user, NOW)
    sign_rule(actor=SYSTEM, user=user, rule=rule, digest=digest_of(rule), shown=shown, now=NOW)


def signed(user: User, *policies: Policy, **more: Any) -> Rule:
    rule = write(user, *policies, **more)
    sign(user, rule)
    return rule


def ours(name: str, digit: str, *paths: str, **more: Any) -> Process:
    groups = tuple(make_group(path) for path in paths or (SALES,))
    return make_seen(name, digit, groups, signer="Contoso", **more)


def active(policy: Policy) -> set[str]:
    rows = ProcessException.objects.filter(policy=policy, retired_at=None)
    return set(rows.values_list("process__name", flat=True))


@pytest.mark.parametrize(
    "data",
    [
        [],
        {"signers": ["x"]},
        {"signer": "contoso"},
        {"signer": [3]},
        {"name": ["*"]},
        {"computers_min": 3},
        {"signer": ["x"], "computers_min": True},
        {"signer": ["x"], "computers_min": -1},
        {"signer": ["x"], "computers_min": 9, "computers_max": 3},
        {"signer": ["x"], "sure_min": 90},
        {"suggests": ["ignore"], "sure_min": 101},
        {"signer": ["x"], "location": ["moon"]},
        {"signer": ["x" * 301]},
        {"signer": [str(n) for n in range(60)]},
        {"signer": ["\0", " "]},
    ],
)
def test_it_rejects_conditions_that_mean_nothing_or_everything(data: object) -> None:
    with pytest.raises(BadValue):
        checked(data)


def test_conditions_are_folded_and_told_in_words() -> None:
    told = checked({"signer": [" Contoso\0", "contoso"], "name": ["Tool*.EXE"], "groups_max": 3})
    assert told == {"signer": ["contoso"], "name": ["tool*.exe"], "groups_max": 3}
    assert words(told) == ["signed by contoso", "named tool*.exe", "in at most 3 groups"]


@pytest.mark.django_db
def test_each_condition_narrows_and_a_star_is_any_text() -> None:
    group = make_group(SALES)
    tool = ours("Tool[1].exe", "a", summary={"computers": 40, "security_occurrences": 1})
    temp = ours(
        "x.exe", "b", company_name="Other",
        generic_path="%USERPROFILE%\\AppData\\Local\\Temp\\x.exe",
    )  # fmt: skip
    Suggestion.objects.create(process=tool, response="ignore", rate=1, bound=0.95, answers=60)

    def found(**told: Any) -> set[int]:
        rows = matching(checked(told), NOW + timedelta(days=9))
        return set(rows.values_list("pk", flat=True))

    assert found(signer=["CONTOSO"]) == {tool.pk, temp.pk}
    for told in (
        {"name": ["tool[*.EXE"]}, {"company": ["contoso"]}, {"path": ["%programfiles%\\contoso"]},
        {"suggests": ["ignore"], "sure_min": 95}, {"signer": ["contoso"], "location": ["programs"]},
        {"signer": ["contoso"], "computers_min": 2},
    ):  # fmt: skip
        assert found(**told) == {tool.pk}, told
    assert found(signer=["contoso"], location=["temp"]) == {temp.pk}
    assert found(signer=["contoso"], events=["potential_risk"]) == {temp.pk}
    assert found(suggests=["ignore"], sure_min=96) == set()
    assert found(name=["tool"]) == found(path=["c:\\"]) == set()
    assert found(signer=["contoso"], known_days_min=9) == {tool.pk, temp.pk}
    assert found(signer=["contoso"], known_days_min=10) == set()
    assert found(signer=["contoso"], detections_min=6, groups_max=group.pk + 9) == set()


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


@pytest.mark.django_db
def test_it_stops_with_its_signers_rights_its_review_date_and_its_policy() -> None:
    sales = make_group(SALES)
    user = make_user("anna", "analyst", sales)
    policy = make_policy("Sales", SALES)
    wide = make_policy("Wide", "My Company")
    with pytest.raises(BadValue):
        write(user, wide)
    rule = signed(user, policy)
    ours("one.exe", "a")
    RoleGrant.objects.filter(user=user).delete()
    assert tick(LATER) == 0
    rule.refresh_from_db()
    assert rule.state == "stopped"
    assert "anna, who signed it, may not decide" in rule.said
    assert active(policy) == set()
    assert AuditEvent.objects.filter(code="rule.stopped").exists()
    other = make_user("berta", "analyst")
    sign(other, rule)
    assert tick(NOW + timedelta(days=400)) == 0
    rule.refresh_from_db()
    assert "review date" in rule.said
    fresh = signed(other, make_policy("Gone", LABS), name="gone", conditions={"company": ["x"]})
    fresh.policies.clear()
    assert tick(LATER) == 0
    fresh.refresh_from_db()
    assert fresh.state == "stopped"


@pytest.mark.django_db
def test_changed_terms_are_signed_anew_and_only_as_they_were_seen() -> None:
    user, policy = make_user("anna", "analyst"), make_policy("Sales", SALES)
    rule = signed(user, policy)
    seen = digest_of(rule)
    same = save_rule(actor=SYSTEM, user=user, terms=terms(policy), now=LATER, rule=rule)
    assert same.state == "on"
    changed = terms(policy, conditions={"signer": ["fabrikam"]})
    save_rule(actor=SYSTEM, user=user, terms=changed, now=LATER, rule=rule)
    ours("one.exe", "a")
    assert tick(LATER) == 0
    shown = simulate(Rule.objects.get(), user, NOW)
    with pytest.raises(OutOfDate):
        sign_rule(actor=SYSTEM, user=user, rule=rule, digest=seen, shown=shown, now=LATER)
    sign(user, rule)
    assert [s.version for s in rule.signings.all()] == [2, 1]
    with pytest.raises(BadValue):
        write(user, policy)  # the name is taken
    with pytest.raises(BadValue):
        write(user, policy, name="old", review_on=NOW.date())


@pytest.mark.django_db
def test_rest_and_the_command_line_do_what_the_pages_do() -> None:
    user, policy = make_user("anna", "analyst"), make_policy("Sales", SALES)
    ours("one.exe", "a")
    api = Caller(user)
    told = {
        "name": "By REST", "conditions": CONTOSO, "response": "ignore", "policies": [policy.pk],
        "reason": "bought", "review_on": "2999-01-01",
    }  # fmt: skip
    made = api.post("rules/", told)
    assert made.status_code == 201, made.content
    pk, digest = made.json()["id"], made.json()["digest"]
    assert api.post("rules/", {**told, "conditions": {}}).status_code == 400
    assert api.get(f"rules/{pk}/simulation/").json()["now"] == 1
    assert api.post(f"rules/{pk}/sign/", {"digest": "0" * 64}).json()["code"] == "out_of_date"
    assert api.post(f"rules/{pk}/sign/", {"digest": digest}).json()["state"] == "on"
    assert tick(NOW) == 1
    assert api.post(f"rules/{pk}/off/", {}).json()["state"] == "off"
    call_command(
        "rule", "write", "By hand", user="anna", conditions='{"company": ["fabrikam"]}',
        response="observe", group=[SALES], reason="unknown", review_on="2999-01-01",
    )  # fmt: skip
    call_command("rule", "simulate", "By hand", user="anna")
    call_command("rule", "sign", "By hand", user="anna", json=True)
    call_command("rule", "list", json=True)
    assert Rule.objects.get(name="By hand").state == "on"
    for wrong in ({"user": "nobody"}, {"user": "anna", "conditions": "{"}):
        with pytest.raises(CommandError):
            call_command("rule", "write", "x", **wrong)


ACTS = st.lists(
    st.tuples(
        st.sampled_from(["give", "undo", "retire", "watch", "tick", "again"]), st.integers(0, 2)
    ),
    max_size=9,
)


@given(acts=ACTS)
@settings(
    max_examples=6,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@pytest.mark.django_db
def test_whatever_happens_no_rule_touches_what_a_person_touched(
    acts: list[tuple[str, int]],
) -> None:
    with transaction.atomic():
        user, policy = make_user("anna", "analyst"), make_policy("Sales", SALES)
        group = make_group(SALES)
        processes = [ours(f"t{n}.exe", "abc"[n]) for n in range(3)]
        rule = signed(user, policy)
        touched: set[int] = set()
        for step, (act, number) in enumerate(acts):
            now, process = NOW + timedelta(hours=2 * step), processes[number]
            if act == "tick":
                before = DecisionItem.objects.count()
                tick(now)
                new = DecisionItem.objects.order_by("pk")[before:]
                assert touched.isdisjoint(new.values_list("process", flat=True))
                continue
            if act == "again":
                switch_off(actor=SYSTEM, rule=rule)
                sign(user, rule)
                continue
            touched |= _by_hand(act, process, policy, group, now)
        transaction.set_rollback(True)


def _by_hand(act: str, process: Process, policy: Policy, group: Any, now: Any) -> set[int]:
    """Processes that a person touched by the act."""
    if act == "undo":
        last = Decision.objects.filter(undone_at=None).order_by("-pk").first()
        if last is None:
            return set()
        undo(actor=SYSTEM, decision=last, now=now)
        return set(last.items.values_list("process", flat=True))
    if act == "retire":
        rows = ProcessException.objects.filter(process=process, retired_at=None)
        ids = list(rows.values_list("pk", flat=True))
        if ids:
            retire(actor=SYSTEM, exceptions=ids, reason="no", now=now)
        return {process.pk} if ids else set()
    done = (
        give(process, policy, "quarantine", now=now)
        if act == "give"
        else watch(process, group, now=now)
    )
    return {process.pk} if done.decision else set()
