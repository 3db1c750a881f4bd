"""EXPERIMENTAL: a revision in the container of a policy that the own SEPM exported."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from exceptions_app.arrival.fetched import note_fetch
from exceptions_app.errors import ExceptionsError
from exceptions_app.export.legal_name import file_name
from exceptions_app.export.package import package_for_policy
from exceptions_app.export.template_file import MOST_BYTES, open_template
from exceptions_app.export.template_mode import fill, report
from exceptions_app.importing import kept
from exceptions_app.web.policies import get_policy, require_write
from truscan.access.actor import Actor
from truscan.web.gate import person

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.http import HttpRequest

    from exceptions_app.models.policy import Policy

ENDINGS = {"zip": "dat", "xml": "xml", "json": "json"}
LEFT_OUT = 100


class TemplateForm(forms.Form):
    file = forms.FileField(
        required=False,
        label="Policy exported by your SEPM",
        help_text="A .dat of the console, or the answer of /policies/raw/exceptions/<id>. It must"
        " hold at least one process exception. At most 16 MB.",
    )
    kept = forms.CharField(required=False, widget=forms.HiddenInput)


@require_http_methods(["GET", "POST"])
def policy_template(request: HttpRequest, pk: int) -> HttpResponse:
    """First a report of what the file holds; then, if it can be used, the same container back."""
    policy, user = get_policy(request, pk), person(request)
    require_write(user, policy, "administrator")
    form = TemplateForm(request.POST or None, request.FILES or None)
    ctx: dict[str, Any] = {"policy": policy, "form": form}
    if request.method == "POST" and form.is_valid():
        try:
            if "make" in request.POST:
                return _made(policy, user, form.cleaned_data["kept"])
            ctx |= _looked_at(policy, user, form.cleaned_data["file"])
        except ExceptionsError as error:
            messages.error(request, str(error))
            if "make" in request.POST:
                return redirect("policy-template", pk)
    return render(request, "exceptions_app/policies/template_mode.html", ctx)


def _looked_at(policy: Policy, user: User, file: Any) -> dict[str, Any]:
    if file is None:
        raise ExceptionsError("Choose a file.")
    body = file.read(MOST_BYTES + 1)
    told = report(open_template(io.BytesIO(body)))
    ctx: dict[str, Any] = {"report": told}
    if told.refused:
        return ctx
    package = package_for_policy(policy, now=timezone.now())
    made = fill(open_template(io.BytesIO(body)), package.sets[0].entries)
    word = kept.keep(body, "template", user.pk, policy.pk)
    return ctx | {"made": made, "left_out": made.left_out[:LEFT_OUT], "word": word}


def _made(policy: Policy, user: User, word: str) -> HttpResponse:
    found = kept.find(word, user.pk, policy.pk)
    if found is None:
        raise ExceptionsError("Choose the file again: it was too long ago.")
    now = timezone.now()
    package = package_for_policy(policy, now=now)
    template = open_template(io.BytesIO(found[1]))
    made = fill(template, package.sets[0].entries)
    note_fetch(
        actor=Actor.on_web(user), revisions=[package.sets[0].row_id], target="template", now=now
    )
    name = f"EXPERIMENTAL-{file_name(package.subject)}.{ENDINGS[template.form]}"
    r = HttpResponse(made.body, content_type="application/octet-stream")
    r["Content-Disposition"] = f'attachment; filename="{name}"'
    return r


urlpatterns = [path("policies/<int:pk>/template/", policy_template, name="policy-template")]
