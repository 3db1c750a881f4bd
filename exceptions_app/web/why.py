"""Why a process has its response in a group, as a page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.shortcuts import render
from django.urls import path
from django.utils import timezone
from django.views.decorators.http import require_GET

from exceptions_app.errors import ExceptionsError
from exceptions_app.export.package import location_called
from exceptions_app.web.process import visible_process
from exceptions_app.why.chain import why
from truscan.models.estate import Group
from truscan.web.gate import person, text_of

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

MOST_GROUPS = 200


@require_GET
def why_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Without a group: choose one of those where it was seen."""
    process, user = visible_process(request, pk), person(request)
    visible = Group.objects.visible_to(user).select_related("domain")
    text = text_of(request.GET, "group", 1000)
    name = text_of(request.GET, "location", 256)
    ctx: dict[str, Any] = {
        "process": process,
        "group": text,
        "location": name,
        "seen_in": visible.filter(sightings__process=process).order_by("path_key")[:MOST_GROUPS],
    }
    if text:
        found = list(visible.filter(path_key=text.rstrip("\\").casefold())[:2])
        if len(found) != 1:
            messages.error(request, f"There is no single group {text} that you see.")
        else:
            try:
                location = location_called(found[0], name) if name else None
                ctx["chain"] = why(process, found[0], location, now=timezone.now())
            except ExceptionsError as error:
                messages.error(request, str(error))
    return render(request, "exceptions_app/process/why.html", ctx)


urlpatterns = [path("processes/<int:pk>/why/", why_page, name="process-why")]
