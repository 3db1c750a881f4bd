"""The rows behind one gate of a plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import render
from django.urls import path
from django.utils import timezone
from django.views.decorators.http import require_GET

from truscan.access.scope import may_write_groups
from truscan.models.detection import EventType
from truscan.ramp.behind import SHOWN, rows_behind
from truscan.ramp.judge import judge
from truscan.ramp.rows import group_ids_of
from truscan.ramp.thresholds import Key
from truscan.web.gate import person
from truscan.web.ramp import get_plan

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

# Where the same rows are worked on or read line by line: a title and an address of the plan's id.
ELSEWHERE: dict[Key, tuple[str, str]] = {
    Key.OPEN: ("Decide them in the inbox", "/?plan={}&sort=first"),
    Key.WAITING: ("Decide them in the inbox", "/?plan={}&sort=first"),
    Key.COVERED: (
        "Potential risks of these groups in the log",
        f"/detections/?plan={{}}&event_type={EventType.POTENTIAL_RISK.value}&since=change",
    ),
    Key.LEGITIMATE: (
        "Security risks of these groups in the log",
        f"/detections/?plan={{}}&event_type={EventType.SECURITY_RISK.value}&since=change",
    ),
    Key.FALSE_QUARANTINES: (
        "The log of these groups since the change",
        "/detections/?plan={}&since=change",
    ),
}


@require_GET
def gate_page(request: HttpRequest, pk: int, gate: str) -> HttpResponse:
    plan, now = get_plan(request, pk), timezone.now()
    if gate not in set(Key):
        raise Http404
    if not may_write_groups(person(request), "viewer", group_ids_of(plan)):
        raise PermissionDenied("The gates sum over all groups of the plan.")
    key = Key(gate)
    (judged,) = judge([plan], now)
    title, address = ELSEWHERE.get(key, ("", ""))
    ctx = {
        "plan": plan,
        "reading": next((r for r in judged.readings if r.key is key), None),
        "found": rows_behind(plan, key, now),
        "shown": SHOWN,
        "elsewhere": address.format(plan.pk),
        "elsewhere_title": title,
    }
    return render(request, "truscan/ramp/gate.html", ctx)


urlpatterns = [path("ramp/<int:pk>/gates/<str:gate>/", gate_page, name="ramp-gate")]
