"""kill -9 of a worker in a bulk decision and in its undo: the next tick goes on, nothing twice."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from exceptions_app.errors import AlreadyUndone, StillAtWork
from exceptions_app.models.bulk import BulkJob
from exceptions_app.models.decision import Decision, DecisionItem
from exceptions_app.models.exception import ProcessException
from exceptions_app.triage import bulk
from exceptions_app.triage.undo_job import undo_or_start
from tests.database import database_url
from tests.exceptions_app.acts import give, make_policy
from tests.make import SYSTEM, make_group, make_process, make_sighting
from truscan import audit
from truscan.models.counts import NEVER, Sighting

pytestmark = pytest.mark.django_db(transaction=True)
COUNT = 12
WORKER = """
import sys
import django
django.setup()
from exceptions_app.triage import bulk
bulk.PART = 3
write, parts = bulk.write_part, []

def stuck(job, ids, now):
    result = write(job, ids, now)
    parts.append(ids)
    if len(parts) == 3:
        sys.stdout.write("in the transaction" + chr(10))
        sys.stdout.flush()
        sys.stdin.readline()
    return result

bulk.write_part = stuck
bulk.run_job({pk})
"""


def kill_in_the_third_part(job: BulkJob) -> None:
    """A worker takes the job, writes two parts of three processes and dies in the third."""
    environment = {
        **os.environ,
        "DATABASE_URL": database_url(),
        "DJANGO_SETTINGS_MODULE": "config.settings",
    }
    with subprocess.Popen(
        [sys.executable, "-c", WORKER.format(pk=job.pk)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment,
    ) as worker:
        assert worker.stdout is not None
        assert worker.stdout.readline()
        worker.kill()


def test_a_killed_worker_loses_and_doubles_nothing(settings: Any) -> None:
    settings.HAS_BROKER = True
    group, policy = make_group("Global"), make_policy("Top", "Global")
    processes = [make_process(f"{n}.exe", hash=f"{n:063x}1") for n in range(1, COUNT + 1)]
    for process in processes:
        make_sighting(process, group)
    ids = [process.pk for process in processes]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bulk, "dispatch", lambda job_id: None)
        job = bulk.make_job(
            actor=SYSTEM, processes=ids, policies=[policy.pk], response="ignore",
            reason="known", now=timezone.now(),
        )  # fmt: skip
    kill_in_the_third_part(job)
    job.refresh_from_db()
    assert (job.state, job.done, job.applied) == ("running", 6, 6)
    assert ProcessException.objects.count() == 6
    settings.HAS_BROKER = False
    bulk.tick(timezone.now())
    assert ProcessException.objects.count() == 6, "its lease has not run out"
    bulk.tick(timezone.now() + timedelta(seconds=61))
    job.refresh_from_db()
    assert (job.state, job.done, job.applied, job.skipped) == ("done", COUNT, COUNT, {})
    active = ProcessException.objects.filter(retired_at=None)
    assert sorted(active.values_list("process_id", flat=True)) == ids
    assert sorted(DecisionItem.objects.values_list("process_id", flat=True)) == ids
    decision = Decision.objects.get()
    assert decision.applied == COUNT

    settings.HAS_BROKER = True
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bulk, "dispatch", lambda job_id: None)
        patch.setattr(bulk, "AT_ONCE", COUNT - 1)
        back = undo_or_start(actor=SYSTEM, decision=decision, now=timezone.now())
        assert isinstance(back, BulkJob)
        kill_in_the_third_part(back)
        assert active.count() == 6
        with pytest.raises(StillAtWork, match="6 of 12"):
            undo_or_start(actor=SYSTEM, decision=decision, now=timezone.now())
        with pytest.raises(StillAtWork, match="goes to its end"):
            bulk.cancel(actor=SYSTEM, job=back, now=timezone.now())
    late = ProcessException.objects.get(process=processes[-1], retired_at=None)
    give(processes[-1], policy, "terminate", now=timezone.now())
    settings.HAS_BROKER = False
    bulk.tick(timezone.now() + timedelta(seconds=61))
    back.refresh_from_db()
    assert (back.state, back.done, back.applied) == ("done", COUNT, COUNT - 1)
    assert back.skipped == {"later_decision": 1}
    assert active.get().response == "terminate"
    assert DecisionItem.objects.filter(decision=back.decision, before=late).count() == 0
    with pytest.raises(AlreadyUndone):
        undo_or_start(actor=SYSTEM, decision=decision, now=timezone.now())
    assert Sighting.objects.filter(covered_until=NEVER).count() == COUNT - 1
    assert audit.verify()[2] == []
