from __future__ import annotations

from typing import TYPE_CHECKING

from rest_framework.throttling import SimpleRateThrottle

if TYPE_CHECKING:
    from rest_framework.request import Request
    from rest_framework.views import APIView


class PerToken(SimpleRateThrottle):
    """So many requests a minute for each token; without one, for each address."""

    scope = "token"

    def get_cache_key(self, request: Request, view: APIView) -> str:
        token = getattr(request, "auth", None)
        ident = f"token-{token.pk}" if token else self.get_ident(request)
        return self.cache_format % {"scope": self.scope, "ident": ident}
