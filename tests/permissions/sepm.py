"""Pages of SEPM servers, and of what arrived at clients.

Who gets which answer: see `tests.permissions.row`.
"""

from __future__ import annotations

from tests.permissions.row import Row

ROWS = [
    Row("arrival", "GET", "302 200 200 200 200 200 200"),
    Row("arrival-clients", "GET", "302 200 200 200 200 200 200"),
    Row("arrival-csv", "GET", "302 200 200 200 200 200 200"),
    Row("arrival-import", "GET", "302 404 404 200 200 200 200"),
    Row("arrival-import", "POST", "302 404 404 200 200 200 200"),
    Row("policy-arrival", "GET", "302 404 200 200 200 200 200", lambda o, w: [o.policy.pk]),
    Row("sepm-list", "GET", "302 404 404 404 200 200 200"),
    Row("sepm-list", "POST", "302 404 404 404 404 404 200"),
    Row(
        "sepm-server",
        "GET",
        "302 404 404 404 200 200 200",
        lambda o, w: [w.sepm.pk],
        foreign="302 404 404 404 200 200 200",
    ),
    Row("sepm-server", "POST", "302 404 404 404 404 404 200", lambda o, w: [w.sepm.pk]),
    Row(
        "sepm-act",
        "POST",
        "302 404 404 404 404 404 302",
        lambda o, w: [w.sepm.pk],
        lambda o, w: {"act": "off"},
    ),
    Row(
        "sepm-act",
        "POST",
        "302 404 404 404 302 302 302",
        lambda o, w: [w.sepm.pk],
        lambda o, w: {"act": "plan", "policy": o.policy.pk},
        foreign="302 404 404 404 302 302 302",
    ),
    Row("sepm-job", "GET", "302 404 200 200 200 200 200", lambda o, w: [o.sepm_job]),
    Row(
        "sepm-job-act",
        "POST",
        "302 404 403 403 302 302 302",
        lambda o, w: [o.sepm_job],
        lambda o, w: {"act": "stop"},
    ),
    Row(
        "sepm-drift",
        "POST",
        "302 404 403 403 302 302 302",
        lambda o, w: [o.sepm_policy],
        lambda o, w: {"act": "leave"},
    ),
]
