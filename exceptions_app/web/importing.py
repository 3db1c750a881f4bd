"""Taking the rules of a file into a draft: choose, read what would happen, confirm."""

from __future__ import annotations

import hashlib
import io
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from exceptions_app.errors import ExceptionsError
from exceptions_app.importing import kept
from exceptions_app.importing.read import read_rules
from exceptions_app.models.policy import Response
from exceptions_app.triage.take_in import COUNTS, count_file, take_in
from exceptions_app.web.policies import get_policy, require_write
from truscan.access.actor import Actor
from truscan.web.frame import forget_counts
from truscan.web.gate import person

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.http import HttpRequest, HttpResponse

    from exceptions_app.models.policy import Policy
    from exceptions_app.triage.take_in import Counted

AGAIN = "Choose the file again: it was too long ago."


class TakeInForm(forms.Form):
    """After the dry run `kept` stands for the file."""

    file = forms.FileField(
        required=False,
        label="File",
        help_text="The answer of SEPM 14 to GET of an exceptions policy, a policy file of ours, or"
        " a CSV of hashes. At most 32 MB.",
    )
    response = forms.ChoiceField(
        required=False,
        choices=[("", "the file tells"), *Response.choices],
        label="Response of a CSV without such a column",
    )
    replace = forms.BooleanField(
        required=False, label="Where the draft has another response, the file wins"
    )
    reason = forms.CharField(max_length=2000, required=False, label="Reason, for the ledger")
    kept = forms.CharField(required=False, widget=forms.HiddenInput)


@require_http_methods(["GET", "POST"])
def policy_import(request: HttpRequest, pk: int) -> HttpResponse:
    """GET and the dry run write nothing; the second POST takes the file as one decision."""
    policy, user = get_policy(request, pk), person(request)
    require_write(user, policy, "analyst")
    form = TakeInForm(request.POST or None, request.FILES or None)
    ctx: dict[str, Any] = {"policy": policy, "form": form}
    if request.method == "POST" and form.is_valid():
        try:
            if "take" in request.POST:
                return _take(request, policy, user, form)
            ctx |= _dry_run(policy, user, form)
        except ExceptionsError as error:
            form.add_error(None, str(error))
    return render(request, "exceptions_app/policies/import.html", ctx)


def _dry_run(policy: Policy, user: User, form: TakeInForm) -> dict[str, Any]:
    given = form.cleaned_data
    if given["file"] is None:
        raise ExceptionsError("Choose a file.")
    file, body = read_rules(given["file"], given["response"] or None)
    now, replace = timezone.now(), given["replace"]
    counted = count_file(file=file, policy=policy, now=now, replace=replace)
    name = given["file"].name or "upload"
    return {
        "counted": counted,
        "counts": [(word, len(getattr(counted, word))) for word in COUNTS],
        "file": file,
        "name": name,
        "given": given,
        "word": kept.keep(body, name, user.pk, policy.pk),
    }


def _take(request: HttpRequest, policy: Policy, user: User, form: TakeInForm) -> HttpResponse:
    given = form.cleaned_data
    found = kept.find(given["kept"], user.pk, policy.pk)
    if found is None:
        raise ExceptionsError(AGAIN)
    name, body = found
    file, _ = read_rules(io.BytesIO(body), given["response"] or None)
    counted = take_in(
        actor=Actor.on_web(user),
        file=file,
        policy=policy,
        source=name[:255],
        sha256=hashlib.sha256(body).hexdigest(),
        reason=given["reason"] or f"Imported from {name}"[:2000],
        now=timezone.now(),
        replace=given["replace"],
    )
    _say(request, counted)
    forget_counts(user)
    return redirect("policy", policy.pk)


def _say(request: HttpRequest, counted: Counted) -> None:
    if counted.decision is None:
        messages.info(request, "The draft has all of it already: nothing was changed.")
        return
    text = f"{len(counted.created):,} rules taken, {len(counted.updated):,} changed. Publish them"
    text += " when they are as you want them."
    messages.success(request, text, extra_tags=f"undo:{counted.decision.pk}")


urlpatterns = [path("policies/<int:pk>/import/", policy_import, name="policy-import")]
