"""Bulk decisions: one act that a worker writes part by part, and that any moment may interrupt.

The decision is made with the job, so that whatever people decide while it is written comes after
it and is respected. Each part is one transaction with its line in the ledger and the number of
processes that are settled by then. Undo takes all of it back as one act, once the job has ended.
"""

from __future__ import annotations

import logging
import uuid
from collections import Counter
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.utils import timezone

from exceptions_app.errors import ExceptionsError, NothingChosen, StillAtWork
from exceptions_app.models.bulk import BulkJob
from exceptions_app.models.decision import Decision
from exceptions_app.triage.bulk_parts import actor_of, write_part
from exceptions_app.triage.decide import checked_reason
from exceptions_app.triage.write import make_decision
from truscan import audit

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from django.contrib.auth.models import User

    from truscan.access.actor import Actor

log = logging.getLogger(__name__)

# Up to so many (process, place) pairs an act is written at once, beyond as a job.
AT_ONCE = 5_000
# So many pairs a part: some tenths of a second, so that nobody waits long for its locks.
PART = 4_000
LEASE = timedelta(seconds=60)
UNFETCHED = timedelta(seconds=60)
# A part that was begun so often and never ended will not end by itself.
TRIES = 5
_State = BulkJob.State
_GOING = (_State.QUEUED, _State.RUNNING)
OURS = "An error of this program stopped the work; its log tells which. What is done stays done."


@transaction.atomic
def make_job(
    *,
    actor: Actor,
    processes: Sequence[int],
    response: str,
    reason: str,
    now: datetime,
    policies: Sequence[int] = (),
    groups: Sequence[int] = (),
    query: str = "",
    seen_at: datetime | None = None,
    approver: User | None = None,
    **terms: Any,
) -> BulkJob:
    """A decision and the job that writes it, once this transaction stands; inline without a broker.

    `policies` or, to observe, `groups` by id; `terms` are `review_on`, `expires_at`, `until` and
    `tripwires`. The caller has checked the person's right; every part checks it again. What needs
    a second person is skipped unless there is an `approver`. Raises NothingChosen.
    """
    reason = checked_reason(reason)
    is_observe = response == "observe"
    policies, groups = ([], groups) if is_observe else (policies, [])
    if not processes or not (policies or groups):
        raise NothingChosen("Choose at least one process, and where it shall count.")
    decision = make_decision(
        actor=actor,
        kind=Decision.Kind.OBSERVE if is_observe else Decision.Kind.RESPOND,
        response="" if is_observe else response,
        reason=reason,
        now=now,
        items=[],
    )
    wanted = {
        "response": response,
        "reason": reason,
        "policies": sorted(set(policies)),
        "groups": sorted(set(groups)),
        "approver": approver.pk if approver else None,
        **{name: _plain(terms.get(name)) for name in TERMS},
    }
    return enqueue(decision, wanted, processes, actor=actor, now=now, query=query, seen_at=seen_at)


def enqueue(
    decision: Decision,
    wanted: dict[str, Any],
    processes: Sequence[int],
    *,
    actor: Actor,
    now: datetime,
    query: str = "",
    seen_at: datetime | None = None,
) -> BulkJob:
    """The job of a decision without items, in the transaction that made the decision."""
    ids = sorted(set(processes))
    job = BulkJob.objects.create(
        decision=decision,
        wanted=wanted,
        query=query,
        process_ids=ids,
        total=len(ids),
        seen_at=seen_at,
        actor_name=actor.name,
        actor_user=actor.user,
        means=actor.means.value,
        made_at=now,
    )
    said = {"bulk_job": job.pk, "processes": len(ids), "filter": query, **wanted}
    audit.record("bulk.started", actor=actor, obj=decision, after=said, reason=decision.reason)
    transaction.on_commit(partial(dispatch, job.pk))
    return job


TERMS = ("review_on", "expires_at", "until", "tripwires")


