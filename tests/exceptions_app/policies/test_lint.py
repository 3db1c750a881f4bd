"""Each finding with what brings it and what is near it and does not; the gate; the protect list."""

from __future__ import annotations

import io
import json
import re
import uuid
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from exceptions_app.errors import BadValue, NeedsSecondPerson, OutOfDate
from exceptions_app.models.lint import Grade
from exceptions_app.models.policy import Revision
from exceptions_app.policies.approval import approve
from exceptions_app.policies.assign import create_policy
from exceptions_app.policies.estate_edits import add_location
from exceptions_app.policies.gate import findings_of
from exceptions_app.policies.go_back import go_back
from exceptions_app.policies.known_programs import Protected, protect_list, shipped
from exceptions_app.policies.lint import PolicyFacts, RuleFacts, lint
from exceptions_app.policies.lint_facts import WRITABLE
from exceptions_app.policies.lint_settings import set_lint, set_protected
from exceptions_app.policies.publish import publish
from exceptions_app.policies.publish_request import ask_to_publish
from exceptions_app.triage.same_files import link_same_file
from tests.exceptions_app.acts import give, make_policy
from tests.exceptions_app.web.estate import make_seen
from tests.make import NOW, SYSTEM, make_computer, make_group, make_process, make_user
from tests.tokens import Caller
from truscan.access.actor import Actor
from truscan.logs.path_folding import generic_path
from truscan.models.audit import AuditEvent
from truscan.models.presence import Presence
from truscan.models.process import Appearance, Process

if TYPE_CHECKING:
    from django.test import Client

    from exceptions_app.models.policy import Policy

LATER = NOW + timedelta(days=1)


def rule(pk: int = 1, **facts: Any) -> RuleFacts:
    told: dict[str, Any] = {
        "exception_id": pk,
        "process_id": pk,
        "name": "erp.exe",
        "path": "%PROGRAMFILES%\\erp.exe",
        "response": "ignore",
        "hash_kinds": frozenset({"sha256"}),
        "signer": "Contoso",
        "groups_seen": 1,
    }
    return RuleFacts(**{**told, **facts})


def codes(*rules: RuleFacts, **facts: Any) -> list[str]:
    told: dict[str, Any] = {"groups": 1, "computers": 100, "evidence_percent": 10, **facts}
    found = lint(PolicyFacts(name="P", now=NOW, rules=rules, **told))
    assert all(one.grade in Grade and one.reason and one.way_out for one in found)
    return [one.code for one in found]


@pytest.mark.parametrize(
    ("facts", "found"),
    [
        ({}, []),
        ({"signer": ""}, ["no_signer"]),
        ({"is_scripting_host": True}, ["scripting_host"]),
        ({"is_scripting_host": True, "response": "terminate"}, []),
        ({"writable": ("%PUBLIC%\\a.exe",)}, ["user_writable"]),
        ({"hash_kinds": frozenset({"sha1"})}, ["sha1_only"]),
        ({"hash_kinds": frozenset({"sha1", "sha256"})}, []),
        ({"hash_kinds": frozenset({"md5"})}, ["never_matches"]),
        ({"on_symantec_list": True}, ["never_matches"]),
        ({"expires_at": NOW}, ["never_matches"]),
        ({"expires_at": LATER}, []),
        ({"hash_kinds": frozenset(), "name": "", "response": "terminate"}, ["never_matches"]),
        ({"groups_seen": 0}, ["broader_than_evidence"]),
        ({"protected": "browser (firefox.exe)"}, []),
        ({"protected": "browser (firefox.exe)", "response": "quarantine"}, ["protected"]),
        ({"wide": 6, "response": "terminate"}, ["widely_used"]),
        ({"elsewhere": (("terminate", "Q", "A\\B", "below"),)}, ["subgroup_differs"]),
        ({"elsewhere": (("ignore", "Q", "A\\B", "below"),)}, []),
        ({"elsewhere": (("terminate", "Q", "A, location VPN", "beside"),)}, ["location_differs"]),
        ({"response": "quarantine", "elsewhere": (("terminate", "Q", "A", "above"),)}, []),
    ],
)
def test_each_finding(facts: dict[str, Any], found: list[str]) -> None:
    assert codes(rule(**facts)) == found


def test_findings_of_more_than_one_rule_and_of_the_policy() -> None:
    kin = rule(2, name="other.exe", response="terminate")
    assert codes(rule(kin=frozenset({2})), kin) == ["two_responses"]
    named = rule(2, hash_kinds=frozenset(), response="terminate")
    assert codes(rule(), named) == ["two_responses"]
    assert codes(rule(), groups=20) == ["broader_than_evidence"]
    assert codes(rule(groups_seen=2), groups=20) == []
    assert codes(rule(), groups=0) == ["in_force_nowhere"]
    many = [rule(pk, name=f"{pk}.exe") for pk in range(400)]
    assert codes(*many) == ["many_hashes"]


