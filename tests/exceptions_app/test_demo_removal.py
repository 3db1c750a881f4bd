from __future__ import annotations

from datetime import timedelta
from io import StringIO
from typing import TYPE_CHECKING

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from exceptions_app.demo_removal import remove_domain
from exceptions_app.models.decision import Decision, DecisionItem
from exceptions_app.models.exception import ProcessException
from exceptions_app.models.policy import Policy, PolicyAssignment, Revision, RevisionEntry
from exceptions_app.models.rule import Rule, RuleAct, RuleSigning
from exceptions_app.models.suggestion import Suggestion
from exceptions_app.policies.assign import create_policy
from exceptions_app.policies.publish import publish
from exceptions_app.triage.decide import respond
from tests.make import (
    NOW,
    SYSTEM,
    make_domain,
    make_group,
    make_process,
    make_sighting,
    make_site,
    make_user,
)
from truscan import audit
from truscan.fleet.names import DEMO_DOMAIN
from truscan.fleet.removal import RemovalRefused
from truscan.models.audit import AuditEvent
from truscan.models.estate import Domain, Group, Site
from truscan.models.log_import import ImportGroup, LogFile, LogImport
from truscan.models.process import Process
from truscan.models.ramp import RampEvent, RampPlan, ScanPolicy
from truscan.ramp.actions import confirm_level
from truscan.ramp.create import create_plan

if TYPE_CHECKING:
    from pytest_django import DjangoCaptureOnCommitCallbacks

pytestmark = pytest.mark.django_db


def demo_group(path: str = "My Company") -> Group:
    return make_group(path, make_domain(DEMO_DOMAIN))


def decided(process: Process, policy: Policy) -> None:
    respond(
        actor=SYSTEM,
        processes=[process.pk],
        policies=[policy],
        response="ignore",
        reason="known",
        now=NOW,
    )


def published(name: str, group: Group, *processes: Process) -> Policy:
    policy = create_policy(actor=SYSTEM, name=name, groups=[group], now=NOW)
    for process in processes:
        decided(process, policy)
    publish(actor=SYSTEM, policy=policy, now=NOW)
    return policy


def judged(policy: Policy, group: Group, process: Process) -> None:
    """A suggestion for the process, and a rule that acted on it and observes its group."""
    Suggestion.objects.create(process=process, response="ignore", rate=1, bound=1, answers=9)
    owner = make_user("anna", "analyst")
    rule = Rule.objects.create(
        owner=owner, name="r", response="ignore", reason="x", review_on=NOW.date(),
        created_at=NOW, changed_at=NOW,
    )  # fmt: skip
    rule.policies.add(policy)
    rule.groups.add(group)
    signing = RuleSigning.objects.create(
        rule=rule, version=1, terms="{}", digest="0", signer=owner, signer_name="anna",
        signed_at=NOW,
    )  # fmt: skip
    RuleAct.objects.create(signing=signing, decision=Decision.objects.latest("id"))


def ramp_on(group: Group, name: str) -> RampPlan:
    plan = create_plan(
        actor=SYSTEM,
        scan_policy=name,
        track="trojans",
        uses=[(group, None)],
        start_on=NOW.date(),
        days=60,
        now=NOW - timedelta(days=1),
    )
    return confirm_level(actor=SYSTEM, plan=plan, level="10", now=NOW + timedelta(hours=1))


def make_import(site: Site, *groups: Group, state: str = "done") -> LogImport:
    stored_as = default_storage.save("demo.log", ContentFile(b"bytes"))
    file = LogFile.objects.create(name="demo.log", stored_as=stored_as, sha256="a" * 64, size=5)
    made = LogImport.objects.create(
        site=site, file=file, name="demo.log", sha256="a" * 64, state=state, actor_name="x"
    )
    for group in groups:
        ImportGroup.objects.create(log_import=made, group=group)
    return made


def test_it_removes_what_refuses_to_be_deleted_and_leaves_all_else() -> None:
    demo, own = demo_group("My Company\\Sales"), make_group("My Company\\Sales")
    gone, kept = make_process("gone.exe", "a"), make_process("kept.exe", "b")
    make_sighting(gone, demo)
    make_sighting(kept, own)
    judged(published("Demo", demo, gone), demo, gone)
    policy = published("Own", own, kept)
    ramp_on(demo, "Scan policy of the demo")
    plan = ramp_on(own, "Own scan policy")
    events = RampEvent.objects.filter(plan=plan).count()

    counts = remove_domain(actor=SYSTEM)

    assert counts["revision"] == counts["revisionentry"] == 1
    assert counts["suggestion"] == counts["ruleact"] == counts["rule_policies"] == 1
    assert RuleSigning.objects.count() == 1
    assert counts["rampevent"] == 2
    assert counts["group"] == 2
    assert list(Process.objects.all()) == [kept]
    assert [d.name for d in Domain.objects.all()] == ["Default"]
    assert list(Policy.objects.all()) == [policy]
    assert Revision.objects.count() == RevisionEntry.objects.count() == 1
    assert Decision.objects.count() == DecisionItem.objects.count() == 1
    assert [s.name for s in ScanPolicy.objects.all()] == ["Own scan policy"]
    assert RampEvent.objects.count() == events


