from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils import timezone
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed

from truscan.access.scope import read_grants_once
from truscan.access.tokens import find_token

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from rest_framework.request import Request

    from truscan.models.access import ApiToken


class TokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer tst_…`; `request.auth` is the ApiToken."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        words = get_authorization_header(request).decode("ascii", "replace").split()
        if not words or words[0].lower() != "bearer":
            return None
        token = find_token(words[1], timezone.now()) if len(words) == 2 else None
        if token is None:
            raise AuthenticationFailed("This token is not valid, has expired or was revoked.")
        read_grants_once(token.user)
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="api"'


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the OpenAPI document names it."""

    target_class = "truscan.api.token_auth.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer"}
