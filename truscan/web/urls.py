"""Each noun has its module, and each module its list of addresses."""

from __future__ import annotations

from truscan.web import (
    detections,
    health,
    imports,
    ledger,
    people,
    ramp,
    ramp_replan,
    reminding,
    sites,
    webhooks,
)

urlpatterns = [
    *detections.urlpatterns,
    *imports.urlpatterns,
    *ramp.urlpatterns,
    *ramp_replan.urlpatterns,
    *people.urlpatterns,
    *reminding.urlpatterns,
    *sites.urlpatterns,
    *ledger.urlpatterns,
    *webhooks.urlpatterns,
    *health.urlpatterns,
]
