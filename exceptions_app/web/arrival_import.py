"""A computer-status table by page: upload, look at what it would change, take it in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django import forms
from django.contrib import messages
from django.core import signing
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from exceptions_app.arrival.status_file import MOST_BYTES, StatusFile, StatusRefused, read_status
from exceptions_app.arrival.take_in import Counted, count_status, take_in_status
from exceptions_app.errors import ExceptionsError
from truscan.access.actor import Actor
from truscan.web.gate import person_with

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.core.files.uploadedfile import UploadedFile
    from django.http import HttpRequest, HttpResponse

SHOWN = 100
# The dry run carries the table back to the page, packed and signed: nothing is kept meanwhile.
MOST_CARRIED = 2_000_000
GOOD_FOR = 60 * 60
ORDERS = [("", "as the dates show it"), ("dmy", "day/month/year"), ("mdy", "month/day/year")]


class StatusForm(forms.Form):
    file = forms.FileField(required=False, label="Computer-status table (CSV)")
    domain = forms.CharField(
        required=False, max_length=255, help_text="For lines that name none; empty: the only one."
    )
    timezone = forms.CharField(initial="UTC", max_length=64, label="Time zone of its times")
    date_order = forms.ChoiceField(required=False, choices=ORDERS, label="Order of its dates")


@require_http_methods(["GET", "POST"])
def arrival_import(request: HttpRequest) -> HttpResponse:
    user = person_with(request, "analyst")
    if "table" in request.POST:
        return _take_in(request, user)
    form = StatusForm(request.POST or None, request.FILES or None)
    ctx: dict[str, Any] = {"form": form}
    if request.method == "POST" and form.is_valid():
        try:
            ctx |= _dry_run(user, form.cleaned_data)
        except ExceptionsError as error:
            form.add_error(None, str(error))
    return render(request, "exceptions_app/arrival/import.html", ctx)


def _dry_run(user: User, given: dict[str, Any]) -> dict[str, Any]:
    upload = cast("UploadedFile[Any] | None", given["file"])
    if upload is None:
        raise StatusRefused("Choose the file.")
    told = {
        "name": upload.name or "table",
        "body": upload.read(MOST_BYTES + 1).decode("latin-1"),
        **{name: given[name] for name in ("domain", "timezone", "date_order")},
    }
    file, counted = _count(user, told)
    carried = signing.dumps(told, salt=_salt(user), compress=True)
    return {
        "counted": counted,
        "file": file,
        "name": told["name"],
        "bad": counted.bad[:SHOWN],
        "shown": SHOWN,
        "table": carried if len(carried) <= MOST_CARRIED else "",
    }


def _count(user: User, told: dict[str, str]) -> tuple[StatusFile, Counted]:
    now, order = timezone.now(), told["date_order"] or None
    body = told["body"].encode("latin-1")
    file = read_status(body, now=now, zone=told["timezone"], order=order)
    return file, count_status(file, now=now, user=user, domain=told["domain"])


def _salt(user: User) -> str:
    return f"status-table:{user.pk}"


def _take_in(request: HttpRequest, user: User) -> HttpResponse:
    """What was looked at, counted once more: groups and rights may have changed meanwhile."""
    try:
        told = signing.loads(request.POST["table"], salt=_salt(user), max_age=GOOD_FOR)
        _, counted = _count(user, told)
        take_in_status(actor=Actor.on_web(user), counted=counted, name=told["name"])
    except signing.BadSignature:
        messages.error(request, "That table is too old or was changed: upload it again.")
        return redirect("arrival-import")
    except ExceptionsError as error:
        messages.error(request, str(error))
        return redirect("arrival-import")
    done = counted.created + counted.updated + counted.unchanged
    out = len(counted.bad)
    text = f"Clients read: {done:,}; lines left out: {out:,}; older ones: {counted.older:,}."
    messages.success(request, text)
    return redirect("arrival")


urlpatterns = [path("arrival/import/", arrival_import, name="arrival-import")]
