"""Ramp plans: the list, one plan, making one, acting on one, its calendar."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import F
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from truscan.access.actor import Actor
from truscan.access.scope import has_role_anywhere, may_write_groups
from truscan.models.ramp import RampPlan
from truscan.ramp.actions import act
from truscan.ramp.calendar import feed_of, make_link, plan_by_secret
from truscan.ramp.create import create_plan
from truscan.ramp.errors import RampError
from truscan.ramp.gate_notes import judge_with_trend
from truscan.ramp.lanes import draw_lanes
from truscan.ramp.offers import day_name
from truscan.ramp.override import hurdle_of
from truscan.ramp.rows import group_ids_of, plan_of, state_of, with_rows
from truscan.ramp.scan_settings import CONTENT, record_setting
from truscan.ramp.schedule import Action, State
from truscan.ramp.thresholds import RULES, Mode
from truscan.ramp.words import level_name
from truscan.web.gate import person, person_with
from truscan.web.ramp_charts import stair_bars
from truscan.web.ramp_form import PlanForm
from truscan.web.ramp_page import lines_of, page_of

if TYPE_CHECKING:
    from django.http import HttpRequest

    from truscan.web.ramp_page import Line

PER_PAGE = 30


def get_plan(request: HttpRequest, pk: int) -> RampPlan:
    """The plan, if the person sees at least one of its groups; else there is none."""
    plans = RampPlan.objects.visible_to(person(request))
    plan: RampPlan = get_object_or_404(with_rows(plans), pk=pk)
    return plan


def may_act(request: HttpRequest, plan: RampPlan) -> bool:
    return may_write_groups(person(request), "approver", group_ids_of(plan))


@require_GET
def plan_list(request: HttpRequest) -> HttpResponse:
    user, now = person(request), timezone.now()
    plans = with_rows(RampPlan.objects.visible_to(user)).order_by(
        F("ended_at").desc(nulls_first=True), "-id"
    )
    page = Paginator(plans, PER_PAGE).get_page(request.GET.get("page"))
    lines = lines_of(list(page.object_list), user, now)
    lines.sort(key=_urgency)
    lanes = draw_lanes(
        [
            (
                line.plan.scan_policy.name,
                line.plan.get_track_display(),
                plan_of(line.plan),
                line.state,
            )
            for line in lines
        ],
        timezone.localdate(now),
    )
    may_create = has_role_anywhere(user, "approver")
    ctx = {"page": page, "lines": lines, "lanes": lanes, "may_create": may_create}
    return render(request, "truscan/ramp/list.html", ctx)


def _urgency(line: Line) -> tuple[bool, int, int]:
    """What is overdue, then what begins first; of those that are over the newest first."""
    begins = line.plan.start_on.toordinal()
    return line.is_over, -line.state.days_overdue, -begins if line.is_over else begins


@require_GET
def plan_page(request: HttpRequest, pk: int) -> HttpResponse:
    return _plan_page(request, get_plan(request, pk), on=_day_asked(request))


@require_http_methods(["GET", "POST"])
def plan_create(request: HttpRequest) -> HttpResponse:
    user = person_with(request, "approver")
    initial = {"zone": timezone.get_current_timezone_name()}
    form = PlanForm(request.POST or None, user=user, initial=initial)
    ctx: dict[str, Any] = {"form": form}
    if request.method == "POST" and form.is_valid():
        try:
            if "preview" in request.POST:
                ctx["preview"] = form.steps()
            else:
                plan = create_plan(actor=Actor.on_web(user), now=timezone.now(), **form.wanted())
                messages.success(request, f"{plan} is planned.")
                return redirect("ramp-plan", pk=plan.pk)
        except RampError as error:
            form.add_error(None, str(error))
    return render(request, "truscan/ramp/create.html", ctx)


@require_POST
def plan_act(request: HttpRequest, pk: int) -> HttpResponse:
    plan = get_plan(request, pk)
    if not may_act(request, plan):
        raise PermissionDenied("Only an approver of all groups of the plan does that.")
    if request.POST.get("action") not in set(Action):
        raise Http404
    action, now = Action(request.POST["action"]), timezone.now()
    try:
        act(
            action,
            actor=Actor.on_web(person(request)),
            plan=plan,
            level=request.POST.get("level", ""),
            reason=request.POST.get("reason", ""),
            now=now,
        )
    except RampError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _result(plan, state_of(get_plan(request, pk), now)))
    return redirect("ramp-plan", pk=pk)


@require_POST
def plan_setting(request: HttpRequest, pk: int) -> HttpResponse:
    plan = get_plan(request, pk)
    if not may_act(request, plan):
        raise PermissionDenied("Only an approver of all groups of the plan does that.")
    setting, _, value = request.POST.get("setting", "").partition("=")
    if "content_on" in request.POST:
        setting, value = CONTENT, request.POST["content_on"]
    try:
        record_setting(
            actor=Actor.on_web(person(request)),
            policy=plan.scan_policy,
            setting=setting,
            value=value,
            reason=request.POST.get("reason", ""),
            now=timezone.now(),
        )
    except RampError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "The change is recorded.")
    return redirect("ramp-plan", pk=pk)


@require_POST
def calendar_link(request: HttpRequest, pk: int) -> HttpResponse:
    plan = get_plan(request, pk)
    if not may_act(request, plan):
        raise PermissionDenied("Only an approver of all groups of the plan does that.")
    secret = make_link(actor=Actor.on_web(person(request)), plan=plan)
    address = request.build_absolute_uri(reverse("ramp-calendar", args=[secret]))
    return _plan_page(request, get_plan(request, pk), calendar_address=address)


@require_GET
def calendar(request: HttpRequest, secret: str) -> HttpResponse:
    """Calendar programs have no session: the secret in the address is the key."""
    plan = plan_by_secret(secret)
    if plan is None:
        raise Http404
    r = HttpResponse(feed_of(plan, timezone.now()), content_type="text/calendar; charset=utf-8")
    r["Content-Disposition"] = f'inline; filename="ramp-{plan.pk}.ics"'
    r["Cache-Control"] = "private, max-age=300"
    return r


def _day_asked(request: HttpRequest) -> date | None:
    """The day of the address; what is no date is today."""
    try:
        return date.fromisoformat(request.GET.get("on", ""))
    except ValueError:
        return None


def _plan_page(
    request: HttpRequest, plan: RampPlan, calendar_address: str = "", on: date | None = None
) -> HttpResponse:
    user, now = person(request), timezone.now()
    # Gates sum over all groups, so they are for people who see all of them; they judge today.
    sees_all = may_write_groups(user, "viewer", group_ids_of(plan))
    allowed = may_act(request, plan)
    judged = judge_with_trend(plan, now) if sees_all and on is None else None
    hurdle = None
    if allowed and judged and state_of(plan, now).permit(Action.CONFIRM).is_allowed:
        hurdle = hurdle_of(plan, state_of(plan, now), now, judged.readings)
    page = page_of(plan, user, now, on)
    ctx = {
        "page": page,
        "bars": stair_bars(page.chart),
        "may_act": allowed,
        "hurdle": hurdle if hurdle and hurdle.failing else None,
        "calendar_address": calendar_address,
        "may_set": allowed and judged is not None and not plan.ended_at,
        "rules": RULES,
        "modes": list(Mode),
        "sees_all": sees_all,
        "judged": judged,
    }
    return render(request, "truscan/ramp/plan.html", ctx)


def _result(plan: RampPlan, state: State) -> str:
    """What the plan is now, in one sentence."""
    in_force = level_name(plan.track, state.level_in_force or "")
    now = f"The plan is {state.phase.value}, {in_force} is in force."
    if state.next is None or state.held_on:
        return now
    upcoming = level_name(plan.track, state.next.level)
    return f"{now} Next: {upcoming} on {day_name(state.next.on)}."


urlpatterns = [
    path("ramp/", plan_list, name="ramp-list"),
    path("ramp/new/", plan_create, name="ramp-create"),
    path("ramp/<int:pk>/", plan_page, name="ramp-plan"),
    path("ramp/<int:pk>/act/", plan_act, name="ramp-act"),
    path("ramp/<int:pk>/setting/", plan_setting, name="ramp-setting"),
    path("ramp/<int:pk>/calendar/", calendar_link, name="ramp-calendar-link"),
    path("calendar/ramp/<str:secret>.ics", calendar, name="ramp-calendar"),
]
