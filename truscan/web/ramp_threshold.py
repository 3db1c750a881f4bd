"""Setting the bound of one gate of a plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.shortcuts import redirect
from django.urls import path
from django.views.decorators.http import require_POST

from truscan.access.actor import Actor
from truscan.ramp.errors import RampError
from truscan.ramp.plan_thresholds import set_threshold
from truscan.ramp.thresholds import RULES, Mode
from truscan.web.gate import person
from truscan.web.ramp import get_plan, may_act

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


class ThresholdForm(forms.Form):
    gate = forms.ChoiceField(choices=[(key.value, rule.title) for key, rule in RULES.items()])
    bound = forms.FloatField(min_value=0)
    back_at = forms.FloatField(min_value=0, required=False)
    mode = forms.ChoiceField(choices=[(mode.value, mode.value) for mode in Mode])
    reason = forms.CharField(max_length=2000)


@require_POST
def plan_threshold(request: HttpRequest, pk: int) -> HttpResponse:
    plan = get_plan(request, pk)
    if not may_act(request, plan):
        raise PermissionDenied("Only an approver of all groups of the plan does that.")
    form = ThresholdForm(request.POST)
    if not form.is_valid():
        wrong = ", ".join(form.errors)
        messages.error(request, f"Nothing was changed: look at {wrong} again.")
        return redirect("ramp-plan", pk=pk)
    try:
        set_threshold(actor=Actor.on_web(person(request)), plan=plan, **form.cleaned_data)
    except RampError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "The threshold is set; the gates below ask for it from now on.")
    return redirect("ramp-plan", pk=pk)


urlpatterns = [path("ramp/<int:pk>/threshold/", plan_threshold, name="ramp-threshold")]
