"""New builds of decided processes: one button or key gives them what the build before has."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.views.decorators.http import require_POST

from exceptions_app.errors import ExceptionsError
from exceptions_app.triage.renew import Renewed, renew
from exceptions_app.web.told import next_address, skipped_words, tell
from truscan.access.actor import Actor
from truscan.models.process import Process
from truscan.web.frame import forget_counts
from truscan.web.gate import person_with

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.http import HttpRequest

MOST = 200


def _chosen(user: User, texts: list[str]) -> list[int]:
    """All of them must be in the person's scope; a forged id is not found."""
    wanted = {int(t) for t in texts if t.isascii() and t.isdigit() and len(t) < 19}
    if not wanted or len(wanted) > MOST or len(wanted) != len(set(texts)):
        raise Http404
    mine = Process.objects.all().visible_to(user, "analyst").filter(pk__in=wanted)
    found = sorted(mine.values_list("pk", flat=True))
    if len(found) != len(wanted):
        raise Http404
    return found


@require_POST
def renew_processes(request: HttpRequest) -> HttpResponse:
    user = person_with(request, "analyst")
    ids = _chosen(user, request.POST.getlist("process"))
    done = Renewed()
    try:
        done = renew(actor=Actor.on_web(user), user=user, processes=ids, now=timezone.now())
    except ExceptionsError as refused:
        messages.error(request, str(refused))
    forget_counts(user)
    for response, result in done.results:
        tell(request, response, result)
    if done.skipped:
        messages.warning(request, skipped_words(done.skipped).strip())
    if not request.headers.get("HX-Request"):
        return redirect(next_address(request))
    r = render(request, "truscan/_messages.html")
    r["HX-Reswap"] = "none"
    taken = {word for word, result in done.results if result.decision is not None}
    if len(taken) > 1:
        return HttpResponse(headers={"HX-Redirect": next_address(request)})
    if taken:
        left = {skip.process_id for skip in done.skipped}
        shown = {"ids": [pk for pk in ids if pk not in left], "response": taken.pop()}
        r["HX-Trigger"] = json.dumps({"decided": shown})
    return r


urlpatterns = [path("processes/renew/", renew_processes, name="process-renew")]
