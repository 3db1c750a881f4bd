"""Addresses below /api/v1/; each noun has its module with `routes` of (prefix, viewset, name)."""

from __future__ import annotations

from rest_framework.routers import SimpleRouter
from rest_framework.viewsets import ViewSetMixin

from exceptions_app.api import (
    approval_rules,
    approvals,
    arrival,
    bulk,
    claims,
    comments,
    decisions,
    dossier,
    groups,
    importing,
    lint,
    my_work,
    policies,
    policy_schema,
    processes,
    renewals,
    replay,
    reviews,
    rules,
    saved_views,
    sepm,
    sepm_drift,
    sepm_servers,
    suggestions,
    watches,
    why,
)

ROUTES: list[tuple[str, type[ViewSetMixin], str]] = [
    *processes.routes,
    *decisions.routes,
    *watches.routes,
    *renewals.routes,
    *comments.routes,
    *bulk.routes,
    *claims.routes,
    *my_work.routes,
    *policies.routes,
    *groups.routes,
    *approval_rules.routes,
    *approvals.routes,
    *lint.routes,
    *reviews.routes,
    *sepm.routes,
    *sepm_servers.routes,
    *sepm_drift.routes,
    *suggestions.routes,
    *arrival.routes,
    *saved_views.routes,
    *rules.routes,
]
router = SimpleRouter()
for prefix, viewset, name in ROUTES:
    router.register(prefix, viewset, name)

urlpatterns = [
    *policy_schema.urlpatterns,
    *importing.urlpatterns,
    *dossier.urlpatterns,
    *replay.urlpatterns,
    *why.urlpatterns,
    *suggestions.urlpatterns,
    *router.urls,
]
