"""What administrators set of lint: blocking grade, shares, protect list; everybody reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from exceptions_app.errors import ExceptionsError
from exceptions_app.models.lint import Grade, ProtectedProgram
from exceptions_app.policies.approval import DAYS_MAX
from exceptions_app.policies.gate import blocking, findings_of
from exceptions_app.policies.known_programs import protect_list, scripting_hosts
from exceptions_app.policies.lint import counted
from exceptions_app.policies.lint_settings import lint_settings, set_lint, set_protected
from truscan.access.actor import Actor
from truscan.access.scope import sees_whole_estate
from truscan.web.gate import person, text_of

if TYPE_CHECKING:
    from datetime import datetime

    from django.contrib.auth.models import User
    from django.http import HttpRequest, HttpResponse

    from exceptions_app.models.policy import Policy

SHOWN = 50


class LintForm(forms.Form):
    blocking_grade = forms.TypedChoiceField(
        required=False,
        coerce=int,
        empty_value=None,
        choices=[("", "None: lint only warns"), *Grade.choices],
        label="Publishing needs a second person from this grade on",
    )
    wide_percent = forms.IntegerField(
        min_value=0, max_value=100, label="Quarantine or Terminate on more than so many % is told"
    )
    evidence_percent = forms.IntegerField(
        min_value=0, max_value=100, label="Ignore seen in fewer than so many % of groups is told"
    )
    request_days = forms.IntegerField(
        min_value=1, max_value=DAYS_MAX, label="A request to publish is kept for so many days"
    )


def lint_state(policy: Policy, now: datetime) -> dict[str, Any]:
    """What `_findings.html` shows: findings, the gravest first, and those that block."""
    found = findings_of(policy, now)
    held = {one.key for one in blocking(policy, found)}
    return {
        "findings": [(one, one.key in held) for one in found[:SHOWN]],
        "findings_hidden": max(len(found) - SHOWN, 0),
        "finding_counts": [(grade, n) for grade, n in counted(found).items() if n],
        "blocked": len(held),
    }


def require_estate_administrator(user: User) -> None:
    if not sees_whole_estate(user, "administrator"):
        raise PermissionDenied("Only an administrator of the whole estate changes that.")


@require_http_methods(["GET", "POST"])
def lint_page(request: HttpRequest) -> HttpResponse:
    user = person(request)
    row = lint_settings()
    initial = {
        "blocking_grade": row.blocking_grade or "",
        "wide_percent": row.wide_percent,
        "evidence_percent": row.evidence_percent,
        "request_days": row.request_days,
    }
    form = LintForm(request.POST or None, initial=initial)
    if request.method == "POST":
        require_estate_administrator(user)
        if form.is_valid():
            set_lint(actor=Actor.on_web(user), **form.cleaned_data)
            messages.success(request, "Saved; it counts from the next publishing on.")
            return redirect("lint")
    ctx = {
        "form": form,
        "programs": protect_list(),
        "taken_off": ProtectedProgram.objects.filter(is_on=False),
        "hosts": sorted(scripting_hosts()),
        "may_edit": sees_whole_estate(user, "administrator"),
        "blocking": Grade(row.blocking_grade).label if row.blocking_grade else "",
    }
    return render(request, "exceptions_app/lint/settings.html", ctx)


@require_POST
def lint_protect(request: HttpRequest) -> HttpResponse:
    """Put a program on the protect list (`is_on`), or take it off."""
    user = person(request)
    require_estate_administrator(user)
    try:
        row = set_protected(
            actor=Actor.on_web(user),
            name=text_of(request.POST, "name", 300),
            folder=text_of(request.POST, "folder", 600),
            why=text_of(request.POST, "why", 300),
            is_on=request.POST.get("is_on") == "on",
            now=timezone.now(),
        )
    except ExceptionsError as error:
        messages.error(request, str(error))
    else:
        what = "is on" if row.is_on else "is off"
        messages.success(request, f"{row.name_key} {what} the protect list.")
    return redirect("lint")


urlpatterns = [
    path("lint/", lint_page, name="lint"),
    path("lint/protect/", lint_protect, name="lint-protect"),
]
