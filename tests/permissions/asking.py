"""Asking one address as one kind of person; whatever the answer did is undone again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import transaction
from django.test import Client
from django.urls import reverse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.permissions.world import World

# Pages below /api/ for people with a session, not for tokens.
BY_SESSION = ("schema", "api-docs")


def ask(
    world: World, kind: str, name: str, method: str, args: Sequence[Any], data: dict[str, Any]
) -> int:
    """The status of the answer; pages are asked with a session, the API with a token."""
    client, headers = Client(raise_request_exception=True), {}
    is_api = name.startswith("api-") and name not in BY_SESSION
    if kind != "anonymous":
        if is_api:
            headers["Authorization"] = f"Bearer {world.bearers[kind]}"
        else:
            client.cookies[settings.SESSION_COOKIE_NAME] = world.sessions[kind]
    more: dict[str, Any] = {"content_type": "application/json"} if is_api else {}
    if method == "GET":
        more = {}
    with transaction.atomic():
        send = getattr(client, method.lower())
        r = send(reverse(name, args=args), data or None, headers=headers, **more)
        if r.streaming:
            list(r)  # read to its end, so that its file is closed
        transaction.set_rollback(True)
    status: int = r.status_code
    return status
