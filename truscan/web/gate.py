"""What views ask before anything else."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from django.contrib.auth.models import User
from django.http import Http404

from truscan.access.scope import has_role_anywhere

if TYPE_CHECKING:
    from django.http import HttpRequest, QueryDict


def person(request: HttpRequest) -> User:
    """The signed-in person; the middleware lets nobody else through."""
    return cast("User", request.user)


def person_with(request: HttpRequest, role: str) -> User:
    """The person, if he holds at least this role somewhere; else there is no such page."""
    user = person(request)
    if not has_role_anywhere(user, role):
        raise Http404
    return user


def text_of(data: QueryDict, name: str, most: int = 200) -> str:
    """A short text as sent, trimmed; without NUL, which PostgreSQL does not take."""
    return data.get(name, "").replace("\0", "").strip()[:most]
