"""Bodies that are longer than any file of their kind are not received at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rest_framework import exceptions

if TYPE_CHECKING:
    from rest_framework.request import Request

# What a multipart form adds to its file: boundaries, names, other fields.
AROUND = 1 << 20


class TooLong(exceptions.APIException):
    status_code = 413
    default_code = "too_long"


def require_size(request: Request, most: int) -> None:
    """Before the body is asked for: 413 if it says that it has more than `most` bytes and a form.

    Servers end a body where its length says, so one that lies is cut off, not stored.
    """
    told = request.META.get("CONTENT_LENGTH") or "0"
    if not told.isdecimal() or int(told) > most + AROUND:
        raise TooLong(
            f"The file has more than {most >> 20} MB, more than any of its kind:"
            " split it, or choose the right file."
        )
