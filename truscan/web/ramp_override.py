"""Asking for an override of failed gates, and signing one that another person asked for."""

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
from truscan.ramp.override import ask_override, give_override
from truscan.web.gate import person
from truscan.web.ramp import get_plan, may_act

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponse

    from truscan.models.ramp import RampPlan

ACTS: dict[str, Callable[..., RampPlan]] = {"ask": ask_override, "give": give_override}
DONE = {
    "ask": "The override is asked for. Another approver signs it on this page.",
    "give": "The override is signed: the level may be confirmed.",
}


@require_POST
def plan_override(request: HttpRequest, pk: int) -> HttpResponse:
    plan = get_plan(request, pk)
    if not may_act(request, plan):
        raise PermissionDenied("Only an approver of all groups of the plan does that.")
    what = request.POST.get("what", "")
    if what not in ACTS:
        raise Http404
    try:
        ACTS[what](
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
