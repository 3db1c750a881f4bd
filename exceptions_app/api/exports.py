"""What the addresses that hand out exports share: parameters, and the answer with its ETag.

A caller that has what would be rendered gets its 304 without any rendering.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter
from rest_framework import exceptions

from exceptions_app.api.refusal import refused
from exceptions_app.arrival.fetched import note_fetch
from exceptions_app.errors import ExceptionsError
from exceptions_app.export.targets import TARGETS, download
from truscan.access.actor import Actor

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from django.contrib.auth.models import User
    from rest_framework.request import Request

    from exceptions_app.export.content import Package
    from exceptions_app.export.state import State

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


def answer(
    request: Request,
    target: str,
    state_at: Callable[[datetime], State],
    package_at: Callable[[datetime], Package],
) -> HttpResponse:
    """The file with its ETag, or 304 if the caller has it already; problem details if refused.

    What was rendered is remembered only if the state is the same after it: else a change in between
    could be remembered under the state before it.
    """
    now = timezone.now()
    try:
        state = state_at(now)
        known = state.known_sha256()
        if known is not None and _has(request, known):
            return _sent(request, HttpResponse(status=304), known, target, state, now)
        file = download(package_at(now), target)
        sha256 = file.sha256
        if state_at(now) == state:
            state.remember(sha256)
    except ExceptionsError as error:
        raise refused(error) from error
    if _has(request, sha256):
        r = HttpResponse(status=304)
    else:
        r = HttpResponse(file.body, content_type=file.content_type)
        r["Content-Disposition"] = f'attachment; filename="{file.name}"'
    return _sent(request, r, sha256, target, state, now)


def _has(request: Request, sha256: str) -> bool:
    known = request.headers.get("If-None-Match", "")
    asked = {tag.strip().removeprefix("W/") for tag in known.split(",")}
    return f'"{sha256}"' in asked or "*" in asked


def _sent(
    request: Request, r: HttpResponse, sha256: str, target: str, state: State, now: datetime
) -> HttpResponse:
    r["ETag"], r["Cache-Control"] = f'"{sha256}"', "private, no-cache"
    note_fetch(
        actor=Actor.by_token(cast("User", request.user)),
        revisions=state.revisions,
        target=target,
        now=now,
        is_unchanged=r.status_code == 304,
    )
    return r
