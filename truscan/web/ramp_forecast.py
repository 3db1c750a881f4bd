"""The forecast of a plan's next level: fetched by the page of the plan, and a page of its own.

It sums over all levels so far, which takes longer than everything else on the page of the plan.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.exceptions import PermissionDenied
from django.shortcuts import render
from django.urls import path
from django.utils import timezone
from django.views.decorators.http import require_GET

from truscan.access.scope import may_write_groups
from truscan.ramp.next_level import next_level
from truscan.ramp.rows import group_ids_of
from truscan.web.gate import person
from truscan.web.ramp import get_plan

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


@require_GET
def forecast_page(request: HttpRequest, pk: int) -> HttpResponse:
    plan = get_plan(request, pk)
    if not may_write_groups(person(request), "viewer", group_ids_of(plan)):
        raise PermissionDenied("A forecast sums over all groups of the plan.")
    ctx = {"plan": plan, "coming": next_level(plan, timezone.now())}
    is_part = request.headers.get("HX-Request") == "true"
    name = "_forecast.html" if is_part else "forecast.html"
    return render(request, f"truscan/ramp/{name}", ctx)


urlpatterns = [path("ramp/<int:pk>/forecast/", forecast_page, name="ramp-forecast")]
