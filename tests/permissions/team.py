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
]
