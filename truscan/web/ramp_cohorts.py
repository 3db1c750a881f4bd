"""Cohorts by readiness: the proposal, and the plans that a person makes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from truscan.access.actor import Actor
from truscan.models.ramp import Track
from truscan.ramp.cohort_plans import MOST_GAP, Rollout, accept, proposal
from truscan.ramp.cohorts import MAX_COHORTS, MIN_COHORTS, digest_of
from truscan.ramp.create import MOST_DAYS
from truscan.ramp.errors import RampError
from truscan.ramp.plan import MAX_DAYS, MIN_DAYS
from truscan.web.gate import person_with

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

COUNT = 3


class RolloutForm(forms.Form):
    name = forms.CharField(
        max_length=200,
        label="Scan policies",
        help_text="Each cohort gets one of its own, named so with its number.",
    )
    track = forms.ChoiceField(choices=Track.choices)
    start_on = forms.DateField(
        label="The first one begins", widget=forms.DateInput(attrs={"type": "date"})
    )
    gap = forms.IntegerField(
        min_value=0, max_value=MOST_GAP, initial=14, label="Days from one cohort to the next"
    )
    days = forms.IntegerField(
        min_value=1,
        max_value=MOST_DAYS,
        initial=75,
        label="Days of each plan",
        help_text=f"From the first level to the last: {MIN_DAYS} to {MAX_DAYS} days, or a reason.",
    )
    zone = forms.CharField(max_length=64, label="Time zone")
    reason = forms.CharField(required=False, max_length=2000)


@require_http_methods(["GET", "POST"])
def cohort_page(request: HttpRequest) -> HttpResponse:
    user, now = person_with(request, "approver"), timezone.now()
    count = _count(request)
    initial = {"zone": timezone.get_current_timezone_name(), "name": "AV cohort"}
    form = RolloutForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            plans = accept(
                actor=Actor.on_web(user),
                user=user,
                count=count,
                digest=request.POST.get("digest", ""),
                rollout=Rollout(**form.cleaned_data),
                now=now,
            )
        except RampError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, f"{len(plans)} plans are made, one for each cohort.")
            return redirect("ramp-list")
    cohorts = proposal(user, count, now)
    ctx: dict[str, Any] = {
        "form": form,
        "cohorts": cohorts,
        "digest": digest_of(cohorts),
        "count": count,
        "counts": range(MIN_COHORTS, MAX_COHORTS + 1),
    }
    return render(request, "truscan/ramp/cohorts.html", ctx)


def _count(request: HttpRequest) -> int:
    """The number of cohorts asked for; what is none of 2 to 6 is three."""
    text = request.POST.get("count") or request.GET.get("count", "")
    is_one = text.isascii() and text.isdecimal() and len(text) == 1
    return int(text) if is_one and MIN_COHORTS <= int(text) <= MAX_COHORTS else COUNT


urlpatterns = [path("ramp/cohorts/", cohort_page, name="ramp-cohorts")]
