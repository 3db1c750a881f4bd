"""Faults of SEPM from the job's point of view: told, gone on with, nothing half done."""

from __future__ import annotations

import copy
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.utils import timezone

from exceptions_app.models.sepm import SepmJob, SepmPolicy, SepmServer
from exceptions_app.sepm import drift, job
from exceptions_app.sepm.apply import make_application
from exceptions_app.sepm.setup import save_server
from tests.make import SYSTEM
from tests.sepm.certificate import make_identity
from tests.sepm.servers import again, applied, facts, planned, rules_of, run
from tests.sepm.simulated import PASSWORD, error, sepm_id
from truscan.access.actor import Actor
from truscan.audit import verify
from truscan.models.audit import AuditEvent

if TYPE_CHECKING:
    from pathlib import Path

    from exceptions_app.models.policy import Policy
    from tests.sepm.certificate import Identity
    from tests.sepm.simulated import Simulated

pytestmark = pytest.mark.django_db
MADE = sepm_id("made Sales exceptions")


def test_spellings_that_come_back_otherwise_are_no_change_and_no_drift(
    server: SepmServer, policy: Policy, sepm: Simulated
) -> None:
    """A trailing backslash, `SONAR` beside `sonar`, null lists, no `source`: rules of others."""
    theirs: dict[str, list[dict[str, Any]]] = {
        "directories": [{"directory": "C:\\tools", "pathvariable": "[NONE]"}],
        "files": [{"path": "C:\\x", "pathvariable": "[NONE]", "sonar": True}],
        "applications": [{"processfile": {"sha2": "F" * 64}, "action": "IGNORE"}],
    }
    pk = sepm.policy("Sales exceptions", **copy.deepcopy(theirs))
    assert applied(server, policy).state == "done"
    kept = sepm.policies[pk]["configuration"]
    assert {name: kept[name][: len(rows)] for name, rows in theirs.items()} == theirs
    assert rules_of(sepm) == {"F": "IGNORE", "A": "IGNORE", "B": "BLOCK"}
    (document,) = planned(server, policy).result["policies"]
    assert (document["changes"], document["assign"], document["blocked"]) == ([], [], [])
    run(drift.make_check(actor=Actor.by_schedule(), server=server, now=timezone.now()))
    assert SepmPolicy.objects.get().drift == []


@pytest.mark.parametrize("fault", ["text", "200 with 410", 410])
def test_an_answer_that_is_none_stops_before_anything_is_changed(
    server: SepmServer, policy: Policy, sepm: Simulated, fault: Any
) -> None:
    """An error text where a page should be, or an error's string code under the status 200."""
    plan = planned(server, policy)
    sepm.seen.clear()
    told = error(410, "Object do not exist").body
    sepm.faults["GET policies/summary"] = [(200, told) if fault == "200 with 410" else fault]
    now = timezone.now() + timedelta(seconds=1)
    stopped = run(make_application(actor=SYSTEM, plan=plan, now=now))
    assert stopped.state == ("waiting" if fault == "text" else "failed")
    assert stopped.error_code == ("sepm_answer" if fault == "text" else "sepm_not_there")
    changes = ("POST v2", "PATCH", "PUT")
    assert not [one for one in sepm.seen if one.startswith(changes)]
    assert again(stopped).state == "done"
    assert rules_of(sepm) == {"A": "IGNORE", "B": "BLOCK"}


def test_a_server_that_stays_away_ends_the_job_with_how_far_it_came_and_it_is_resumed(
    server: SepmServer, policy: Policy, sepm: Simulated
) -> None:
    sepm.faults["PUT groups"] = ["die"] * (len(job.WAITS) + 1)
    gone = applied(server, policy)
    for tries in range(1, len(job.WAITS) + 1):
        assert (gone.state, gone.tries) == ("waiting", tries)
        assert gone.retry_at is not None
        job.tick(gone.retry_at - timedelta(seconds=1))  # too early: nothing happens
        gone.refresh_from_db()
        assert gone.state == "waiting"
        job.tick(gone.retry_at)
        gone.refresh_from_db()
    assert (gone.state, gone.error_code) == ("failed", "sepm_unreachable")
    assert [step.state for step in gone.steps.all()] == ["done", "done", "waiting"]
    told = AuditEvent.objects.get(code="sepm.apply_failed")
    assert told.after == {"job": gone.pk, "steps": 3, "done": 2}
    sent = len([one for one in sepm.seen if one.startswith(("POST v2", "PATCH"))])
    assert again(gone).state == "done"
    assert sepm.assigned[sepm_id("My Company\\Sales"), sepm_id("My Company\\Sales Default")] == MADE
    now_sent = len([one for one in sepm.seen if one.startswith(("POST v2", "PATCH"))])
    assert now_sent == sent, "what was done is not sent again"
    assert verify()[2] == []


def test_a_certificate_that_does_not_fit_fails_the_job_and_sends_nothing(
    address: str, sepm: Simulated, policy: Policy, authority: Identity, tmp_path: Path
) -> None:
    other = make_identity(tmp_path, "other")
    pinned = {"trust_kind": "pin", "fingerprint": other.fingerprint}
    server = save_server(actor=SYSTEM, given=facts(address, authority, **pinned), password=PASSWORD)
    failed = planned(server, policy)
    assert (failed.state, failed.error_code) == ("failed", "sepm_certificate")
    assert "Nothing was sent" in failed.error
    assert sepm.seen == []


def test_the_drift_tick_is_doubled_late_or_finds_no_server(
    server: SepmServer, policy: Policy, sepm: Simulated
) -> None:
    applied(server, policy)
    checks = SepmJob.objects.filter(kind="drift")
    start = server.created_at
    hour = timedelta(hours=1)
    drift.tick(start + 9 * hour)
    assert not checks.exists(), "no interval is set"
    SepmServer.objects.update(drift_hours=2)
    drift.tick(start + hour)
    assert not checks.exists(), "not due"
    drift.tick(start + 2 * hour)
    drift.tick(start + 2 * hour)
    drift.tick(start + 3 * hour)
    first = checks.get()
    assert (first.state, first.means, first.beyond) == ("queued", "schedule", True)

    sepm.faults["GET policies/summary"] = ["die"]
    assert run(first).state == "waiting"
    drift.tick(start + 5 * hour)
    assert checks.count() == 1, "one that waits for the server is enough"
    SepmJob.objects.filter(pk=first.pk).update(retry_at=timezone.now())
    assert run(first).state == "done"
    assert not AuditEvent.objects.filter(code="sepm.drift_found").exists()

    checked = start + 2 * hour
    SepmServer.objects.update(checked_at=checked, is_on=False)
    drift.tick(checked + 99 * hour)
    assert checks.count() == 1, "it is switched off"
    SepmServer.objects.update(is_on=True)
    drift.tick(checked + 99 * hour)
    drift.tick(checked + 99 * hour)
    assert checks.count() == 2, "however late: one"
    second = checks.latest("id")
    sepm.rules(MADE, "applications").clear()
    run(second)
    assert [row["kind"] for row in SepmPolicy.objects.get().drift] == ["gone"]
