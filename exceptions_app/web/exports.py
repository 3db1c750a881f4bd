"""Exports as downloads: for a group (what its clients get) or for a policy's latest revision."""

from __future__ import annotations

from tempfile import TemporaryFile
from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import path
from django.utils import timezone
from django.views.decorators.http import require_GET

from exceptions_app.arrival.fetched import note_fetch
from exceptions_app.errors import ExceptionsError
from exceptions_app.export.everything import NAME, write_everything
from exceptions_app.export.package import (
    location_called,
    package_for_group,
    package_for_policy,
    package_per_policy,
)
from exceptions_app.export.targets import TARGETS, download
from exceptions_app.export.whose import exportable
from exceptions_app.policies.effective import groups_touched
from exceptions_app.web.groups import get_group
from exceptions_app.web.policies import get_policy
from truscan.access.actor import Actor
from truscan.access.scope import may_write_groups
from truscan.web.gate import person, text_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.http import HttpRequest

    from exceptions_app.export.content import Package


def attachment(request: HttpRequest, package: Package, target: str) -> HttpResponse:
    """Always an attachment: nothing that a log said is shown in our origin."""
    file = download(package, target)
    _note(request, [package], target)
    r = HttpResponse(file.body, content_type=file.content_type)
    r["Content-Disposition"] = f'attachment; filename="{file.name}"'
    r["ETag"] = f'"{file.sha256}"'
    return r


def _note(request: HttpRequest, packages: Iterable[Package], target: str) -> None:
    note_fetch(
        actor=Actor.on_web(person(request)),
        revisions=[one.row_id for package in packages for one in package.sets],
        target=target,
        now=timezone.now(),
    )


@require_GET
def group_export(request: HttpRequest, pk: int, target: str) -> HttpResponse:
    group = get_group(request, pk)
    if target not in TARGETS:
        raise Http404
    name = text_of(request.GET, "location", 256)
    try:
        location = location_called(group, name) if name else None
        return attachment(request, package_for_group(group, location, now=timezone.now()), target)
    except ExceptionsError as error:
        messages.error(request, str(error))
        return redirect("group", pk)


@require_GET
def revision_export(request: HttpRequest, pk: int, target: str) -> HttpResponse:
    """The newest revision: an older one is nowhere in force, so no client may get it.

    The files name every group that the policy is on, so they are for those who see them all.
    """
    policy = get_policy(request, pk)
    if target not in TARGETS:
        raise Http404
    since = text_of(request.GET, "since", 9)
    if since and not (since.isascii() and since.isdecimal()):
        raise Http404
    if not may_write_groups(person(request), "viewer", groups_touched([policy])):
        text = f"{policy} is also on groups outside yours: export it on the page of your group."
        messages.error(request, text)
        return redirect("policy", pk)
    try:
        package = package_for_policy(
            policy, now=timezone.now(), since=int(since) if since else None
        )
        return attachment(request, package, target)
    except ExceptionsError as error:
        messages.error(request, str(error))
        return redirect("policy", pk)


@require_GET
def export_everything(request: HttpRequest) -> FileResponse | HttpResponse:
    """Every policy that the person sees whole, in every target, as one zip."""
    mine, others = exportable(person(request))
    out = TemporaryFile()  # noqa: SIM115  # the answer closes it when it is sent
    try:
        packages = package_per_policy(mine, now=timezone.now())
        write_everything(packages, out, others)
    except ExceptionsError as error:
        out.close()
        messages.error(request, str(error))
        return redirect("policy-list")
    _note(request, packages, "everything")
    out.seek(0)
    return FileResponse(out, as_attachment=True, filename=NAME, content_type="application/zip")


urlpatterns = [
    path("policies/export/", export_everything, name="export-everything"),
    path("groups/<int:pk>/export/<slug:target>/", group_export, name="group-export"),
    path("policies/<int:pk>/export/<slug:target>/", revision_export, name="revision-export"),
]
