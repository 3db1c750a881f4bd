"""Claims: take a process to look at it, and give it back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.views.decorators.http import require_POST

from exceptions_app.models.claim import Claim
from exceptions_app.triage.claims import claim, release
from exceptions_app.web.told import next_address
from truscan.access.actor import Actor
from truscan.models.process import Process
from truscan.web.frame import forget_counts
from truscan.web.gate import person_with

if TYPE_CHECKING:
    from datetime import datetime

    from django.http import HttpRequest, HttpResponse

    from exceptions_app.triage.claims import Claimed

CHOSEN_MAX = 1_000


@require_POST
def claim_act(request: HttpRequest) -> HttpResponse:
    """`act` is claim or release, `process` one or many; an id outside one's groups is 404."""
    user, now = person_with(request, "analyst"), timezone.now()
    texts = request.POST.getlist("process")[:CHOSEN_MAX]
    if not texts or not all(t.isascii() and t.isdecimal() and len(t) < 19 for t in texts):
        raise Http404
    wanted = {int(text) for text in texts}
    mine = Process.objects.filter(pk__in=wanted).visible_to(user, "analyst")
    ids = list(mine.values_list("pk", flat=True))
    if len(ids) != len(wanted):
        raise Http404
    actor = Actor.on_web(user)
    if request.POST.get("act") == "release":
        count = release(actor=actor, user=user, processes=ids, now=now)
        messages.success(request, f"Released: {count:,}.")
    else:
        _tell(request, claim(actor=actor, user=user, processes=ids, now=now), now)
    forget_counts(user)
    if request.headers.get("HX-Request") and len(ids) == 1:
        process = Process.objects.get(pk=ids[0])
        ctx = {"process": process, "claim": standing_claim(process, now), "with_messages": True}
        return render(request, "exceptions_app/process/_claim.html", ctx)
    return redirect(next_address(request))


def standing_claim(process: Process, now: datetime) -> Claim | None:
    return Claim.objects.filter(process=process, until__gt=now).first()


def _tell(request: HttpRequest, done: Claimed, now: datetime) -> None:
    if done.won:
        messages.success(request, f"Claimed for eight hours: {len(done.won):,}.")
    for row in done.lost[:3]:
        hours = round((row.until - now).total_seconds() / 3600)
        messages.warning(
            request, f"{row.process} is claimed by {row.user_name}, for {hours} more hours at most."
        )
    if len(done.lost) > 3:
        messages.warning(request, f"{len(done.lost) - 3:,} more are claimed by others.")


urlpatterns = [path("claims/", claim_act, name="claim-act")]
