"""When rules stop, are signed anew, and the ways to write them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from exceptions_app.errors import BadValue, OutOfDate
from exceptions_app.models.rule import Rule
from exceptions_app.rules.act import tick
from exceptions_app.rules.sign import digest_of, save_rule, sign_rule
from exceptions_app.rules.simulate import simulate
from tests.exceptions_app.acts import make_policy
from tests.exceptions_app.rules.writing import (
    CONTOSO,
    LABS,
    LATER,
    SALES,
    active,
    ours,
    sign,
    signed,
    terms,
    write,
)
from tests.make import NOW, SYSTEM, make_group, make_user
from tests.tokens import Caller
from truscan.models.access import RoleGrant
from truscan.models.audit import AuditEvent

if TYPE_CHECKING:
    pass


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
    assert rule.owner == other, "who signs owns it"
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