def test_a_protected_name_elsewhere_only_pretends() -> None:
    core = shipped()["lsass.exe", "%windir%\\"]
    assert core.covers("LSASS.EXE", "%WINDIR%\\System32\\lsass.exe")
    assert core.covers("lsass.exe", "")
    assert not core.covers("lsass.exe", "%USERPROFILE%\\lsass.exe")
    assert Protected("smc.exe", "", "client").covers("smc.exe", "D:\\x\\smc.exe")


@pytest.mark.parametrize(
    ("path", "may_write"),
    [
        ("C:\\Users\\anna\\a.exe", True),
        ("E:\\tools\\a.exe", True),
        ("\\\\server\\share\\a.exe", True),
        ("C:\\Program Files\\a.exe", False),
        ("C:\\Windows\\System32\\a.exe", False),
    ],
)
def test_where_users_may_write_is_told_by_the_folded_path(path: str, may_write: bool) -> None:
    """Profiles, drives that may be removable, shares."""
    assert bool(re.match(WRITABLE, generic_path(path), re.IGNORECASE)) == may_write


def appear(process: Process, path: str) -> None:
    Appearance.objects.create(
        identity=uuid.uuid4(), process=process, name=process.name, generic_path=path
    )


def estate() -> Policy:
    top, sub = make_group("Global"), make_group("Global\\Sales", inherits=False)
    policy, below = make_policy("Top", "Global"), make_policy("Below")
    below.assignments.create(group=sub)
    shell = make_seen("powershell.exe", "a", (top,))
    appear(shell, "%WINDIR%\\System32\\powershell.exe")
    tool = make_seen("tool.exe", "b", (top,), signer="Contoso")
    appear(tool, "%USERPROFILE%\\Downloads\\tool.exe")
    core = make_seen("winlogon.exe", "c", (top,), generic_path="%WINDIR%\\winlogon.exe")
    wide = make_seen("wide.exe", "d", (top,), summary={"computers": 3})
    for n in range(10):
        computer = make_computer(f"pc{n}", top)
        if n < 3:
            Presence.objects.create(
                process=wide, computer=computer, group=top, rows=1, occurrences=1,
                first_at=NOW, last_at=NOW,
            )  # fmt: skip
    for process, response in ((shell, "ignore"), (tool, "ignore"), (core, "terminate")):
        give(process, policy, response)
    give(wide, policy, "quarantine")
    give(tool, below, "terminate")
    return policy


@pytest.mark.django_db
def test_what_the_database_knows_is_found_in_a_fixed_number_of_queries() -> None:
    policy = estate()
    with CaptureQueriesContext(
        connection,
    ) as few:
        found = {(one.subject, one.code) for one in findings_of(policy, NOW)}
    assert found == {
        ("powershell.exe", "scripting_host"),
        ("powershell.exe", "no_signer"),
        ("tool.exe", "user_writable"),
        ("tool.exe", "subgroup_differs"),
        ("winlogon.exe", "protected"),
        ("wide.exe", "widely_used"),
    }
    for n, digit in enumerate("123456789"):
        give(make_process(f"more{n}.exe", digit), policy, "ignore" if n % 2 else "terminate")
    with CaptureQueriesContext(connection) as many:
        findings_of(policy, NOW)
    assert len(many) == len(few) <= 24
    set_lint(actor=SYSTEM, blocking_grade=None, wide_percent=30, evidence_percent=10)
    assert "widely_used" not in {one.code for one in findings_of(policy, NOW)}


@pytest.mark.django_db
def test_a_blocking_grade_needs_a_second_person_once() -> None:
    policy = estate()
    first = publish(actor=SYSTEM, policy=policy, now=NOW)
    set_lint(actor=SYSTEM, blocking_grade=3, wide_percent=5, evidence_percent=10)
    give(make_process("new.exe", "e"), policy, "ignore")
    with pytest.raises(NeedsSecondPerson, match=r"powershell.exe: .* Ask for approval"):
        publish(actor=SYSTEM, policy=policy, now=NOW)
    with pytest.raises(CommandError, match="second person"):
        call_command("publish_policy", "Top")
    assert Revision.objects.count() == 1
    row = ask_to_publish(actor=SYSTEM, policy=policy, now=NOW)
    assert len(row.because) == 3
    bob = Actor.on_web(make_user("bob", "approver"))
    set_protected(actor=SYSTEM, name="wide.exe", folder="", why="ours", is_on=True, now=NOW)
    with pytest.raises(OutOfDate, match="protect list: ours"):
        approve(actor=bob, request=row, now=LATER)
    set_protected(actor=SYSTEM, name="wide.exe", folder="", why="ours", is_on=False, now=NOW)
    approve(actor=bob, request=row, now=LATER)
    give(make_process("harmless.exe", "f"), policy, "ignore")
    assert publish(actor=SYSTEM, policy=policy, now=LATER).number == 3, "accepted stays accepted"
    back, _ = go_back(actor=SYSTEM, revision=first, reason="stopped the ERP", now=LATER)
    assert back.number == 4, "the way out of an error never waits"
    set_lint(actor=SYSTEM, blocking_grade=1, wide_percent=5, evidence_percent=10)
    give(make_process("unsigned.exe", "8"), policy, "ignore", now=LATER)
    with pytest.raises(NeedsSecondPerson, match="unsigned"):
        publish(actor=SYSTEM, policy=policy, now=LATER)


