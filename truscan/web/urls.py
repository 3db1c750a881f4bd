"""Each noun has its module, and each module its list of addresses."""

from __future__ import annotations

from truscan.web import (
    detections,
    health,
    imports,
    ledger,
    people,
    ramp,
    ramp_changes,
    ramp_cohorts,
    ramp_forecast,
    ramp_gate,
    ramp_override,
    ramp_replan,
    ramp_threshold,
    reminding,
    sites,
    webhooks,
)

urlpatterns = [
    *detections.urlpatterns,
    *imports.urlpatterns,
    *ramp.urlpatterns,
    *ramp_changes.urlpatterns,
    *ramp_cohorts.urlpatterns,
    *ramp_forecast.urlpatterns,
    *ramp_gate.urlpatterns,
    *ramp_override.urlpatterns,
    *ramp_replan.urlpatterns,
    *ramp_threshold.urlpatterns,
    *people.urlpatterns,
    *reminding.urlpatterns,
    *sites.urlpatterns,
    *ledger.urlpatterns,
    *webhooks.urlpatterns,
    *health.urlpatterns,
]