def _plain(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value


def dispatch(job_id: int, now: datetime | None = None) -> None:
    # Here, since the task imports this module.
    from exceptions_app.tasks import run_bulk_job

    if settings.HAS_BROKER:
        run_bulk_job.delay(job_id)
    else:
        run_job(job_id, now=now)


def tick(now: datetime) -> None:
    """Go on with what was never fetched, and with what a dead worker left."""
    due = Q(state=_State.RUNNING, lease_until__lte=now)
    due |= Q(state=_State.QUEUED, made_at__lte=now - UNFETCHED)
    for job_id in list(
        BulkJob.objects.filter(due).order_by("id").values_list("pk", flat=True)[:20]
    ):
        dispatch(job_id, now)


def run_job(
    job_id: int, *, now: datetime | None = None, clock: Callable[[], datetime] = timezone.now
) -> BulkJob | None:
    """Write the parts that are left, each at the moment that it is written; None if another worker
    has the job at `now`. Safe at any time."""
    owner = _claim(job_id, now or clock())
    if owner is None:
        return None
    try:
        while _next_part(job_id, owner, clock()):
            pass
    except ExceptionsError as error:
        _fail(job_id, owner, str(error), clock())
    except Exception:
        log.exception("bulk job %s", job_id)
        _fail(job_id, owner, OURS, clock())
    return BulkJob.objects.defer("process_ids").get(pk=job_id)


def _claim(job_id: int, now: datetime) -> uuid.UUID | None:
    owner = uuid.uuid4()
    free = Q(state=_State.QUEUED) | Q(state=_State.RUNNING, lease_until__lte=now)
    taken = BulkJob.objects.filter(free, pk=job_id).update(
        state=_State.RUNNING,
        lease_owner=owner,
        lease_until=now + LEASE,
        started_at=Coalesce(F("started_at"), now),
        tries=F("tries") + 1,
        error="",
    )
    if not taken:
        return None
    if BulkJob.objects.filter(pk=job_id, tries__gt=TRIES).exists():
        _fail(job_id, owner, OURS, now)
        return None
    return owner


@transaction.atomic
def _next_part(job_id: int, owner: uuid.UUID, now: datetime) -> bool:
    """Settle the next part; False if it was the last, or the job is not this worker's any more."""
    rows = BulkJob.objects.select_for_update(of=("self",)).defer("process_ids")
    mine = rows.filter(pk=job_id, lease_owner=owner, state=_State.RUNNING)
    job = mine.select_related("decision", "actor_user").first()
    if job is None:
        return False
    places = len(job.wanted["policies"]) + len(job.wanted["groups"])
    ids = _ids(job, max(PART // places, 1))
    result = write_part(job, ids, now)
    job.done += len(ids)
    job.applied += result.applied
    job.skipped = Counter(job.skipped) + Counter(skip.code for skip in result.skipped)
    job.lease_until, job.tries = now + LEASE, 0
    is_last = job.done >= job.total
    if is_last:
        job.state, job.finished_at, job.lease_owner = _State.DONE, now, None
    job.save()
    if is_last:
        audit.record("bulk.done", actor=actor_of(job), obj=job.decision, after=_how_far(job))
    return not is_last


def _ids(job: BulkJob, count: int) -> list[int]:
    """The next of its processes, without reading the others."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT process_ids[%s:%s] FROM exceptions_app_bulkjob WHERE id = %s",
            [job.done + 1, job.done + count, job.pk],
        )
        row = cursor.fetchone()
    return list(row[0]) if row else []


def _how_far(job: BulkJob) -> dict[str, Any]:
    return {
        "bulk_job": job.pk,
        "processes": job.total,
        "settled": job.done,
        "applied": job.applied,
        "skipped": job.skipped,
    }


@transaction.atomic
def _fail(job_id: int, owner: uuid.UUID, why: str, now: datetime) -> None:
    """Told on the page and in the ledger, with how far it came."""
    mine = BulkJob.objects.filter(pk=job_id, lease_owner=owner, state=_State.RUNNING)
    if mine.update(state=_State.FAILED, error=why, finished_at=now, lease_owner=None):
        job = BulkJob.objects.defer("process_ids").get(pk=job_id)
        audit.record(
            "bulk.failed", actor=actor_of(job), obj=job.decision, after=_how_far(job), reason=why
        )


@transaction.atomic
def cancel(*, actor: Actor, job: BulkJob, now: datetime) -> BulkJob:
    """Write no further part; what is done stays, and is undone like any decision. Idempotent.

    StillAtWork for an undo: half of one is no state that somebody decided.
    """
    if job.decision.kind == Decision.Kind.UNDO and not job.is_settled:
        raise StillAtWork("An undo is one act and goes to its end; then it can be undone itself.")
    stopped = BulkJob.objects.filter(pk=job.pk, state__in=[*_GOING, _State.FAILED]).update(
        state=_State.CANCELLED, finished_at=now, lease_owner=None
    )
    row = BulkJob.objects.defer("process_ids").select_related("decision").get(pk=job.pk)
    if stopped:
        audit.record("bulk.cancelled", actor=actor, obj=row.decision, after=_how_far(row))
    return row


@transaction.atomic
def resume(*, actor: Actor, job: BulkJob, now: datetime) -> BulkJob:
    """Go on after an error, where it stopped. Idempotent; a cancelled one stays as it is."""
    again = BulkJob.objects.filter(pk=job.pk, state=_State.FAILED).update(
        state=_State.QUEUED, tries=0, error="", made_at=now, finished_at=None
    )
    row = BulkJob.objects.defer("process_ids").select_related("decision").get(pk=job.pk)
    if again:
        transaction.on_commit(partial(dispatch, job.pk))
        audit.record("bulk.resumed", actor=actor, obj=row.decision, after=_how_far(row))
    return row
