"""From a published policy to SEPM and back, against the simulated server."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from exceptions_app.errors import BadValue
from exceptions_app.models.exception import ProcessException
from exceptions_app.models.sepm import SepmJob, SepmPolicy, SepmServer
from exceptions_app.policies.publish import publish
from exceptions_app.sepm import drift, job
from exceptions_app.sepm.apply import make_application
from exceptions_app.sepm.errors import OutOfScope
from exceptions_app.sepm.plan import make_plan
from exceptions_app.sepm.setup import access_of, save_server
from tests.exceptions_app.acts import give
from tests.make import SYSTEM, make_group, make_process, make_user
from tests.sepm.servers import SALES, again, applied, facts, planned, rules_of, run
from tests.sepm.simulated import PASSWORD, sepm_id
from truscan.access.actor import Actor
from truscan.audit import verify
from truscan.models.audit import AuditEvent

if TYPE_CHECKING:
    from exceptions_app.models.policy import Policy
    from tests.sepm.certificate import Identity
    from tests.sepm.simulated import Simulated

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("interface", [1, 2])
@pytest.mark.parametrize("matches_whole", [True, False])
def test_a_published_policy_gets_to_sepm_and_follows_its_changes(
    server: SepmServer, policy: Policy, sepm: Simulated, interface: int, matches_whole: bool
) -> None:
    SepmServer.objects.update(interface=interface)
    server.refresh_from_db()
    sepm.matches_whole = matches_whole
    plan = planned(server, policy)
    (document,) = plan.result["policies"]
    assert (document["create"], len(document["changes"]), len(document["assign"])) == (True, 2, 1)
    assert document["assign"][0]["before_name"] == "Exceptions policy"
    assert not any(one.startswith(("POST v2", "PATCH", "PUT")) for one in sepm.seen)

    now = timezone.now() + timedelta(seconds=1)
    made = make_application(actor=SYSTEM, plan=plan, now=now)
    assert make_application(actor=SYSTEM, plan=plan, now=now) == made
    assert run(made).state == "done", made.error
    assert rules_of(sepm) == {"A": "IGNORE", "B": "BLOCK"}
    pk = sepm_id("made Sales exceptions")
    assert sepm.assigned[sepm_id(SALES), sepm_id(SALES + " Default")] == pk
    with pytest.raises(BadValue, match="nothing to change"):
        applied(server, policy)

    give(make_process("c.exe", "c"), policy, "quarantine")
    give(make_process("d.exe", "d"), policy)
    process = ProcessException.objects.get(process__name="b.exe").process
    give(process, policy, "quarantine")
    publish(actor=SYSTEM, policy=policy, now=timezone.now())
    assert applied(server, policy).state == "done"
    assert rules_of(sepm) == {"A": "IGNORE", "B": "QUARANTINE", "C": "QUARANTINE", "D": "IGNORE"}
    assert len(sepm.rules(pk, "denylistrules")) == 2
    assert verify()[2] == []


def test_rules_of_others_are_never_touched(
    server: SepmServer, policy: Policy, sepm: Simulated
) -> None:
    theirs = {
        "processfile": {"sha2": "F" * 63 + "1"},
        "action": "IGNORE",
        "rulestate": {"enabled": True},
    }
    same = {
        "processfile": {"sha2": "A" * 63 + "1"},
        "action": "IGNORE",
        "rulestate": {"enabled": True},
    }
    pk = sepm.policy("Sales exceptions", applications=[theirs, same], files=[{"path": "C:\\x"}])
    assert applied(server, policy).state == "done"
    assert sepm.rules(pk, "applications") == [theirs, same]
    assert sepm.rules(pk, "files") == [{"path": "C:\\x"}]
    assert sepm.policies[pk]["desc"] == "Created by hand."
    same["action"] = "LOG_ONLY"
    (document,) = planned(server, policy).result["policies"]
    assert "Which of two wins is not documented" in document["blocked"][0]


@pytest.mark.parametrize("fault", ["die", "die after", 500, 423])
@pytest.mark.parametrize("at", ["POST policies", "PATCH policies", "PUT groups"])
def test_sepm_going_away_half_way_leaves_a_state_that_is_gone_on_with(
    server: SepmServer, policy: Policy, sepm: Simulated, at: str, fault: Any
) -> None:
    sepm.faults[at] = [fault]
    first = applied(server, policy)
    assert first.state == "waiting"
    assert first.error
    assert first.retry_at is not None
    SepmJob.objects.filter(pk=first.pk).update(retry_at=timezone.now())
    second = run(first)
    assert second.state == "done", second.error
    assert rules_of(sepm) == {"A": "IGNORE", "B": "BLOCK"}
    assert sum(1 for one in sepm.policies.values() if one["name"] == "Sales exceptions") == 1
    assert [step.state for step in second.steps.all()] == ["done"] * 3


def test_a_worker_that_dies_is_followed_by_another_and_one_runs_per_server(
    server: SepmServer, policy: Policy, sepm: Simulated
) -> None:
    now = timezone.now() + timedelta(seconds=1)
    made = make_application(actor=SYSTEM, plan=planned(server, policy), now=now)
    assert job.claim(made.pk, now) is not None
    assert job.run_job(made.pk, now=now) is None
    other = make_plan(actor=SYSTEM, server=server, policies=[policy], now=now)
    assert job.run_job(other.pk, now=now) is None
    job.tick(now + job.LEASE + timedelta(seconds=1))
    made.refresh_from_db()
    assert made.state == "done"
    assert rules_of(sepm) == {"A": "IGNORE", "B": "BLOCK"}


def test_what_changed_since_the_plan_stops_it_and_the_ledger_says_how_far_it_came(
    server: SepmServer, policy: Policy, sepm: Simulated
) -> None:
    plan = planned(server, policy)
    other = sepm.policy("Quick fix")
    sepm.assigned[sepm_id(SALES), sepm_id(SALES + " Default")] = other
    now = timezone.now() + timedelta(seconds=1)
    failed = run(make_application(actor=SYSTEM, plan=plan, now=now))
    assert (failed.state, failed.error_code) == ("failed", "sepm_stale")
    assert "another policy since the plan" in failed.error
    told = AuditEvent.objects.get(code="sepm.apply_failed")
    assert told.after == {"job": failed.pk, "steps": 3, "done": 2}
    assert again(failed).state == "failed"
    assert sepm.assigned[sepm_id(SALES), sepm_id(SALES + " Default")] == other


def test_a_lost_mark_is_an_error_not_a_success(
    server: SepmServer, policy: Policy, sepm: Simulated
) -> None:
    sepm.keeps_source = False
    failed = applied(server, policy)
    assert (failed.state, failed.error_code) == ("failed", "sepm_stale")
    assert "without our mark" in failed.error
    assert again(failed).state == "failed"
    assert not SepmPolicy.objects.exists()


def test_a_group_that_inherits_gets_no_policy_and_the_plan_says_why(
    server: SepmServer, policy: Policy, sepm: Simulated
) -> None:
    sepm.groups[sepm_id(SALES)]["policyInheritanceEnabled"] = True
    (document,) = planned(server, policy).result["policies"]
    assert document["assign"] == []
    assert "inherits its policies in SEPM" in document["notes"][0]


def test_a_name_opens_no_policy_of_other_groups(
    server: SepmServer, policy: Policy, sepm: Simulated
) -> None:
    """The policy of that name serves another group in SEPM: only numbers are told."""
    person = make_user("sally", "approver", make_group(SALES))
    make_group("My Company\\Secret")
    pk = sepm.policy("Sales exceptions")
    sepm.assigned[sepm.group("My Company\\Secret"), sepm_id("My Company\\Secret Default")] = pk
    plan = planned(server, policy, actor=Actor.on_web(person))
    assert "outside your scope" in plan.result["policies"][0]["blocked"][0]
    assert "Secret" not in json.dumps(plan.result)
    assert SepmJob.objects.visible_to(person).contains(plan)
    assert not SepmJob.objects.visible_to(make_user("out")).exists()
    with pytest.raises(OutOfScope):
        make_plan(
            actor=Actor.on_web(make_user("view", "viewer", make_group(SALES))),
            server=server, policies=[policy], now=timezone.now(),
        )  # fmt: skip


def test_reading_fills_our_books(server: SepmServer, policy: Policy, sepm: Simulated) -> None:
    sepm.group("My Company\\Sales\\Laptops", inherits=True)
    sepm.location(SALES, "VPN")
    sepm.computer("PC-1", SALES)
    sepm.computer("PC-2", SALES, "7A5B-03/10/2008 17:32:09 421")
    call_command("sepm", "read", "--server", "sepm ONE", "--json")
    laptops, sales = make_group("My Company\\Sales\\Laptops"), make_group(SALES)
    assert (laptops.inherits, laptops.inherits_known, laptops.client_count) == (True, True, 0)
    assert (sales.inherits, sales.inherits_known, sales.client_count) == (False, True, 2)
    assert {one.name for one in sales.locations.all()} == {"Default", "VPN"}
    (document,) = planned(server, policy).result["policies"]
    assert {one["location"] for one in document["assign"]} == {"Default", "VPN"}


def test_drift_is_found_once_adopted_and_restored(
    server: SepmServer, policy: Policy, sepm: Simulated
) -> None:
    applied(server, policy)
    SepmServer.objects.update(drift_hours=1)
    later = timezone.now() + timedelta(hours=2)
    pk = sepm_id("made Sales exceptions")
    sepm.rules(pk, "applications").clear()
    sepm.rules(pk, "denylistrules")[0]["action"] = "QUARANTINE"
    sepm.assigned.clear()

    def look() -> SepmPolicy:
        run(drift.make_check(actor=Actor.by_schedule(), server=server, now=later))
        return SepmPolicy.objects.get()

    link = look()
    assert [row["kind"] for row in link.drift] == ["changed", "gone", "place"]
    look()
    assert AuditEvent.objects.filter(code="sepm.drift_found").count() == 1
    keys = [row["key"] for row in link.drift if row["kind"] == "changed"]
    drift.adopt(actor=SYSTEM, link=link, keys=keys, reason="the console is right", now=later)
    kept = ProcessException.objects.get(process__name="b.exe", retired_at=None)
    assert kept.response == "quarantine"
    assert not SepmPolicy.objects.get().has_open_drift
    publish(actor=SYSTEM, policy=policy, now=timezone.now())
    assert applied(server, policy).state == "done"
    assert rules_of(sepm) == {"A": "IGNORE", "B": "QUARANTINE"}
    assert look().drift == []


def test_the_password_is_sealed_for_one_server_and_never_told(
    server: SepmServer, address: str, authority: Identity
) -> None:
    assert access_of(server).password == PASSWORD
    row = AuditEvent.objects.get(code="sepm.server_added")
    assert PASSWORD not in server.sealed + row.canonical
    elsewhere = facts("https://evil.example.org", authority)
    with pytest.raises(BadValue, match="Give the password"):
        save_server(actor=SYSTEM, given=elsewhere, server=server)
    same = facts(address, authority, name="Renamed", drift_hours=24)
    assert save_server(actor=SYSTEM, given=same, server=server).drift_hours == 24
    SepmServer.objects.update(url="https://evil.example.org:8446")
    server.refresh_from_db()
    made = run(drift.make_check(actor=SYSTEM, server=server, now=timezone.now()))
    assert made.error_code == "sepm_sign_in"


@pytest.mark.parametrize(
    "url", ["http://sepm:8446", "https://", "https://u:p@sepm", "https://sepm/x", "https://a:b", ""]
)
def test_addresses_that_are_no_sepm_are_refused(url: str, authority: Identity) -> None:
    with pytest.raises(BadValue):
        save_server(actor=SYSTEM, given=facts(url, authority), password="x")
