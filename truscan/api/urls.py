"""Addresses below /api/; each noun has its module with `routes` of (prefix, viewset, name)."""

from __future__ import annotations

from django.urls import include, path
from drf_spectacular.views import SpectacularSwaggerView
from rest_framework.routers import SimpleRouter

from truscan.api import audit, detections, imports, ramp, ramp_changes, reminding, webhooks
from truscan.api.schema import SchemaView

router = SimpleRouter()
for prefix, viewset, name in [
    *imports.routes,
    *detections.routes,
    *ramp.routes,
    *audit.routes,
    *webhooks.routes,
]:
    router.register(prefix, viewset, name)

urlpatterns = [
    path("v1/", include(router.urls)),
    *ramp_changes.urlpatterns,
    *reminding.urlpatterns,
    path("v1/schema/", SchemaView.as_view(), name="schema"),
    path("docs/", SpectacularSwaggerView.as_view(url_name="schema"), name="api-docs"),
]
