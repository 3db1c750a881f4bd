"""The completion dossier of a ramp plan: the draft, the sealed ones, and sealing."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from exceptions_app.dossier.document import canonical, document
from exceptions_app.dossier.seal import (
    is_proven,
    is_same_today,
    seal,
    signature_fits,
    why_not_seal,
)
from exceptions_app.errors import ExceptionsError
from exceptions_app.models.dossier import Dossier
from exceptions_app.policies.signing import is_key_of_today
from exceptions_app.web.dossier_rows import shown
from truscan.access.actor import Actor
from truscan.access.scope import may_write_groups
from truscan.models.ramp import RampPlan
from truscan.ramp.rows import group_ids_of, with_rows
from truscan.web.gate import person

if TYPE_CHECKING:
    from django.http import HttpRequest

SUMS = "A dossier sums over all groups of the plan: only people who see all of them read it."


def get_plan(request: HttpRequest, pk: int) -> RampPlan:
    """The plan, if the person sees all of its groups; of some of them, he may not know the sums."""
    plans = with_rows(RampPlan.objects.visible_to(person(request)))
    plan: RampPlan = get_object_or_404(plans, pk=pk)
    if not may_write_groups(person(request), "viewer", group_ids_of(plan)):
        raise PermissionDenied(SUMS)
    return plan


def may_seal(request: HttpRequest, plan: RampPlan) -> bool:
    return may_write_groups(person(request), "approver", group_ids_of(plan))


@require_GET
def dossier_draft(request: HttpRequest, pk: int) -> HttpResponse:
    """What a dossier sealed now would say, with those that are sealed."""
    plan, now = get_plan(request, pk), timezone.now()
    sealed = list(plan.dossiers.defer("canonical"))
    ctx = {
        **shown(document(plan, now)),
        "plan": plan,
        "sealed": sealed,
        "may_seal": may_seal(request, plan),
        "why_not": why_not_seal(plan, now),
    }
    return render(request, "exceptions_app/dossier/dossier.html", ctx)


@require_GET
def dossier_page(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """A sealed dossier, from its own text, with the proof computed anew; with `again` it is also
    made again from the rows of today, which reads all that a draft reads."""
    plan = get_plan(request, pk)
    dossier = get_object_or_404(Dossier, plan=plan, number=number)
    ctx: dict[str, Any] = {
        **shown(json.loads(dossier.canonical)),
        "plan": plan,
        "dossier": dossier,
        "is_proven": is_proven(dossier),
        "signature_fits": signature_fits(dossier),
        "is_ours": is_key_of_today(dossier.public_key),
        "is_asked_again": "again" in request.GET,
        "is_same_today": "again" in request.GET and is_same_today(dossier, plan, timezone.now()),
    }
    return render(request, "exceptions_app/dossier/dossier.html", ctx)


@require_GET
def dossier_file(request: HttpRequest, pk: int, number: int, form: str) -> HttpResponse:
    """The sealed text byte for byte (json), or its raw signature of 64 bytes (sig)."""
    plan = get_plan(request, pk)
    dossier = get_object_or_404(Dossier, plan=plan, number=number)
    if form == "sig" and not dossier.signature:
        raise Http404
    body, kind = dossier.canonical.encode(), "application/json"
    if form == "sig":
        body, kind = base64.b64decode(dossier.signature), "application/octet-stream"
    return _attached(body, kind, f"ramp-{plan.pk}-dossier-{number}.{form}")


@require_GET
def dossier_draft_file(request: HttpRequest, pk: int) -> HttpResponse:
    plan = get_plan(request, pk)
    text = canonical(plan, timezone.now())
    return _attached(text.encode(), "application/json", f"ramp-{plan.pk}-dossier-draft.json")


@require_POST
def dossier_seal(request: HttpRequest, pk: int) -> HttpResponse:
    plan = get_plan(request, pk)
    if not may_seal(request, plan):
        raise PermissionDenied("Only an approver of all groups of the plan does that.")
    try:
        dossier = seal(actor=Actor.on_web(person(request)), plan=plan, now=timezone.now())
    except ExceptionsError as error:
        messages.error(request, str(error))
        return redirect("ramp-dossier", pk)
    messages.success(request, f"Dossier {dossier.number} is sealed.")
    return redirect("ramp-dossier-sealed", pk, dossier.number)


def _attached(body: bytes, kind: str, name: str) -> HttpResponse:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(body, content_type=kind, headers=headers)


urlpatterns = [
    path("ramp/<int:pk>/dossier/", dossier_draft, name="ramp-dossier"),
    path("ramp/<int:pk>/dossier/draft.json", dossier_draft_file, name="ramp-dossier-draft"),
    path("ramp/<int:pk>/dossier/seal/", dossier_seal, name="ramp-dossier-seal"),
    path("ramp/<int:pk>/dossier/<int:number>/", dossier_page, name="ramp-dossier-sealed"),
    path(
        "ramp/<int:pk>/dossier/<int:number>/dossier.json",
        dossier_file,
        {"form": "json"},
        name="ramp-dossier-json",
    ),
    path(
        "ramp/<int:pk>/dossier/<int:number>/dossier.sig",
        dossier_file,
        {"form": "sig"},
        name="ramp-dossier-sig",
    ),
]
