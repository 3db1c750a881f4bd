"""Each noun has its module, and each module its list of addresses."""

from __future__ import annotations

from truscan.web import detections, health, imports, ledger, people, ramp, sites

urlpatterns = [
    *detections.urlpatterns,
    *imports.urlpatterns,
    *ramp.urlpatterns,
    *people.urlpatterns,
    *sites.urlpatterns,
    *ledger.urlpatterns,
    *health.urlpatterns,
]
