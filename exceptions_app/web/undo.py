"""Undo of one decision as one act."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect
from django.urls import path
from django.utils import timezone
from django.views.decorators.http import require_POST

from exceptions_app.errors import ExceptionsError
from exceptions_app.models.bulk import BulkJob
from exceptions_app.models.decision import Decision
from exceptions_app.policies.effective import groups_touched
from exceptions_app.triage.undo import policies_of, root_of
from exceptions_app.triage.undo_job import undo_or_start
from exceptions_app.web.told import next_address, skipped_words
from truscan.access.actor import Actor
from truscan.access.scope import may_write_groups
from truscan.web.frame import forget_counts
from truscan.web.gate import person_with

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.http import HttpRequest, HttpResponse


def _may_undo(user: User, decision: Decision) -> bool:
    """Undoing writes the same policies and groups again, so it asks for the same right."""
    items = root_of(decision).items
    groups = set(items.exclude(group=None).values_list("group", flat=True))
    return may_write_groups(user, "analyst", groups | groups_touched(policies_of(decision)))


@require_POST
def undo_decision(request: HttpRequest, pk: int) -> HttpResponse:
    user = person_with(request, "analyst")
    decision = get_object_or_404(Decision, pk=pk)
    if not _may_undo(user, decision):
        raise Http404
    try:
        result = undo_or_start(actor=Actor.on_web(user), decision=decision, now=timezone.now())
    except ExceptionsError as refused:
        messages.error(request, str(refused))
    else:
        forget_counts(user)
        if isinstance(result, BulkJob):
            return redirect("bulk", result.pk)
        rest = skipped_words(result.skipped) + "".join(f" {note}" for note in result.notes)
        messages.success(request, f"Undone: {result.applied:,} put back.{rest}")
    return redirect(next_address(request))


urlpatterns = [path("decisions/<int:pk>/undo/", undo_decision, name="decision-undo")]