def test_the_guards_stand_again_afterwards() -> None:
    own = make_group("My Company")
    kept = make_process("kept.exe", "b")
    published("Own", own, kept)
    ramp_on(own, "Own scan policy")
    make_sighting(make_process("gone.exe", "a"), demo_group())
    remove_domain(actor=SYSTEM)
    for table in ("exceptions_app_revision", "exceptions_app_revisionentry", "truscan_rampevent"):
        with (
            pytest.raises(DatabaseError, match="append-only"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(f"DELETE FROM {table}")  # noqa: S608 - names above


def test_the_ledger_tells_it_with_counts_and_stays_whole() -> None:
    make_sighting(make_process(), demo_group())
    before = AuditEvent.objects.count()
    counts = remove_domain(actor=SYSTEM)
    event = AuditEvent.objects.latest("id")
    assert (event.code, event.object_name) == ("demo.removed", DEMO_DOMAIN)
    assert event.after == {"rows": counts}
    assert AuditEvent.objects.count() == before + 1
    assert audit.verify()[2] == []


def test_without_a_demo_it_does_nothing() -> None:
    make_group("My Company")
    assert remove_domain(actor=SYSTEM) == {}
    assert AuditEvent.objects.count() == 0


def test_a_policy_that_is_used_elsewhere_stays_without_the_synthetic_rules() -> None:
    demo, own = demo_group(), make_group("My Company")
    gone, kept = make_process("gone.exe", "a"), make_process("kept.exe", "b")
    make_sighting(gone, demo)
    make_sighting(kept, own)
    policy = create_policy(actor=SYSTEM, name="Both", groups=[demo, own], now=NOW)
    decided(gone, policy)
    decided(kept, policy)
    revision = publish(actor=SYSTEM, policy=policy, now=NOW)
    remove_domain(actor=SYSTEM)
    assert [e.process for e in ProcessException.objects.filter(policy=policy)] == [kept]
    assert [e.process for e in RevisionEntry.objects.filter(revision=revision)] == [kept]
    assert [a.group for a in PolicyAssignment.objects.filter(policy=policy)] == [own]
    assert Revision.objects.get().canonical == revision.canonical


def test_it_removes_imports_with_their_files(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    demo = make_import(make_site(DEMO_DOMAIN), demo_group())
    other = make_import(make_site("Site A"), make_group("My Company"))
    stored = demo.file.stored_as
    with django_capture_on_commit_callbacks(execute=True):
        remove_domain(actor=SYSTEM)
    assert list(LogImport.objects.all()) == [other]
    assert not default_storage.exists(stored)
    assert default_storage.exists(other.file.stored_as)
    assert [site.name for site in Site.objects.all()] == ["Site A"]


def test_it_refuses_while_an_import_is_being_read() -> None:
    make_import(make_site(DEMO_DOMAIN), demo_group(), state="running")
    with pytest.raises(RemovalRefused, match="wait until they are done"):
        remove_domain(actor=SYSTEM)
    assert Domain.objects.filter(name=DEMO_DOMAIN).exists()


def test_it_refuses_to_tear_an_import_of_two_domains() -> None:
    make_import(make_site("Site A"), demo_group(), make_group("My Company"))
    with pytest.raises(RemovalRefused, match="withdraw them first"):
        remove_domain(actor=SYSTEM)


def test_it_refuses_processes_that_others_have_too() -> None:
    process = make_process()
    make_sighting(process, demo_group())
    make_sighting(process, make_group("My Company"))
    out = StringIO()
    with pytest.raises(CommandError, match="seen in other domains"):
        call_command("remove_demo", stdout=out)
    assert Process.objects.count() == 1


def test_the_command_tells_what_went() -> None:
    make_sighting(make_process(), demo_group())
    out = StringIO()
    call_command("remove_demo", "--json", stdout=out)
    assert '"domain": 1' in out.getvalue()
    call_command("remove_demo", stdout=out)
    assert "There is no Demo (synthetic) to remove." in out.getvalue()
