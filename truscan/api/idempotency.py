"""`Idempotency-Key` on POST: a repeat under the same key gets the first answer, nothing twice."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, cast

from django.db import transaction
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter
from rest_framework import exceptions
from rest_framework.response import Response

from truscan.api.problem import Conflict
from truscan.audit import canonical_json
from truscan.models.access import IdempotencyKey

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.contrib.auth.models import User
    from rest_framework.request import Request

KEY = OpenApiParameter(
    "Idempotency-Key",
    str,
    OpenApiParameter.HEADER,
    description="Any text of yours, at most 255 characters; a repeat under it does nothing twice.",
)
# How long a request may hold its key before another may take it over.
ABANDONED_SECONDS = 3600


class KeyReused(exceptions.APIException):
    status_code = 422
    default_detail = "This Idempotency-Key was used for another request; take a new one."
    default_code = "key_reused"


def once(request: Request, act: Callable[[], Response], body: object) -> Response:
    """The answer of `act`, or the stored one of the first request under the same key.

    `body` is what makes two requests equal (plain JSON values; for a file its name and size).
    """
    key = request.headers.get("Idempotency-Key", "")
    if not key:
        return act()
    if len(key) > 255:
        raise exceptions.ValidationError({"Idempotency-Key": ["At most 255 characters."]})
    digest = hashlib.sha256(
        canonical_json([request.method, request.path, body]).encode()
    ).hexdigest()
    row, made = IdempotencyKey.objects.get_or_create(
        user=cast("User", request.user), key=key, defaults={"request_digest": digest}
    )
    return _first(row, act) if made else _again(row, digest, act)


def _first(row: IdempotencyKey, act: Callable[[], Response]) -> Response:
    try:
        r = act()
    except Exception:
        # Nothing was done, so a repeat may try again.
        with transaction.atomic():
            row.delete()
        raise
    row.status, row.response = r.status_code, _plain(r.data)
    row.save(update_fields=["status", "response"])
    return r


def _again(row: IdempotencyKey, digest: str, act: Callable[[], Response]) -> Response:
    if row.request_digest != digest:
        raise KeyReused
    if row.status is None:
        age = (timezone.now() - row.created_at).total_seconds()
        if age < ABANDONED_SECONDS:
            raise Conflict("The first request under this Idempotency-Key is still at work.")
        return _first(row, act)
    return Response(row.response, status=row.status, headers={"Idempotent-Replay": "true"})


def _plain(data: Any) -> Any:
    """Stored as the JSON that was sent."""
    return json.loads(canonical_json(data))
