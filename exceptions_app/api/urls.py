"""Addresses below /api/v1/; each noun has its module with `routes` of (prefix, viewset, name)."""

from __future__ import annotations

from rest_framework.routers import SimpleRouter

from exceptions_app.api import approvals, decisions, groups, policies, policy_schema, processes

router = SimpleRouter()
for prefix, viewset, name in [
    *processes.routes,
    *decisions.routes,
    *policies.routes,
    *groups.routes,
    *approvals.routes,
]:
    router.register(prefix, viewset, name)

urlpatterns = [*policy_schema.urlpatterns, *router.urls]
