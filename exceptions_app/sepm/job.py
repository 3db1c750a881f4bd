"""Work on a SEPM server as rows: claimed with a lease, gone on with after a crash, tried again."""

from __future__ import annotations

import logging
import uuid
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.utils import timezone

from exceptions_app.errors import ExceptionsError
from exceptions_app.models.sepm import SepmJob
from exceptions_app.sepm.client import Client
from exceptions_app.sepm.errors import SepmError, Stopped
from exceptions_app.sepm.setup import access_of
from truscan import audit
from truscan.access.actor import Actor, Means

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from exceptions_app.models.policy import Policy
    from exceptions_app.models.sepm import SepmServer

log = logging.getLogger(__name__)

# Longer than the longest call (95 seconds), renewed before each.
LEASE = timedelta(seconds=180)
# A job that nobody fetched, since the broker was away.
UNFETCHED = timedelta(seconds=60)
WAITS = (30, 60, 120, 300, 600, 1800)  # seconds; after the last one a person decides
_State = SepmJob.State
OURS = "An error of this program stopped the work; its log tells which."


def make_job(
    *,
    actor: Actor,
    server: SepmServer,
    kind: str,
    now: datetime,
    policies: Iterable[Policy] = (),
    **more: Any,
) -> SepmJob:
    """A row that a worker takes once the transaction stands; inline without a broker."""
    job = SepmJob.objects.create(
        server=server,
        kind=kind,
        actor_name=actor.name,
        actor_user=actor.user,
        means=actor.means.value,
        created_at=now,
        **more,
    )
    job.policies.set(policies)
    transaction.on_commit(partial(dispatch, job.pk))
    return job


def dispatch(job_id: int, now: datetime | None = None) -> None:
    # Here, since the task imports this module.
    from exceptions_app.tasks import run_sepm_job

    if settings.HAS_BROKER:
        run_sepm_job.delay(job_id)
    else:
        run_job(job_id, now=now or timezone.now())


def tick(now: datetime) -> None:
    """Go on with what waits, what was never fetched, and what a dead worker left."""
    due = (
        Q(state=_State.WAITING, retry_at__lte=now)
        | Q(state=_State.RUNNING, lease_until__lte=now)
        | Q(state=_State.QUEUED, created_at__lte=now - UNFETCHED)
    )
    rows = SepmJob.objects.filter(due, server__is_on=True).order_by("id")
    for job_id in list(rows.values_list("pk", flat=True)[:20]):
        dispatch(job_id, now)


def claim(job_id: int, now: datetime) -> uuid.UUID | None:
    """Take a job; None if another has it, or another job runs on its server."""
    owner = uuid.uuid4()
    free = (
        Q(state=_State.QUEUED)
        | Q(state=_State.WAITING, retry_at__lte=now)
        | Q(state=_State.RUNNING, lease_until__lte=now)
    )
    try:
        with transaction.atomic():
            taken = SepmJob.objects.filter(free, pk=job_id, server__is_on=True).update(
                state=_State.RUNNING,
                lease_owner=owner,
                lease_until=now + LEASE,
                started_at=Coalesce(F("started_at"), now),
                error="",
                error_code="",
            )
    except IntegrityError:
        return None
    return owner if taken else None


def run_job(job_id: int, *, now: datetime) -> SepmJob | None:
    """Do the work, or go on with it; None if another worker has it. Safe to call at any time."""
    # Here, since each kind of work imports this module.
    from exceptions_app.sepm.kinds import WORK

    owner = claim(job_id, now)
    if owner is None:
        return None
    job = SepmJob.objects.select_related("server__domain", "actor_user").get(pk=job_id)
    try:
        with Client(access_of(job.server), before_each=partial(renew, job, owner)) as client:
            result = WORK[SepmJob.Kind(job.kind)](job, client, now)
    except Stopped:
        return None
    except ExceptionsError as error:
        _end_badly(job, owner, error)
    except Exception:
        log.exception("SEPM job %s", job_id)
        _fail(job, owner, OURS, "error")
    else:
        mine = SepmJob.objects.filter(pk=job.pk, lease_owner=owner, state=_State.RUNNING)
        mine.update(
            state=_State.DONE, result=result, finished_at=timezone.now(), progress="",
            lease_owner=None, lease_until=None,
        )  # fmt: skip
    job.refresh_from_db()
    return job


