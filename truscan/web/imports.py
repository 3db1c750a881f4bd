"""Imports: hand in log files, watch them being read, read the receipt, take one back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, BinaryIO, cast

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from truscan.access.actor import Actor
from truscan.access.scope import has_role_anywhere, may_write_groups, sees_whole_estate
from truscan.access.sites import site_named
from truscan.ingest.errors import IngestError
from truscan.ingest.job import accept_file, answer
from truscan.ingest.withdraw import reread, withdraw
from truscan.logs.columns import DATE_ORDER, MAPPABLE
from truscan.models.estate import Site
from truscan.models.log_import import ImportGroup, LogImport
from truscan.web.gate import person, person_with
from truscan.web.rejects import rejects_csv, rejects_raw

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.contrib.auth.models import User
    from django.core.files.uploadedfile import UploadedFile
    from django.http import HttpRequest, HttpResponse
    from django.http.response import HttpResponseBase

PAGE = 50


class FilesInput(forms.ClearableFileInput):
    allow_multiple_selected = True


class ReadingForm(forms.Form):
    """How a file is to be read; empty means: as the site says."""

    timezone = forms.CharField(required=False, max_length=64, label="Time zone of the log")
    encoding = forms.CharField(required=False, max_length=32, label="Encoding")


class UploadForm(ReadingForm):
    site = forms.CharField(required=False, max_length=255, label="Site")

    field_order = ["site", "timezone", "encoding"]


def _by_htmx(request: HttpRequest) -> bool:
    """The page asks for its moving part again; without scripts people load it anew."""
    return bool(request.headers.get("HX-Request"))


def _visible(request: HttpRequest, pk: int) -> LogImport:
    imports = LogImport.objects.visible_to(person(request))
    return get_object_or_404(imports.select_related("site", "file", "rereads"), pk=pk)


def _writable(request: HttpRequest, pk: int) -> tuple[User, LogImport]:
    """The import, if the person is an analyst of every group it has lines of."""
    user, log_import = person(request), _visible(request, pk)
    groups = ImportGroup.objects.filter(log_import=log_import).values_list("group_id", flat=True)
    allowed = has_role_anywhere(user, "analyst") and may_write_groups(user, "analyst", groups)
    if not allowed:
        raise PermissionDenied("This import has lines of groups that you do not decide for.")
    return user, log_import


@require_GET
def import_list(request: HttpRequest) -> HttpResponse:
    user = person(request)
    imports = LogImport.objects.visible_to(user).select_related("site")
    before = request.GET.get("before", "")
    if before.isdecimal():
        imports = imports.filter(pk__lt=int(before[:18]))
    rows = list(imports[: PAGE + 1])
    ctx = {
        "imports": rows[:PAGE],
        "older": rows[PAGE - 1].pk if len(rows) > PAGE else None,
        "form": UploadForm(),
        "sites": Site.objects.all()[:100],
        "may_import": has_role_anywhere(user, "analyst"),
        "running": any(not r.is_finished for r in rows[:PAGE]),
    }
    template = "truscan/imports/_rows.html" if _by_htmx(request) else "truscan/imports/list.html"
    return render(request, template, ctx)


@require_POST
def import_upload(request: HttpRequest) -> HttpResponse:
    """One or more files; a file that is refused does not keep the others out."""
    user = person_with(request, "analyst")
    form = UploadForm(request.POST)
    files = request.FILES.getlist("files")
    if not form.is_valid() or not files:
        messages.error(request, "Choose at least one log file.")
        return redirect("import-list")
    made = _accept_all(request, user, files, form)
    return redirect("import-detail", made[0].pk) if len(made) == 1 else redirect("import-list")


def _accept_all(
    request: HttpRequest, user: User, files: Sequence[UploadedFile[Any]], form: UploadForm
) -> list[LogImport]:
    actor, given = Actor.on_web(user), form.cleaned_data
    site = site_named(actor=actor, name=given["site"])
    made: list[LogImport] = []
    for file in files:
        try:
            made += accept_file(
                actor=actor,
                name=file.name or "upload",
                stream=cast("BinaryIO", file),
                site=site,
                timezone=given["timezone"] or None,
                encoding=given["encoding"] or None,
            )
        except IngestError as error:
            messages.error(request, f"{file.name}: {error}")
    return made


@require_GET
def import_detail(request: HttpRequest, pk: int) -> HttpResponse:
    log_import = _visible(request, pk)
    user = person(request)
    ctx = {
        "import": log_import,
        "rejects": log_import.rejects.order_by("line_no")[:20] if _sees_rejects(user, pk) else [],
        "form": ReadingForm(),
        "may_import": has_role_anywhere(user, "analyst"),
        "question_rows": _question_rows(log_import),
        "fields": sorted(MAPPABLE),
    }
    if _by_htmx(request):
        status = 286 if log_import.is_finished else 200  # 286 tells htmx to stop asking
        return render(request, "truscan/imports/_receipt.html", ctx, status=status)
    return render(request, "truscan/imports/detail.html", ctx)


def _question_rows(log_import: LogImport) -> list[dict[str, str]]:
    """A row for each column of a header that is not known: its first value, a suggestion."""
    asked = log_import.question
    suggested, sample = asked.get("suggestions") or {}, asked.get("sample") or []
    return [
        {
            "column": column,
            "sample": str(sample[i]) if i < len(sample) else "",
            "suggestion": str(suggested.get(column, "")),
        }
        for i, column in enumerate(asked.get("columns", []))
    ]


def _sees_rejects(user: User, pk: int) -> bool:
    """A rejected line has no group: only the whole estate, and who handed the file in."""
    mine = LogImport.objects.filter(pk=pk, actor_user=user).exists()
    return mine or sees_whole_estate(user)


@require_POST
def import_withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    user, log_import = _writable(request, pk)
    try:
        withdraw(actor=Actor.on_web(user), log_import=log_import, now=timezone.now())
    except IngestError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "Withdrawn: its counts are subtracted, decisions stay.")
    return redirect("import-detail", pk)


@require_POST
def import_reread(request: HttpRequest, pk: int) -> HttpResponse:
    user, log_import = _writable(request, pk)
    form = ReadingForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Zone or encoding is too long.")
        return redirect("import-detail", pk)
    try:
        new = reread(
            actor=Actor.on_web(user),
            log_import=log_import,
            timezone=form.cleaned_data["timezone"] or None,
            encoding=form.cleaned_data["encoding"] or None,
            now=timezone.now(),
        )
    except IngestError as error:
        messages.error(request, str(error))
        return redirect("import-detail", pk)
    return redirect("import-detail", new.pk)


@require_POST
def import_answer(request: HttpRequest, pk: int) -> HttpResponse:
    """The columns that a person told the meaning of; remembered for the site."""
    user, log_import = _writable(request, pk)
    columns = log_import.question.get("columns", [])
    mapping = {c: request.POST.get(f"column-{i}", "") for i, c in enumerate(columns)}
    mapping = {column: field for column, field in mapping.items() if field}
    if order := request.POST.get("date_order", ""):
        mapping[DATE_ORDER] = order
    try:
        answer(actor=Actor.on_web(user), log_import=log_import, mapping=mapping)
    except IngestError as error:
        messages.error(request, str(error))
    return redirect("import-detail", pk)


@require_GET
def import_rejects(request: HttpRequest, pk: int, form: str) -> HttpResponseBase:
    """All rejected lines: csv (number, reason, escaped text) or log (the raw bytes, to mend)."""
    log_import = _visible(request, pk)
    if not _sees_rejects(person(request), pk):
        raise Http404
    return rejects_csv(log_import) if form == "csv" else rejects_raw(log_import)


urlpatterns = [
    path("imports/", import_list, name="import-list"),
    path("imports/upload/", import_upload, name="import-upload"),
    path("imports/<int:pk>/", import_detail, name="import-detail"),
    path("imports/<int:pk>/withdraw/", import_withdraw, name="import-withdraw"),
    path("imports/<int:pk>/reread/", import_reread, name="import-reread"),
    path("imports/<int:pk>/answer/", import_answer, name="import-answer"),
    path("imports/<int:pk>/rejects.csv", import_rejects, {"form": "csv"}, name="import-rejects"),
    path(
        "imports/<int:pk>/rejects.log", import_rejects, {"form": "log"}, name="import-rejects-raw"
    ),
]
