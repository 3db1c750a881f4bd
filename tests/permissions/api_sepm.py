"""The REST faces of SEPM servers.

Who gets which answer: see `tests.permissions.row`.
"""

from __future__ import annotations

from tests.permissions.row import Row

ROWS = [
    Row("api-sepm-server-list", "GET", "401 404 404 404 200 200 200"),
    Row(
        "api-sepm-server-list",
        "POST",
        "401 404 404 404 403 403 400",
        data=lambda o, w: {"name": "SEPM"},
        of_nobody=True,
    ),
    Row(
        "api-sepm-server-detail",
        "PUT",
        "401 404 404 404 403 403 400",
        lambda o, w: [w.sepm.pk],
        foreign="401 404 404 404 403 403 400",
    ),
    Row(
        "api-sepm-server-switch",
        "POST",
        "401 404 404 404 403 403 200",
        lambda o, w: [w.sepm.pk],
        lambda o, w: {"is_on": False},
        foreign="401 404 404 404 403 403 200",
    ),
    Row("api-sepm-policy-list", "GET", "401 404 404 404 200 200 200"),
    Row(
        "api-sepm-policy-detail",
        "GET",
        "401 404 404 404 200 200 200",
        lambda o, w: [o.sepm_policy],
    ),
    Row(
        "api-sepm-policy-restore",
        "POST",
        "401 404 404 404 201 201 201",
        lambda o, w: [o.sepm_policy],
    ),
    Row(
        "api-sepm-policy-adopt",
        "POST",
        "401 404 404 404 400 400 400",
        lambda o, w: [o.sepm_policy],
        lambda o, w: {"keys": ["nothing"]},
    ),
    Row(
        "api-sepm-policy-leave",
        "POST",
        "401 404 404 404 200 200 200",
        lambda o, w: [o.sepm_policy],
    ),
    Row(
        "api-sepm-server-detail",
        "GET",
        "401 404 404 404 200 200 200",
        lambda o, w: [w.sepm.pk],
        foreign="401 404 404 404 200 200 200",
    ),
    Row(
        "api-sepm-server-plan",
        "POST",
        "401 404 404 404 201 201 201",
        lambda o, w: [w.sepm.pk],
        lambda o, w: {"policies": [o.policy.pk]},
    ),
    Row(
        "api-sepm-server-read",
        "POST",
        "401 404 404 404 403 403 201",
        lambda o, w: [w.sepm.pk],
        foreign="401 404 404 404 403 403 201",
    ),
    Row(
        "api-sepm-server-drift",
        "POST",
        "401 404 404 404 403 403 201",
        lambda o, w: [w.sepm.pk],
        foreign="401 404 404 404 403 403 201",
    ),
    Row("api-sepm-job-list", "GET", "401 200 200 200 200 200 200"),
    Row("api-sepm-job-detail", "GET", "401 404 200 200 200 200 200", lambda o, w: [o.sepm_job]),
    Row("api-sepm-job-apply", "POST", "401 404 403 403 400 400 400", lambda o, w: [o.sepm_job]),
    Row("api-sepm-job-resume", "POST", "401 404 403 403 201 201 201", lambda o, w: [o.sepm_job]),
    Row("api-sepm-job-stop", "POST", "401 404 403 403 201 201 201", lambda o, w: [o.sepm_job]),
]
