"""Observed processes brought back to the inbox by a person, before a date or a tripwire does it."""

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
from exceptions_app.models.watch import Watch
from exceptions_app.triage.watching import end_watch
from exceptions_app.web.choice import chosen
from exceptions_app.web.told import next_address, skipped_words
from truscan.access.actor import Actor
from truscan.access.scope import group_ids
from truscan.web.frame import forget_counts
from truscan.web.gate import person_with, text_of

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.http import HttpRequest

# One transaction ends them all; beyond that a page would be slow to answer.
MOST = 2_000
# So many rows are marked in place; after a larger act the list is read anew.
MARKED_MAX = 200


def _open_watches(user: User, processes: list[int]) -> list[tuple[int, int]]:
    """(observation, process) in the groups where the person decides."""
    mine = group_ids(user, "analyst")
    rows = Watch.objects.filter(process__in=processes, ended_at=None).order_by("pk")
    if mine is not None:
        rows = rows.filter(group__in=mine)
    found = list(rows.values_list("pk", "process_id")[: MOST + 1])
    if not found:
        raise NothingChosen("None of these is observed in groups where you decide.")
    if len(found) > MOST:
        raise NothingChosen(f"These are more than {MOST:,} observations: narrow the filter first.")
    return found


@require_POST
def bring_back(request: HttpRequest) -> HttpResponse:
    """End the observations of the chosen processes: what has no exception is open again."""
    user, now = person_with(request, "analyst"), timezone.now()
    ids = chosen(user, request.POST, now).ids
    reason = text_of(request.POST, "reason", 2000) or "brought back by hand"
    back: list[int] = []
    try:
        found = _open_watches(user, ids)
        watches = [pk for pk, _ in found]
        done = end_watch(actor=Actor.on_web(user), watches=watches, reason=reason, now=now)
    except ExceptionsError as refused:
        messages.error(request, str(refused))
    else:
        back = sorted({process for _, process in found})
        rest = skipped_words(done.skipped)
        if done.decision is None:
            messages.info(request, f"Nothing changed.{rest}")
        else:
            text = f"{len(back):,} back in the inbox, where no exception covers them.{rest}"
            messages.success(request, text, extra_tags=f"undo:{done.decision.pk}")
    forget_counts(user)
    if not request.headers.get("HX-Request"):
        return redirect(next_address(request))
    if len(back) > MARKED_MAX:
        return HttpResponse(headers={"HX-Redirect": next_address(request)})
    r = render(request, "truscan/_messages.html")
    r["HX-Reswap"] = "none"
    if back:
        r["HX-Trigger"] = json.dumps({"decided": {"ids": back, "response": "back"}})
    return r


urlpatterns = [path("processes/bring-back/", bring_back, name="process-bring-back")]
