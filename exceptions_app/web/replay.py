"""Replay pages: what publishing a draft, a level or the final switch of a ramp, would have done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.shortcuts import get_object_or_404, render
from django.urls import path
from django.utils import timezone
from django.views.decorators.http import require_GET

from exceptions_app.replay.level import replay_level
from exceptions_app.replay.places import places_of_plan
from exceptions_app.replay.run import DAYS, MOST_DAYS, replay_drafts, replay_switch
from exceptions_app.web.policies import get_policy
from exceptions_app.web.replay_rows import seen_groups, shown, shown_level
from truscan.models.ramp import RampPlan
from truscan.ramp.rows import plan_of, state_of, with_rows
from truscan.ramp.words import level_name
from truscan.web.gate import person

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

CHOICES = (7, 30, 90)
ACTIONS = ("quarantine", "terminate")


def days_of(request: HttpRequest) -> int:
    """The days asked for; anything else than a number from 1 on is the usual window."""
    text = request.GET.get("days", "")
    is_number = text.isascii() and text.isdecimal() and len(text) < 5 and int(text) > 0
    return min(int(text), MOST_DAYS) if is_number else DAYS


@require_GET
def policy_replay(request: HttpRequest, pk: int) -> HttpResponse:
    """The draft against what clients run, over the groups that the person sees."""
    policy, user = get_policy(request, pk), person(request)
    done = replay_drafts(
        [policy.pk], now=timezone.now(), days=days_of(request), groups=seen_groups(user)
    )
    ctx = {**shown(done), "policy": policy, "choices": CHOICES}
    return render(request, "exceptions_app/replay/policy.html", ctx)


@require_GET
def ramp_replay(request: HttpRequest, pk: int) -> HttpResponse:
    """The final switch from Log to Quarantine or Terminate, where the plan's scan policy holds."""
    user = person(request)
    plan = get_object_or_404(RampPlan.objects.visible_to(user).select_related("scan_policy"), pk=pk)
    asked = request.GET.get("action", "")
    action = asked if asked in ACTIONS else ACTIONS[0]
    places = places_of_plan(plan, seen_groups(user))
    done = replay_switch(places, action, now=timezone.now(), days=days_of(request))
    ctx = {
        **shown(done),
        "plan": plan,
        "action": action,
        "actions": ACTIONS,
        "choices": CHOICES,
    }
    return render(request, "exceptions_app/replay/switch.html", ctx)


@require_GET
def ramp_level_replay(request: HttpRequest, pk: int) -> HttpResponse:
    """What the last days say about a level of the plan; without one, about the next."""
    user, now = person(request), timezone.now()
    plan = get_object_or_404(with_rows(RampPlan.objects.visible_to(user)), pk=pk)
    state = state_of(plan, now)
    levels = [step.level for step in plan_of(plan).steps]
    asked, upcoming = request.GET.get("level", ""), state.next.level if state.next else ""
    level = asked if asked in levels else upcoming or levels[-1]
    groups = seen_groups(user)
    done = replay_level(
        plan, places_of_plan(plan, groups), level, now=now, days=days_of(request), groups=groups
    )
    ctx = {
        **shown_level(done),
        "plan": plan,
        "level_name": level_name(plan.track, level),
        "was_name": level_name(plan.track, done.was),
        "choices": CHOICES,
    }
    return render(request, "exceptions_app/replay/level.html", ctx)


urlpatterns = [
    path("policies/<int:pk>/replay/", policy_replay, name="policy-replay"),
    path("ramp/<int:pk>/replay/level/", ramp_level_replay, name="ramp-level-replay"),
    path("ramp/<int:pk>/replay/", ramp_replay, name="ramp-replay"),
]
