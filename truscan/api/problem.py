"""Errors as problem details (RFC 9457): type, title, status, detail, and the fields' errors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied
from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

from truscan.in_time import ANSWER_MS, TooSlow

if TYPE_CHECKING:
    from collections.abc import Mapping

MEDIA_TYPE = "application/problem+json"


class Conflict(exceptions.APIException):
    """The state of things does not allow the act; the detail says what to do first."""

    status_code = 409
    default_detail = "This cannot be done now."
    default_code = "conflict"
    more: dict[str, Any] = {}


class SlowQuestion(exceptions.APIException):
    """The filters have to read too much; nothing is wrong with the server."""

    status_code = 503
    default_detail = "Not answered in time."
    default_code = "slow"

    def __init__(self) -> None:
        super().__init__(
            f"These filters were not answered within {ANSWER_MS // 1000} seconds. Narrow them by"
            " group, hash, name or time, or take away the one that was added last."
        )


def problem(status: int, title: str, detail: str, **more: Any) -> Response:
    """A response of that status with the problem as its body."""
    body = {"type": "about:blank", "title": title, "status": status, "detail": detail, **more}
    return Response(body, status=status, content_type=MEDIA_TYPE)


def problem_response(exc: Exception, context: Mapping[str, Any]) -> Response | None:
    """DRF's exception handler; None lets Django answer 500 and log it."""
    if isinstance(exc, Http404):
        exc = exceptions.NotFound("There is nothing here, or it is outside your groups.")
    elif isinstance(exc, PermissionDenied):
        exc = exceptions.PermissionDenied()
    elif isinstance(exc, TooSlow):
        exc = SlowQuestion()
    if not isinstance(exc, exceptions.APIException):
        return None
    set_rollback()
    title = str(exc.default_detail)
    if isinstance(exc, exceptions.ValidationError):
        r = problem(exc.status_code, title, "See errors.", errors=exc.detail)
    else:
        more = exc.more if isinstance(exc, Conflict) else {}
        r = problem(exc.status_code, title, str(exc.detail), **more)
    if wait := getattr(exc, "wait", None):
        r["Retry-After"] = str(int(wait) + 1)
    if isinstance(exc, exceptions.NotAuthenticated | exceptions.AuthenticationFailed):
        r["WWW-Authenticate"] = 'Bearer realm="api"'
    return r
