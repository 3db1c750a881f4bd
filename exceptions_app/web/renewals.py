"""New builds of decided processes: one button or key gives them what the build before has."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.views.decorators.http import require_POST

from exceptions_app.errors import ExceptionsError, NothingChosen
from exceptions_app.triage.renew import Renewed, renew
from exceptions_app.web.choice import chosen
from exceptions_app.web.told import next_address, skipped_words, tell
from truscan.access.actor import Actor
from truscan.web.frame import forget_counts
from truscan.web.gate import person_with

if TYPE_CHECKING:
    from django.http import HttpRequest

# Their changes are read at once; beyond that a page would be slow to answer.
MOST = 2_000
# So many rows are marked in place; after a larger act the list is read anew.
MARKED_MAX = 200


def _check(ids: list[int]) -> None:
    if not ids:
        raise NothingChosen("None of these processes can be given a response by you.")
    if len(ids) > MOST:
        raise NothingChosen(f"These are more than {MOST:,} processes: narrow the filter first.")


@require_POST
def renew_processes(request: HttpRequest) -> HttpResponse:
    user = person_with(request, "analyst")
    now = timezone.now()
    ids = chosen(user, request.POST, now).ids
    done = Renewed()
    try:
        _check(ids)
        done = renew(actor=Actor.on_web(user), user=user, processes=ids, now=now)
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
    if len(taken) > 1 or (taken and len(ids) > MARKED_MAX):
        return HttpResponse(headers={"HX-Redirect": next_address(request)})
    if taken:
        left = {skip.process_id for skip in done.skipped}
        shown = {"ids": [pk for pk in ids if pk not in left], "response": taken.pop()}
        r["HX-Trigger"] = json.dumps({"decided": shown})
    return r


urlpatterns = [path("processes/renew/", renew_processes, name="process-renew")]
