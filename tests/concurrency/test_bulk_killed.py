"""kill -9 of a worker in the middle of a bulk decision: the next tick goes on, nothing twice."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from exceptions_app.models.decision import Decision, DecisionItem
from exceptions_app.models.exception import ProcessException
from exceptions_app.triage import bulk
from exceptions_app.triage.undo import undo
from tests.database import database_url
from tests.exceptions_app.acts import make_policy
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
    assert undo(actor=SYSTEM, decision=decision, now=timezone.now()).applied == COUNT
    assert not active.exists()
    assert Sighting.objects.filter(covered_until=NEVER).count() == COUNT
    assert audit.verify()[2] == []