def renew(job: SepmJob, owner: uuid.UUID) -> None:
    """Before each call; Stopped if somebody stopped the job, or another worker took it."""
    mine = SepmJob.objects.filter(pk=job.pk, lease_owner=owner, state=_State.RUNNING)
    if not mine.update(lease_until=timezone.now() + LEASE):
        raise Stopped("The job was stopped, or another worker went on with it.")


def tell(job: SepmJob, text: str) -> None:
    SepmJob.objects.filter(pk=job.pk).update(progress=text[:255])


def _end_badly(job: SepmJob, owner: uuid.UUID, error: ExceptionsError) -> None:
    passes = isinstance(error, SepmError) and error.passes
    if not passes or job.tries >= len(WAITS):
        _fail(job, owner, str(error), error.code)
        return
    wait = timedelta(seconds=WAITS[job.tries])
    SepmJob.objects.filter(pk=job.pk, lease_owner=owner, state=_State.RUNNING).update(
        state=_State.WAITING, tries=job.tries + 1, retry_at=timezone.now() + wait,
        error=str(error), error_code=error.code, lease_owner=None, lease_until=None,
    )  # fmt: skip


@transaction.atomic
def _fail(job: SepmJob, owner: uuid.UUID, text: str, code: str) -> None:
    """Told on the page and in the ledger, with how far it came: nothing is left half done in
    silence."""
    failed = SepmJob.objects.filter(pk=job.pk, lease_owner=owner, state=_State.RUNNING).update(
        state=_State.FAILED, error=text, error_code=code, finished_at=timezone.now(),
        lease_owner=None, lease_until=None,
    )  # fmt: skip
    if failed:
        audit.record(
            f"sepm.{job.kind}_failed", actor=actor_of(job), obj=job.server, after=how_far(job),
            reason=text,
        )  # fmt: skip


def how_far(job: SepmJob) -> dict[str, Any]:
    steps = list(job.steps.values_list("state", flat=True))
    return {"job": job.pk, "steps": len(steps), "done": steps.count("done")}


def actor_of(job: SepmJob) -> Actor:
    return Actor(job.actor_name, Means(job.means), job.actor_user)


@transaction.atomic
def resume_job(*, actor: Actor, job: SepmJob, now: datetime) -> SepmJob:
    """Go on where it stopped: steps that are done stay done, the others read before they write."""
    again = SepmJob.objects.filter(
        pk=job.pk, state__in=[_State.FAILED, _State.STOPPED, _State.WAITING]
    )
    if again.update(state=_State.QUEUED, tries=0, retry_at=None, created_at=now, finished_at=None):
        job.steps.filter(state="failed").update(state="waiting", told="")
        transaction.on_commit(partial(dispatch, job.pk))
        audit.record("sepm.resumed", actor=actor, obj=job.server, after=how_far(job))
    job.refresh_from_db()
    return job


@transaction.atomic
def stop_job(*, actor: Actor, job: SepmJob, now: datetime) -> SepmJob:
    """What is done stays done; a call on its way is not called back, and its step reads first."""
    going = SepmJob.objects.filter(pk=job.pk).exclude(
        state__in=[_State.DONE, _State.FAILED, _State.STOPPED]
    )
    if going.update(state=_State.STOPPED, finished_at=now, lease_owner=None, lease_until=None):
        audit.record("sepm.stopped", actor=actor, obj=job.server, after=how_far(job))
    job.refresh_from_db()
    return job
