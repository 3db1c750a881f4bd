"""What the addresses that hand out exports share: parameters, and the answer with its ETag."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import HttpResponse
from drf_spectacular.utils import OpenApiParameter
from rest_framework import exceptions

from exceptions_app.export.targets import TARGETS

if TYPE_CHECKING:
    from rest_framework.request import Request

    from exceptions_app.export.targets import Download

TARGET = OpenApiParameter("target", str, enum=sorted(TARGETS), default="bundle")
IF_NONE_MATCH = OpenApiParameter(
    "If-None-Match", str, OpenApiParameter.HEADER, description="The ETag that you have"
)


def asked_target(request: Request) -> str:
    """The target by name, the policy file unless told; ValidationError names those there are."""
    target = request.query_params.get("target", "bundle")
    if target not in TARGETS:
        raise exceptions.ValidationError({"target": [f"One of {', '.join(sorted(TARGETS))}."]})
    return target


def answer(file: Download, known: str) -> HttpResponse:
    """The file with its ETag, or 304 if the caller has it already."""
    etag = f'"{file.sha256}"'
    asked = {tag.strip().removeprefix("W/") for tag in known.split(",")}
    if etag in asked or "*" in asked:
        r = HttpResponse(status=304)
    else:
        r = HttpResponse(file.body, content_type=file.content_type)
        r["Content-Disposition"] = f'attachment; filename="{file.name}"'
    r["ETag"], r["Cache-Control"] = etag, "private, no-cache"
    return r