@pytest.mark.django_db
def test_two_hashes_of_one_file_are_told_before_publishing_refuses() -> None:
    policy, new = make_policy("Sales", "Global"), make_process("a.exe", "a")
    old = make_process("a.exe", hash="b" * 39 + "1", hash_type="sha1")
    give(old, policy, "ignore")
    assert "sha1_only" in {one.code for one in findings_of(policy, NOW)}
    give(new, policy, "terminate")
    link_same_file(actor=SYSTEM, first=old, second=new)
    found = [one for one in findings_of(policy, NOW) if one.grade == Grade.GRAVE]
    assert [one.code for one in found] == ["two_responses"] * 2


@pytest.mark.django_db
def test_locations_of_one_group_that_answer_differently_are_told_in_both_policies() -> None:
    group = make_group("Global")
    vpn, office = (add_location(actor=SYSTEM, group=group, name=name) for name in ("VPN", "Office"))
    whole = make_policy("Whole", "Global")
    away = create_policy(actor=SYSTEM, name="Away", groups=[group], location=vpn, shared=False)
    create_policy(actor=SYSTEM, name="Desk", groups=[group], location=office, shared=False)
    tool, alone = make_seen("tool.exe", "a", (group,), signer="Contoso"), make_process("b.exe", "b")
    old = make_process("tool.exe", hash="c" * 39 + "1", hash_type="sha1")
    link_same_file(actor=SYSTEM, first=tool, second=old)
    give(tool, whole)
    give(old, away, "terminate")
    give(alone, away, "quarantine")

    def told(policy: Policy) -> list[tuple[str, str]]:
        found = findings_of(policy, NOW)
        return [(one.subject, one.reason) for one in found if one.code == "location_differs"]

    ((subject, reason),) = told(whole)
    assert subject == "tool.exe"
    assert "Terminate by Away in Global, location VPN" in reason
    ((_, reason),) = told(away)
    assert "Ignore by Whole in Global:" in reason


@pytest.mark.django_db
def test_administrators_change_the_protect_list_and_the_ledger_has_it(client: Client) -> None:
    owner = make_user("owner", "administrator")
    client.force_login(owner)
    address = reverse("lint-protect")
    client.post(address, {"name": "Own.exe", "folder": "", "why": "payroll", "is_on": "on"})
    client.post(address, {"name": "chrome.exe", "folder": "%PROGRAMFILES", "why": "browser"})
    names = {one.name for one in protect_list()}
    assert "own.exe" in names
    assert "chrome.exe" not in names
    text = client.get(reverse("lint")).content.decode()
    assert "taken off by owner" in text
    assert AuditEvent.objects.filter(code="lint.protected_set").count() == 2
    for wrong in ({"name": "a\\b.exe"}, {"name": "x.exe", "why": " "}):
        with pytest.raises(BadValue):
            set_protected(actor=SYSTEM, now=NOW, is_on=True, **{"folder": "", "why": "w", **wrong})
    with pytest.raises(BadValue, match="not on the protect list"):
        set_protected(actor=SYSTEM, name="x.exe", folder="", why="", is_on=False, now=NOW)
    api = Caller(owner)
    body = {"blocking_grade": 9, "wide_percent": 5, "evidence_percent": 10}
    assert api.post("lint-settings/", body).status_code == 400
    assert api.post("lint-settings/", {**body, "blocking_grade": 2}).json()["blocking_grade"] == 2
    assert api.get("lint-settings/").json()["blocking_grade"] == 2


@pytest.mark.django_db
def test_pages_rest_and_command_tell_the_same(client: Client) -> None:
    policy = estate()
    owner = make_user("owner", "administrator")
    client.force_login(owner)
    told = Caller(owner).get(f"policies/{policy.pk}/lint/").json()
    assert [one["grade"] for one in told][:3] == ["grave"] * 3
    out = io.StringIO()
    call_command("lint_policy", "Top", "--json", stdout=out)
    assert [one["key"] for one in json.loads(out.getvalue())["findings"]] == [
        one["key"] for one in told
    ]
    with pytest.raises(CommandError, match="grade grave"):
        call_command("lint_policy", "Top", "--fail-on", "grave", stdout=out)
    for name in ("policy", "policy-publish", "policy-ask"):
        text = client.get(reverse(name, args=[policy.pk])).content.decode()
        assert "It runs whatever script it is given" in text
    set_lint(actor=SYSTEM, blocking_grade=3, wide_percent=5, evidence_percent=10)
    text = client.get(reverse("policy-publish", args=[policy.pk])).content.decode()
    assert "nobody publishes this alone" in text
    assert "Publish revision" not in text
