"""Bulk decisions: written in parts, respecting what others decide meanwhile, undone as one act."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from exceptions_app.errors import StillAtWork
from exceptions_app.models.bulk import BulkJob, Selection
from exceptions_app.models.decision import Decision
from exceptions_app.models.exception import ProcessException
from exceptions_app.models.watch import Watch
from exceptions_app.triage import bulk
from exceptions_app.triage.decide import respond, retire
from exceptions_app.triage.selection import drop_old
from exceptions_app.triage.undo import undo
from tests.exceptions_app.acts import make_policy
from tests.exceptions_app.web.estate import make_seen
from tests.make import NOW, SYSTEM, make_group, make_process, make_sighting, make_user
from tests.tokens import Caller
from truscan.access.actor import Actor
from truscan.models.audit import AuditEvent
from truscan.models.process import Process

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.test import Client

    from exceptions_app.models.policy import Policy

LATER = NOW + timedelta(minutes=5)
ANN = Actor("ann", SYSTEM.means)


def clock() -> datetime:
    return LATER


@pytest.fixture
def estate(monkeypatch: Any) -> tuple[Policy, list[int]]:
    """A policy on a group, and nine processes seen there; parts of three, run by hand."""
    monkeypatch.setattr(bulk, "PART", 3)
    policy, group = make_policy("Top", "Global"), make_group("Global")
    ids = []
    for n in range(1, 10):
        ids.append(make_seen(f"{n}.exe", "a", (group,), hash=f"{n:063x}1").pk)
    return policy, ids


def start(policy: Policy, ids: list[int], user: User | None = None, **more: Any) -> BulkJob:
    actor = Actor.on_web(user) if user else SYSTEM
    more.setdefault("policies", [policy.pk])
    return bulk.make_job(
        actor=actor, processes=ids, reason="known", now=NOW, seen_at=NOW,
        **{"response": "ignore", **more},
    )  # fmt: skip


def parts(job: BulkJob, count: int) -> Any:
    """So many parts of the job, by a worker that then waits."""
    owner = bulk._claim(job.pk, LATER)
    assert owner is not None
    for _ in range(count):
        bulk._next_part(job.pk, owner, LATER)
    return owner


@pytest.mark.django_db
def test_what_is_decided_meanwhile_stays_and_undo_takes_back_the_rest(estate: Any) -> None:
    policy, ids = estate
    old = respond(actor=SYSTEM, processes=ids[7:9], policies=[policy], response="quarantine",
                  reason="old", now=NOW - timedelta(days=1))  # fmt: skip
    Process.objects.filter(pk=ids[0]).update(on_symantec_list=True)
    job = start(policy, ids)
    owner = parts(job, 1)
    with pytest.raises(StillAtWork, match="Stop it first"):
        undo(actor=SYSTEM, decision=job.decision, now=LATER)
    respond(actor=ANN, processes=[ids[5]], policies=[policy], response="terminate", reason="bad",
            now=LATER)  # fmt: skip
    row = ProcessException.objects.get(process=ids[7], retired_at=None)
    retire(actor=ANN, exceptions=[row.pk], reason="wrong", now=LATER)
    while bulk._next_part(job.pk, owner, LATER):
        pass
    job.refresh_from_db()
    assert (job.state, job.done, job.applied) == ("done", 9, 6)
    assert job.skipped == {"symantec_list": 1, "decided_meanwhile": 2}
    active = ProcessException.objects.filter(retired_at=None)
    said = dict(active.values_list("process_id", "response"))
    assert said == {**dict.fromkeys([*ids[1:5], ids[6], ids[8]], "ignore"), ids[5]: "terminate"}
    assert job.decision.items.filter(skipped_because__contains="Exception removed by ann").exists()
    codes = AuditEvent.objects.filter(object_id=str(job.decision_id)).order_by("pk")
    assert [event.code for event in codes] == [
        "bulk.started", *["decision.responded"] * 3, "bulk.done",
    ]  # fmt: skip
    done = undo(actor=SYSTEM, decision=Decision.objects.get(pk=job.decision_id), now=LATER)
    assert {skip.code for skip in done.skipped} >= {"later_decision"}
    said = dict(active.values_list("process_id", "response"))
    assert said == {ids[5]: "terminate", ids[8]: "quarantine"}
    assert old.decision is not None


@pytest.mark.django_db
def test_it_stops_when_told_and_when_the_right_is_gone(estate: Any) -> None:
    policy, ids = estate
    anna = make_user("anna", "analyst", make_group("Global"))
    job = start(policy, ids, anna)
    parts(job, 1)
    stopped = bulk.cancel(actor=SYSTEM, job=job, now=LATER)
    assert (stopped.state, stopped.done) == ("cancelled", 3)
    assert bulk.run_job(job.pk, clock=clock) is None
    assert bulk.resume(actor=SYSTEM, job=job, now=LATER).state == "cancelled"
    assert undo(actor=SYSTEM, decision=stopped.decision, now=LATER).applied == 3
    again = start(policy, ids, anna)
    parts(again, 1)
    anna.role_grants.all().delete()
    bulk.tick(LATER)  # its lease stands
    failed = bulk.run_job(again.pk, clock=lambda: LATER + timedelta(minutes=2))
    assert failed is not None
    assert (failed.state, failed.done) == ("failed", 3)
    assert "may not write" in failed.error
    assert undo(actor=SYSTEM, decision=failed.decision, now=LATER).applied == 3
    failed.refresh_from_db()
    assert failed.state == "cancelled", "what is undone is not gone on with"


@pytest.mark.django_db
def test_observing_in_bulk_removes_exceptions_and_leaves_what_is_out_of_scope(estate: Any) -> None:
    policy, ids = estate
    anna = make_user("anna", "analyst", make_group("Global"))
    respond(actor=SYSTEM, processes=ids[:2], policies=[policy], response="ignore", reason="x",
            now=NOW - timedelta(days=1))  # fmt: skip
    elsewhere = make_process("z.exe", "f")
    make_sighting(elsewhere, make_group("Plant"))
    groups = [make_group("Global").pk]
    job = start(policy, [*ids, elsewhere.pk], anna, response="observe", policies=[], groups=groups,
                tripwires={"computers": 3})  # fmt: skip
    done = bulk.run_job(job.pk, clock=clock)
    assert done is not None
    assert (done.state, done.applied, done.skipped) == ("done", 9, {"out_of_scope": 1})
    assert Watch.objects.filter(ended_at=None, decision=job.decision).count() == 9
    assert not ProcessException.objects.filter(retired_at=None).exists()
    undo(actor=SYSTEM, decision=job.decision, now=LATER)
    assert not Watch.objects.filter(ended_at=None).exists()
    assert ProcessException.objects.filter(retired_at=None).count() == 2


@pytest.mark.django_db
def test_the_page_takes_what_matched_when_it_was_opened(
    estate: Any,
    client: Client,
    monkeypatch: Any,
    settings: Any,
    django_capture_on_commit_callbacks: Any,
) -> None:
    policy, ids = estate
    settings.HAS_BROKER = False
    monkeypatch.setattr(bulk, "AT_ONCE", 5)
    anna = make_user("anna", "analyst")
    client.force_login(anna)
    html = client.get("/processes/decide/", {"matching": "state=open"}).content.decode()
    taken = Selection.objects.get()
    assert f'name="selection" value="{taken.pk}"' in html
    assert taken.process_ids == ids
    make_seen("new.exe", "e", (make_group("Global"),))
    data = {"selection": taken.pk, "response": "ignore", "policies": [policy.pk], "reason": "known"}
    with django_capture_on_commit_callbacks(execute=True):
        r = client.post("/processes/decide/", data)
    job = BulkJob.objects.get()
    assert r["Location"] == f"/bulk/{job.pk}/"
    assert (job.state, job.total, job.applied) == ("done", 9, 9)
    assert "9 of 9" in client.get(r["Location"]).content.decode()
    with django_capture_on_commit_callbacks(execute=True):
        r = client.post(f"/decisions/{job.decision_id}/undo/")
    back = BulkJob.objects.get(decision__kind="undo")
    assert r["Location"] == f"/bulk/{back.pk}/"
    assert (back.state, back.applied) == ("done", 9)
    assert not ProcessException.objects.filter(retired_at=None).exists()
    assert "Undo this undo" in client.get(r["Location"]).content.decode()
    with django_capture_on_commit_callbacks(execute=True):
        told = Caller(anna).post(f"decisions/{back.decision_id}/undo/", {})
    assert told.status_code == 202
    assert BulkJob.objects.get(pk=told.json()["bulk_job"]).applied == 9
    assert Caller(anna).post(f"decisions/{back.decision_id}/undo/", {}).status_code == 409
    assert ProcessException.objects.filter(retired_at=None).count() == 9
    client.force_login(make_user("eve", "analyst", make_group("Plant")))
    assert client.get(f"/bulk/{job.pk}/").status_code == 404
    assert client.post("/processes/decide/", data).status_code == 404, "another's selection"
    assert drop_old(taken.made_at + timedelta(days=2)) == 1


@pytest.mark.django_db
def test_rest_starts_it_tells_how_far_it_is_and_refuses_what_means_nothing(
    estate: Any, settings: Any, django_capture_on_commit_callbacks: Any
) -> None:
    _, ids = estate
    settings.HAS_BROKER = False
    group = make_group("Global")
    api = Caller(make_user("anna", "analyst", group))
    sent = {"query": "state=open", "response": "observe", "groups": [group.pk], "reason": "later"}
    for wrong in ({"tripwires": {"moon": 1}}, {"tripwires": {"computers": 0}}, {"query": "q=zz"}):
        assert api.post("bulk-decisions/", {**sent, **wrong}).status_code in {400, 404}, wrong
    with django_capture_on_commit_callbacks(execute=True):
        r = api.post("bulk-decisions/", {**sent, "tripwires": {"computers": 3}})
    assert r.status_code == 202
    told = api.get(f"bulk-decisions/{r.json()['id']}/").json()
    assert (told["state"], told["total"], told["applied"]) == ("done", len(ids), len(ids))
    assert Watch.objects.filter(tripwires={"computers": 3}).count() == len(ids)
    watch = Watch.objects.first()
    assert watch is not None
    assert api.post(f"watches/{watch.pk}/end/", {"reason": "seen"}).json()["applied"] == 1
    again = api.post(f"watches/{watch.pk}/end/", {"reason": "seen"})
    assert (again.status_code, again.json()["skipped"][0]["code"]) == (200, "not_observed")
