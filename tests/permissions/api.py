"""The REST faces; the token of each person has every scope.

Who gets which answer: see `tests.permissions.row`.
"""

from __future__ import annotations

from tests.permissions.row import Row

ROWS = [
    Row("schema", "GET", "403 200 200 200 200 200 200"),
    Row("api-docs", "GET", "403 200 200 200 200 200 200"),
    Row("policy-schema", "GET", "200 200 200 200 200 200 200"),
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
    Row("api-process-list", "GET", "401 200 200 200 200 200 200"),
    Row("api-process-detail", "GET", "401 404 200 200 200 200 200", lambda o, w: [o.waiting.pk]),
    Row("api-sighting-list", "GET", "401 200 200 200 200 200 200"),
    Row("api-sighting-detail", "GET", "401 404 200 200 200 200 200", lambda o, w: [o.sighting.pk]),
    Row("api-decision-list", "GET", "401 200 200 200 200 200 200"),
    Row(
        "api-decision-list",
        "POST",
        "401 404 403 201 201 201 201",
        data=lambda o, w: {
            "processes": [o.waiting.pk],
            "policies": [o.policy.pk],
            "response": "ignore",
            "reason": "known",
        },
    ),
    Row("api-decision-detail", "GET", "401 404 200 200 200 200 200", lambda o, w: [o.decision.pk]),
    Row("api-decision-undo", "POST", "401 404 403 201 201 201 201", lambda o, w: [o.decision.pk]),
    Row("api-watch-list", "GET", "401 200 200 200 200 200 200"),
    Row(
        "api-watch-list",
        "POST",
        "401 404 403 201 201 201 201",
        data=lambda o, w: {
            "processes": [o.waiting.pk],
            "groups": [o.group.pk],
            "reason": "unknown",
        },
    ),
    Row("api-watch-detail", "GET", "401 404 200 200 200 200 200", lambda o, w: [o.watch.pk]),
    Row("api-policy-list", "GET", "401 200 200 200 200 200 200"),
    Row(
        "api-policy-list",
        "POST",
        "401 403 403 403 403 201 201",
        data=lambda o, w: {"name": "New", "groups": [o.group.pk]},
        foreign="401 403 403 403 403 404 201",
    ),
    Row("api-policy-detail", "GET", "401 404 200 200 200 200 200", lambda o, w: [o.policy.pk]),
    Row("api-policy-publish", "POST", "401 404 403 403 201 201 201", lambda o, w: [o.policy.pk]),
    Row(
        "api-policy-go-back",
        "POST",
        "401 404 403 403 400 400 400",
        lambda o, w: [o.policy.pk],
        lambda o, w: {"number": 1, "reason": "false alarm"},
    ),
    Row("api-policy-ask", "POST", "401 404 403 400 400 400 400", lambda o, w: [o.policy.pk]),
    Row("api-policy-lint", "GET", "401 404 200 200 200 200 200", lambda o, w: [o.policy.pk]),
    Row("api-lint-settings-list", "GET", "401 200 200 200 200 200 200"),
    Row(
        "api-lint-settings-list",
        "POST",
        "401 403 403 403 403 403 200",
        data=lambda o, w: {"blocking_grade": 3, "wide_percent": 5, "evidence_percent": 10},
        of_nobody=True,
    ),
    Row("api-protected-program-list", "GET", "401 200 200 200 200 200 200"),
    Row(
        "api-protected-program-list",
        "POST",
        "401 403 403 403 403 403 200",
        data=lambda o, w: {"name": "own.exe", "why": "ours"},
        of_nobody=True,
    ),
    Row("api-approval-list", "GET", "401 200 200 200 200 200 200"),
    Row("api-approval-detail", "GET", "401 404 200 200 200 200 200", lambda o, w: [o.approval.pk]),
    Row(
        "api-approval-approve",
        "POST",
        "401 404 403 403 409 409 409",
        lambda o, w: [o.approval.pk],
    ),
    Row(
        "api-approval-decline",
        "POST",
        "401 404 403 403 200 200 200",
        lambda o, w: [o.approval.pk],
        lambda o, w: {"comment": "not yet"},
    ),
    Row(
        "api-approval-withdraw",
        "POST",
        "401 404 409 409 409 409 409",
        lambda o, w: [o.approval.pk],
    ),
    Row("api-policy-revisions", "GET", "401 404 200 200 200 200 200", lambda o, w: [o.policy.pk]),
    Row("api-policy-export", "GET", "401 404 200 200 200 200 200", lambda o, w: [o.policy.pk]),
    Row("api-policy-everything", "GET", "401 409 200 200 200 200 200"),
    Row("api-group-list", "GET", "401 200 200 200 200 200 200"),
    Row("api-group-detail", "GET", "401 404 200 200 200 200 200", lambda o, w: [o.group.pk]),
    Row("api-group-policy", "GET", "401 404 200 200 200 200 200", lambda o, w: [o.group.pk]),
    Row(
        "api-replay",
        "GET",
        "401 404 200 200 200 200 200",
        data=lambda o, w: {"policy": o.policy.pk},
    ),
    Row("api-ramp-plan-list", "GET", "401 200 200 200 200 200 200"),
    Row(
        "api-ramp-plan-list",
        "POST",
        "401 404 403 403 409 409 409",
        data=lambda o, w: {
            "scan_policy": "New",
            "track": "keyloggers",
            "groups": [o.group.pk],
            "start_on": w.today,
        },
    ),
    Row("api-ramp-plan-detail", "GET", "401 404 200 200 200 200 200", lambda o, w: [o.plan.pk]),
    Row(
        "api-ramp-plan-act",
        "POST",
        "401 404 403 403 200 200 200",
        lambda o, w: [o.plan.pk],
        lambda o, w: {"action": "confirm", "level": "10"},
    ),
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
