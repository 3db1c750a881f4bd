"""The page that moves a step or closes days: before and after first, then the act."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from truscan.access.actor import Actor
from truscan.ramp.errors import RampError
from truscan.ramp.open_days import (
    BUSINESS_DAYS,
    EVERY_DAY,
    Closure,
    OpenDays,
    read_closures,
    write_closures,
)
from truscan.ramp.replan import Move, preview, replan
from truscan.ramp.rows import state_of
from truscan.ramp.words import level_name
from truscan.web.gate import person
from truscan.web.ramp import get_plan, may_act

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from truscan.models.ramp import RampPlan
    from truscan.ramp.schedule import State


class MoveForm(forms.Form):
    level = forms.ChoiceField(label="Step")
    on = forms.DateField(label="New day", widget=forms.DateInput(attrs={"type": "date"}))

    def __init__(self, *args: Any, plan: RampPlan, state: State, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        coming = state.steps[state.next.position :] if state.next else ()
        field = self.fields["level"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - tells the type only
        field.choices = [
            (step.level, f"{level_name(plan.track, step.level)}, now {step.projected_on}")
            for step in coming
        ]

    def change(self) -> Move:
        return Move(self.cleaned_data["level"], self.cleaned_data["on"])


class DaysForm(forms.Form):
    business_days = forms.BooleanField(
        required=False, label="Levels are due on business days only, Monday to Friday"
    )
    closures = forms.CharField(
        required=False,
        max_length=20_000,
        label="Holidays, blackouts and change freezes",
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text="One a line: 2026-12-20 2027-01-05 freeze Year end.",
    )

    def clean_closures(self) -> tuple[Closure, ...]:
        try:
            return read_closures(str(self.cleaned_data["closures"]))
        except ValueError as error:
            raise forms.ValidationError(str(error)) from error

    def change(self) -> OpenDays:
        weekdays = BUSINESS_DAYS if self.cleaned_data["business_days"] else EVERY_DAY
        return OpenDays(weekdays, self.cleaned_data["closures"])


@require_http_methods(["GET", "POST"])
def plan_replan(request: HttpRequest, pk: int) -> HttpResponse:
    plan, now = get_plan(request, pk), timezone.now()
    allowed = may_act(request, plan)
    if request.method == "POST" and not allowed:
        raise PermissionDenied("Only an approver of all groups of the plan does that.")
    state = state_of(plan, now)
    data = request.POST if request.method == "POST" else request.GET
    what = data.get("what", "")
    move = MoveForm(data if what == "move" else None, plan=plan, state=state)
    days = DaysForm(data if what == "days" else None, initial=_days_now(state))
    ctx: dict[str, Any] = {"plan": plan, "move": move, "days": days, "what": what}
    form: MoveForm | DaysForm = days if what == "days" else move
    if form.is_bound and form.is_valid():
        try:
            if request.method == "POST":
                reason = request.POST.get("reason", "")
                actor = Actor.on_web(person(request))
                replan(actor=actor, plan=plan, change=form.change(), reason=reason, now=now)
                messages.success(request, "The plan is re-planned.")
                return redirect("ramp-plan", pk=pk)
            ctx["shown"] = preview(plan, form.change(), now)
            ctx["again"] = [(name, value) for name, value in request.GET.items()]
        except RampError as error:
            form.add_error(None, str(error))
    return render(request, "truscan/ramp/replan.html", {**ctx, "may_act": allowed, "state": state})


def _days_now(state: State) -> dict[str, Any]:
    return {
        "business_days": state.open_days.weekdays == BUSINESS_DAYS,
        "closures": write_closures(state.open_days.closures),
    }


urlpatterns = [path("ramp/<int:pk>/replan/", plan_replan, name="ramp-replan")]
