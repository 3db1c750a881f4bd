"""The OpenAPI document: made once a process, since it depends on nothing but the program."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast

from django.http import HttpResponse
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView
from rest_framework.authentication import SessionAuthentication
from rest_framework.permissions import IsAuthenticated
from rest_framework.views import APIView

from truscan.api.token_auth import TokenAuthentication

if TYPE_CHECKING:
    from rest_framework.request import Request


class SchemaView(APIView):
    """As YAML or JSON, whichever the client accepts or `?format=` names."""

    renderer_classes = SpectacularAPIView.renderer_classes
    authentication_classes = (SessionAuthentication, TokenAuthentication)
    permission_classes = (IsAuthenticated,)

    @extend_schema(exclude=True)
    def get(self, request: Request) -> HttpResponse:
        media_type = request.accepted_renderer.media_type
        return HttpResponse(_document(media_type), content_type=media_type)


@lru_cache(maxsize=8)
def _document(media_type: str) -> bytes:
    renderer = next(r for r in SchemaView.renderer_classes if r.media_type == media_type)
    generator: Any = cast("Any", SchemaGenerator)()
    made = renderer().render(generator.get_schema(public=True), renderer_context={})
    return made if isinstance(made, bytes) else made.encode()
