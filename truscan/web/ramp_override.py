"""Asking for an override of failed gates, withdrawing it; signing or refusing another's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import redirect
from django.urls import path
from django.utils import timezone
from django.views.decorators.http import require_POST

from truscan.access.actor import Actor
from truscan.ramp.errors import RampError
from truscan.ramp.override import OVERRIDES
from truscan.web.gate import person
from truscan.web.ramp import get_plan, may_act

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

DONE = {
    "ask": "The override is asked for. Another approver signs it on this page.",
    "give": "The override is signed: the level may be confirmed.",
    "refuse": "The override is refused. Who asked for it reads why under “What happened”.",
    "withdraw": "The override is withdrawn.",
}


@require_POST
def plan_override(request: HttpRequest, pk: int) -> HttpResponse:
    plan = get_plan(request, pk)
    if not may_act(request, plan):
        raise PermissionDenied("Only an approver of all groups of the plan does that.")
    what = request.POST.get("what", "")
    if what not in OVERRIDES:
        raise Http404
    try:
        OVERRIDES[what](
            actor=Actor.on_web(person(request)),
            plan=plan,
            level=request.POST.get("level", ""),
            reason=request.POST.get("reason", ""),
            now=timezone.now(),
        )
    except RampError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, DONE[what])
    return redirect("ramp-plan", pk=pk)


urlpatterns = [path("ramp/<int:pk>/override/", plan_override, name="ramp-override")]
