"""The JSON Schema of the bundle, for everybody who reads one: it holds nothing of the estate."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

from django.http import HttpResponse
from django.urls import path
from django.views.decorators.http import require_safe

if TYPE_CHECKING:
    from django.http import HttpRequest


@cache
def schema_bytes() -> bytes:
    return resources.files("exceptions_app.export").joinpath("bundle.schema.json").read_bytes()


@require_safe
def policy_schema(request: HttpRequest) -> HttpResponse:
    r = HttpResponse(schema_bytes(), content_type="application/schema+json")
    r["Cache-Control"] = "public, max-age=3600"
    return r


urlpatterns = [path("policy.schema.json", policy_schema, name="policy-schema")]
