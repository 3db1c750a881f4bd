"""When a decision needs a second person: administrators of the whole estate set it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django import forms
from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from exceptions_app.errors import ExceptionsError
from exceptions_app.models.approval_rule import ACTS, ApprovalRule
from exceptions_app.models.lint import Grade
from exceptions_app.policies.approval import DAYS_MAX
from exceptions_app.policies.approval_rules import (
    CLASSES,
    add_rule,
    in_words,
    remove_rule,
)
from exceptions_app.web.lint import require_estate_administrator
from truscan.access.actor import Actor
from truscan.access.scope import sees_whole_estate
from truscan.web.gate import person

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

ANY = ("", "Any")


class RuleForm(forms.Form):
    response = forms.ChoiceField(
        choices=[("", "Any change of a policy"), *ACTS], required=False, label="Response or act"
    )
    risk_class = forms.ChoiceField(
        choices=[ANY, *CLASSES.items()], required=False, label="Class of the process"
    )
    computers_from = forms.IntegerField(
        min_value=1, max_value=10**7, required=False, label="Seen on so many computers or more"
    )
    groups_from = forms.IntegerField(
        min_value=1, max_value=10**6, required=False, label="Seen in so many groups or more"
    )
    grade = forms.TypedChoiceField(
        choices=[ANY, *Grade.choices],
        coerce=int,
        empty_value=None,
        required=False,
        label="Lint finds this grade or above",
    )
    days = forms.IntegerField(
        min_value=1, max_value=DAYS_MAX, initial=7, label="A request is kept for so many days"
    )


@require_http_methods(["GET", "POST"])
def rule_list(request: HttpRequest) -> HttpResponse:
    """The rules; a POST adds one."""
    user = person(request)
    form = RuleForm(request.POST or None)
    if request.method == "POST":
        require_estate_administrator(user)
        if form.is_valid():
            try:
                rule = add_rule(actor=Actor.on_web(user), now=timezone.now(), **form.cleaned_data)
            except ExceptionsError as error:
                messages.error(request, str(error))
            else:
                messages.success(request, f"A second person from now on for: {in_words(rule)}.")
                return redirect("approval-rule-list")
    ctx = {
        "form": form,
        "rules": [(rule, in_words(rule)) for rule in ApprovalRule.objects.all()],
        "may_edit": sees_whole_estate(user, "administrator"),
    }
    return render(request, "exceptions_app/approvals/rules.html", ctx)


@require_POST
def rule_remove(request: HttpRequest, pk: int) -> HttpResponse:
    user = person(request)
    require_estate_administrator(user)
    rule = get_object_or_404(ApprovalRule, pk=pk)
    remove_rule(actor=Actor.on_web(user), rule=rule)
    messages.success(request, "Removed; requests that were made under it stay.")
    return redirect("approval-rule-list")


urlpatterns = [
    path("approvals/rules/", rule_list, name="approval-rule-list"),
    path("approvals/rules/<int:pk>/remove/", rule_remove, name="approval-rule-remove"),
]
