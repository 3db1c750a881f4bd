"""Requests with a token, for the tests of both REST faces."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from django.test import Client

from tests.make import SYSTEM
from truscan.access.tokens import SCOPES, create_token

if TYPE_CHECKING:
    from django.contrib.auth.models import User

PROBLEM = "application/problem+json"


class Caller:
    """A program that calls the API as one person, with JSON bodies."""

    def __init__(self, user: User, scopes: tuple[str, ...] = SCOPES) -> None:
        self.user = user
        _, self.secret = create_token(
            actor=SYSTEM, user=user, name="test", scopes=list(scopes), days=9, now=datetime.now(UTC)
        )
        self.client = Client(headers={"Authorization": f"Bearer {self.secret}"})

    def get(self, path: str, **headers: str) -> Any:
        return self.client.get(f"/api/v1/{path}", headers=headers)

    def post(self, path: str, body: dict[str, Any] | None = None, key: str = "") -> Any:
        headers = {"Idempotency-Key": key} if key else {}
        return self.client.post(
            f"/api/v1/{path}", body or {}, headers=headers, content_type="application/json"
        )

    def put(self, path: str, body: dict[str, Any]) -> Any:
        return self.client.put(f"/api/v1/{path}", body, content_type="application/json")
