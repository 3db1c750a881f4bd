"""The detection log, as Monitors > Logs shows it, with the guide's filters [73]."""

from __future__ import annotations

import base64
import binascii
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from django.db.models import Q
from django.http import Http404
from django.shortcuts import render
from django.urls import path
from django.utils import timezone
from django.views.decorators.http import require_GET

from truscan.access.scope import group_ids
from truscan.in_time import ANSWER_MS, COUNT_MS, TooSlow, in_time
from truscan.ingest.raw import raw_line
from truscan.logs.record import shown
from truscan.models.counts import ProcessSummary
from truscan.models.detection import Detection, DetectionClaim
from truscan.models.log_import import LogImport
from truscan.web.detection_filter import DetectionLogFilter
from truscan.web.gate import person

if TYPE_CHECKING:
    from django.db.models import QuerySet
    from django.http import HttpRequest, HttpResponse

PAGE = 50
CAP = 10_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def cursor_of(row: Detection) -> str:
    micros = (row.event_at - EPOCH) // (datetime.resolution)
    return base64.urlsafe_b64encode(f"{micros}.{row.key}".encode()).decode().rstrip("=")


def read_cursor(text: str) -> tuple[datetime, int] | None:
    """The time and key that a cursor names; None if it is none of ours."""
    try:
        told = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
        micros, _, key = told.partition(".")
        if not -(2**63) <= int(key) < 2**63:
            return None
        return EPOCH + int(micros) * datetime.resolution, int(key)
    except (ValueError, OverflowError, binascii.Error, UnicodeDecodeError):
        return None


def _page(found: DetectionLogFilter, after: str) -> list[Detection]:
    """By event time and key: both never change, so no page shifts."""
    qs: QuerySet[Detection] = found.qs
    at = read_cursor(after) if after else None
    if at is not None:
        qs = qs.filter(event_at__lte=at[0]).filter(
            Q(event_at__lt=at[0]) | Q(event_at=at[0], key__lt=at[1])
        )
    related = ("process", "appearance", "computer", "account", "group", "outcome__action", "facts")
    rows = qs.select_related(*related).order_by("-event_at", "-key")[: PAGE + 1]
    return in_time(lambda: list(rows), ANSWER_MS)


def _count(found: DetectionLogFilter) -> int | None:
    try:
        return in_time(lambda: found.qs.order_by()[: CAP + 1].count(), COUNT_MS)
    except TooSlow:
        return None


@require_GET
def detection_list(request: HttpRequest) -> HttpResponse:
    user, data = person(request), request.GET
    start = Detection.objects.visible_to(user)
    found = DetectionLogFilter(data, start, request=request, now=timezone.now())
    ctx: dict[str, Any] = {
        "found": found,
        "form": found.form,
        "rows": [],
        "too_slow": False,
        "is_first": not data.get("after"),
        "filters": found.chips(data),
    }
    try:
        rows = _page(found, data.get("after", ""))
    except TooSlow:
        ctx["too_slow"] = True
        rows = []
    if rows:
        ctx["count"] = _count(found)
    if len(rows) > PAGE:
        told = data.copy()
        told["after"] = cursor_of(rows[PAGE - 1])
        ctx["older"] = told.urlencode()
    ctx["rows"] = rows[:PAGE]
    ctx["has_data"] = bool(rows) or ProcessSummary.objects.exists()
    return render(request, "truscan/detections/list.html", ctx)


def _line_in_scope(request: HttpRequest, import_id: int, line_no: int) -> None:
    """A raw line follows the scope of its group; otherwise there is no such line."""
    ids = group_ids(person(request))
    for rows in (Detection.objects.all(), DetectionClaim.objects.all()):
        at = rows.filter(log_import_id=import_id, line_no=line_no)
        if (at if ids is None else at.filter(group__in=ids)).exists():
            return
    raise Http404


@require_GET
def detection_raw(request: HttpRequest, import_id: int, line_no: int) -> HttpResponse:
    _line_in_scope(request, import_id, line_no)
    log_import = LogImport.objects.select_related("site").filter(pk=import_id).first()
    if log_import is None:
        raise Http404
    line = raw_line(log_import, line_no)
    ctx = {
        "log_import": log_import,
        "line_no": line_no,
        "line": None if line is None else shown(line),
        "may_open": LogImport.objects.visible_to(person(request)).filter(pk=import_id).exists(),
    }
    name = "_raw.html" if request.headers.get("HX-Request") else "raw.html"
    return render(request, f"truscan/detections/{name}", ctx)


urlpatterns = [
    path("detections/", detection_list, name="detection-list"),
    path("detections/<int:import_id>/<int:line_no>/raw/", detection_raw, name="detection-raw"),
]
