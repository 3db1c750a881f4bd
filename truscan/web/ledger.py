"""The ledger: who did what, by what means, why; newest first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import Http404
from django.shortcuts import render
from django.urls import path
from django.views.decorators.http import require_GET

from truscan.access.scope import sees_whole_estate
from truscan.ledger_filter import LedgerFilter
from truscan.models.audit import AuditEvent
from truscan.web.gate import person

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

PAGE = 100


@require_GET
def ledger(request: HttpRequest) -> HttpResponse:
    """Entries tell of all groups, so reading them needs the whole estate."""
    if not sees_whole_estate(person(request)):
        raise Http404
    found = LedgerFilter(request.GET, AuditEvent.objects.all())
    rows = list(found.qs[: PAGE + 1]) if found.is_valid() else []
    older = rows[PAGE - 1].pk if len(rows) > PAGE else None
    ctx = {"filter": found, "events": rows[:PAGE], "older": older}
    return render(request, "truscan/ledger.html", ctx)


urlpatterns = [path("ledger/", ledger, name="ledger")]
