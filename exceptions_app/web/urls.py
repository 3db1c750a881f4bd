"""Each noun has its module, and each module its list of addresses."""

from __future__ import annotations

from exceptions_app.web import (
    approvals,
    arrival,
    arrival_import,
    comments,
    effective,
    exports,
    groups,
    importing,
    inbox,
    lint,
    my_work,
    policies,
    process,
    replay,
    reviews,
    revisions,
    saved_views,
    sepm,
    template_mode,
    why,
)

urlpatterns = [
    *inbox.urlpatterns,
    *process.urlpatterns,
    *comments.urlpatterns,
    *my_work.urlpatterns,
    *groups.urlpatterns,
    *policies.urlpatterns,
    *revisions.urlpatterns,
    *replay.urlpatterns,
    *exports.urlpatterns,
    *approvals.urlpatterns,
    *effective.urlpatterns,
    *lint.urlpatterns,
    *reviews.urlpatterns,
    *sepm.urlpatterns,
    *arrival.urlpatterns,
    *arrival_import.urlpatterns,
    *saved_views.urlpatterns,
    *why.urlpatterns,
    *importing.urlpatterns,
    *template_mode.urlpatterns,
]
