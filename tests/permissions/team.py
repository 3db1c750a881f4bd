"""Comments, bulk decisions, and what waits for one person.

Who gets which answer: see `tests.permissions.row`.
"""

from __future__ import annotations

from tests.permissions.row import Row

ROWS = [
    Row("process-comments", "GET", "302 404 200 200 200 200 200", lambda o, w: [o.waiting.pk]),
    Row(
        "process-comments",
        "POST",
        "302 404 404 302 302 302 302",
        lambda o, w: [o.waiting.pk],
        lambda o, w: {"text": "seen at @owner"},
    ),
    Row(
        "process-comment-people",
        "GET",
        "302 404 200 200 200 200 200",
        lambda o, w: [o.waiting.pk],
    ),
    Row(
        "process-comment-take-back",
        "POST",
        "302 404 404 404 404 404 302",
        lambda o, w: [o.waiting.pk, o.comment],
    ),
    Row("my-work", "GET", "302 200 200 200 200 200 200"),
    Row("my-work-mentions-seen", "POST", "302 302 302 302 302 302 302"),
    Row("bulk-list", "GET", "302 200 200 200 200 200 200"),
    Row("bulk", "GET", "302 404 404 404 404 404 200", lambda o, w: [o.bulk_job]),
    Row("bulk-act", "POST", "302 404 404 404 404 404 404", lambda o, w: [o.bulk_job]),
    Row("api-bulk-decision-list", "GET", "401 200 200 200 200 200 200"),
    Row(
        "api-bulk-decision-list",
        "POST",
        "401 403 403 202 202 202 202",
        data=lambda o, w: {
            "query": "state=open",
            "policies": [o.policy.pk],
            "response": "ignore",
            "reason": "known",
        },
        foreign="401 403 403 404 404 404 202",
    ),
    Row(
        "api-bulk-decision-detail", "GET", "401 404 404 404 404 404 200", lambda o, w: [o.bulk_job]
    ),
    Row(
        "api-bulk-decision-cancel", "POST", "401 404 404 404 404 404 403", lambda o, w: [o.bulk_job]
    ),
    Row(
        "api-bulk-decision-resume", "POST", "401 404 404 404 404 404 403", lambda o, w: [o.bulk_job]
    ),
    Row("approval-rule-list", "GET", "302 200 200 200 200 200 200"),
    Row(
        "approval-rule-list",
        "POST",
        "302 403 403 403 403 403 302",
        data=lambda o, w: {"response": "terminate", "days": 7},
        of_nobody=True,
    ),
    Row(
        "approval-rule-remove",
        "POST",
        "302 403 403 403 403 403 302",
        lambda o, w: [w.approval_rule],
        foreign="302 403 403 403 403 403 302",
    ),
    Row("api-approval-rule-list", "GET", "401 200 200 200 200 200 200"),
    Row(
        "api-approval-rule-list",
        "POST",
        "401 403 403 403 403 403 201",
        data=lambda o, w: {"response": "terminate"},
        of_nobody=True,
    ),
    Row(
        "api-approval-rule-detail",
        "GET",
        "401 200 200 200 200 200 200",
        lambda o, w: [w.approval_rule],
        foreign="401 200 200 200 200 200 200",
    ),
    Row(
        "api-approval-rule-detail",
        "DELETE",
        "401 403 403 403 403 403 204",
        lambda o, w: [w.approval_rule],
        foreign="401 403 403 403 403 403 204",
    ),
    Row(
        "claim-act",
        "POST",
        "302 404 404 302 302 302 302",
        data=lambda o, w: {"process": [o.waiting.pk], "act": "claim"},
    ),
    Row("class-targets", "GET", "302 200 200 200 200 200 200"),
    Row(
        "class-targets",
        "POST",
        "302 403 403 403 403 403 302",
        data=lambda o, w: {"keylogger": "3"},
        of_nobody=True,
    ),
    Row("api-claim-list", "GET", "401 200 200 200 200 200 200"),
    Row(
        "api-claim-list",
        "POST",
        "401 404 403 201 201 201 201",
        data=lambda o, w: {"processes": [o.waiting.pk]},
    ),
    Row(
        "api-claim-release",
        "POST",
        "401 404 403 200 200 200 200",
        data=lambda o, w: {"processes": [o.waiting.pk]},
    ),
    Row("api-class-target-list", "GET", "401 200 200 200 200 200 200"),
    Row(
        "api-class-target-list",
        "POST",
        "401 403 403 403 403 403 200",
        data=lambda o, w: {"days": {"keylogger": 3}},
        of_nobody=True,
    ),
]
