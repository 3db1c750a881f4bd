"""Bulk decisions at work: a list, the progress of one, stopping it and going on."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from exceptions_app.errors import ExceptionsError
from exceptions_app.models.bulk import BulkJob
from exceptions_app.models.decision import Decision
from exceptions_app.triage.bulk import cancel, resume
from exceptions_app.triage.undo import UNDO_WITHIN
from exceptions_app.web.skips import counted_words
from truscan.access.actor import Actor
from truscan.web.frame import forget_counts
from truscan.web.gate import person, person_with

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

SHOWN = 50


def get_job(request: HttpRequest, pk: int) -> BulkJob:
    rows = BulkJob.objects.defer("process_ids").select_related("decision")
    return get_object_or_404(rows.visible_to(person(request)), pk=pk)


@require_GET
def bulk_list(request: HttpRequest) -> HttpResponse:
    rows = BulkJob.objects.defer("process_ids").select_related("decision")
    ctx = {"jobs": list(rows.visible_to(person(request))[:SHOWN])}
    return render(request, "exceptions_app/bulk/list.html", ctx)


@require_GET
def bulk_page(request: HttpRequest, pk: int) -> HttpResponse:
    """How far it is; for htmx only the part that changes."""
    job, user, now = get_job(request, pk), person(request), timezone.now()
    stands = job.decision.undone_at is None and job.decision.decided_at > now - UNDO_WITHIN
    ctx = {
        "job": job,
        "skipped": counted_words(job.skipped),
        "rest": _rest(job),
        "is_undo": job.decision.kind == Decision.Kind.UNDO,
        "is_mine": job.actor_user_id == user.pk,
        "may_undo": job.is_finished and stands and job.applied > 0,
    }
    name = "_job.html" if request.headers.get("HX-Request") else "job.html"
    if job.is_finished:
        forget_counts(user)
    return render(request, f"exceptions_app/bulk/{name}", ctx)


def _rest(job: BulkJob) -> timedelta | None:
    """The time left at the pace so far; nothing before the first part."""
    if job.is_finished or not job.done or job.started_at is None:
        return None
    spent = timezone.now() - job.started_at
    return timedelta(seconds=round(spent.total_seconds() * job.left / job.done))


@require_POST
def bulk_act(request: HttpRequest, pk: int) -> HttpResponse:
    """`act` is cancel or resume; its own person does that."""
    user = person_with(request, "analyst")
    job, now = get_job(request, pk), timezone.now()
    if job.actor_user_id != user.pk:
        raise Http404
    if request.POST.get("act") == "resume":
        resume(actor=Actor.on_web(user), job=job, now=now)
    else:
        try:
            done = cancel(actor=Actor.on_web(user), job=job, now=now)
        except ExceptionsError as error:
            messages.error(request, str(error))
        else:
            settled = f"{done.done:,} of {done.total:,} processes are settled."
            messages.info(request, f"Stopped: {settled}")
    forget_counts(user)
    return redirect("bulk", pk)


urlpatterns = [
    path("bulk/", bulk_list, name="bulk-list"),
    path("bulk/<int:pk>/", bulk_page, name="bulk"),
    path("bulk/<int:pk>/act/", bulk_act, name="bulk-act"),
]
