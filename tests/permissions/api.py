"""The REST faces of logs, ledger and webhooks; the token of each person has every scope.

Who gets which answer: see `tests.permissions.row`.
"""

from __future__ import annotations

from tests.permissions.row import Row

ROWS = [
    Row("schema", "GET", "403 200 200 200 200 200 200"),
    Row("api-docs", "GET", "403 200 200 200 200 200 200"),
    Row("policy-schema", "GET", "200 200 200 200 200 200 200"),
    Row("dossier-schema", "GET", "200 200 200 200 200 200 200"),
    Row("api-import-list", "GET", "401 200 200 200 200 200 200"),
    Row("api-import-list", "POST", "401 403 403 400 400 400 400"),
    Row("api-import-detail", "GET", "401 404 200 200 200 200 200", lambda o, w: [o.log_import.pk]),
    Row(
        "api-import-answer",
        "POST",
        "401 404 403 409 409 409 409",
        lambda o, w: [o.log_import.pk],
        lambda o, w: {"mapping": {"A": "user"}},
    ),
    Row("api-import-rejects", "GET", "401 404 404 404 404 404 200", lambda o, w: [o.log_import.pk]),
    Row(
        "api-import-reread",
        "POST",
        "401 404 403 201 201 201 201",
        lambda o, w: [o.log_import.pk],
        lambda o, w: {"timezone": "Europe/Berlin"},
    ),
    Row(
        "api-import-withdraw", "POST", "401 404 403 200 200 200 200", lambda o, w: [o.log_import.pk]
    ),
    Row("api-detection-list", "GET", "401 200 200 200 200 200 200"),
    Row("api-audit-list", "GET", "401 404 404 404 404 404 200"),
    Row("api-audit-detail", "GET", "401 404 404 404 404 404 200", lambda o, w: [w.event.pk]),
    Row("api-webhook-list", "GET", "401 404 404 404 404 404 200"),
    Row(
        "api-webhook-list",
        "POST",
        "401 404 404 404 404 404 201",
        data=lambda o, w: {"name": "x", "url": "https://hooks.example.org/y", "codes": ["policy."]},
    ),
    Row("api-webhook-detail", "GET", "401 404 404 404 404 404 200", lambda o, w: [w.webhook.pk]),
    Row("api-webhook-detail", "DELETE", "401 404 404 404 404 404 204", lambda o, w: [w.webhook.pk]),
    Row(
        "api-webhook-replay",
        "POST",
        "401 404 404 404 404 404 202",
        lambda o, w: [w.webhook.pk, w.delivery],
    ),
    Row(
        "api-webhook-deliveries", "GET", "401 404 404 404 404 404 200", lambda o, w: [w.webhook.pk]
    ),
]
