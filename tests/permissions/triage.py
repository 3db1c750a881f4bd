"""Pages where people see and decide: inbox, processes, saved views, reviews, detections.

Who gets which answer: see `tests.permissions.row`.
"""

from __future__ import annotations

from tests.permissions.row import Row

ROWS = [
    Row("inbox", "GET", "302 200 200 200 200 200 200"),
    Row("inbox-count", "GET", "302 200 200 200 200 200 200"),
    Row("inbox-groups", "GET", "302 200 200 200 200 200 200"),
    Row("inbox-types", "GET", "302 200 200 200 200 200 200"),
    Row(
        "inbox-newcomers",
        "GET",
        "302 204 200 200 200 200 200",
        data=lambda o, w: {"mark": "0.0"},
        of_nobody=True,
    ),
    Row(
        "process-decide",
        "GET",
        "302 404 404 200 200 200 200",
        data=lambda o, w: {"process": [o.waiting.pk]},
    ),
    Row(
        "process-decide",
        "POST",
        "302 404 404 302 302 302 302",
        data=lambda o, w: {
            "process": [o.waiting.pk],
            "policies": [o.policy.pk],
            "response": "ignore",
            "reason": "known",
        },
    ),
    Row("rule-list", "GET", "302 200 200 200 200 200 200"),
    Row("rule-new", "GET", "302 404 404 200 200 200 200"),
    Row("rule-new", "POST", "302 404 404 422 422 422 422"),
    Row("rule", "GET", "302 404 200 200 200 200 200", lambda o, w: [o.rule.pk]),
    Row("rule-edit", "GET", "302 404 403 200 200 200 200", lambda o, w: [o.rule.pk]),
    Row("rule-edit", "POST", "302 404 403 422 422 422 422", lambda o, w: [o.rule.pk]),
    Row("rule-sign", "POST", "302 404 403 302 302 302 302", lambda o, w: [o.rule.pk]),
    Row("rule-allow", "POST", "302 404 403 302 302 302 302", lambda o, w: [o.rule.pk]),
    Row("rule-off", "POST", "302 404 403 302 302 302 302", lambda o, w: [o.rule.pk]),
    Row("suggestions", "GET", "302 200 200 200 200 200 200"),
    Row("decision-undo", "POST", "302 404 404 302 302 302 302", lambda o, w: [o.decision.pk]),
    Row("view-list", "GET", "302 200 200 200 200 200 200"),
    Row(
        "view-create",
        "POST",
        "302 404 302 302 302 302 302",
        data=lambda o, w: {"matching": "state=open"},
        of_nobody=True,
    ),
    Row("view", "GET", "302 404 302 302 302 302 302", lambda o, w: [o.view]),
    Row(
        "view-change",
        "POST",
        "302 404 403 403 403 403 302",
        lambda o, w: [o.view],
        lambda o, w: {"name": "New"},
    ),
    Row("view-delete", "POST", "302 404 403 403 403 403 302", lambda o, w: [o.view]),
    Row("view-restore", "POST", "302 404 404 404 404 404 302", lambda o, w: [o.view]),
    Row(
        "view-landing",
        "POST",
        "302 403 403 403 403 403 302",
        data=lambda o, w: {"role": "analyst", "view": o.view},
        foreign="302 403 403 403 403 403 302",
    ),
    Row(
        "process-renew",
        "POST",
        "302 404 404 302 302 302 302",
        data=lambda o, w: {"process": [o.waiting.pk]},
    ),
    Row(
        "process-bring-back",
        "POST",
        "302 404 404 302 302 302 302",
        data=lambda o, w: {"process": [o.waiting.pk]},
    ),
    Row("process", "GET", "302 404 200 200 200 200 200", lambda o, w: [o.waiting.pk]),
    Row("process-more", "GET", "302 404 200 200 200 200 200", lambda o, w: [o.waiting.pk, "log"]),
    Row("process-evidence", "GET", "302 404 200 200 200 200 200", lambda o, w: [o.waiting.pk]),
    Row(
        "process-where",
        "GET",
        "302 404 200 200 200 200 200",
        lambda o, w: [o.waiting.pk, "computers"],
    ),
    Row(
        "process-why",
        "GET",
        "302 404 200 200 200 200 200",
        lambda o, w: [o.waiting.pk],
        lambda o, w: {"group": o.group.path},
    ),
    Row(
        "same-file-add",
        "POST",
        "302 404 404 302 302 302 302",
        lambda o, w: [o.waiting.pk],
        lambda o, w: {"other": ""},
    ),
    Row(
        "same-file-remove",
        "POST",
        "302 404 404 302 302 302 302",
        lambda o, w: [o.waiting.pk, o.decided.pk],
    ),
    Row("review-list", "GET", "302 200 200 200 200 200 200"),
    Row("review-end", "GET", "302 404 200 200 200 200 200", lambda o, w: [o.exception]),
    Row(
        "review-act",
        "POST",
        "302 404 403 302 302 302 302",
        lambda o, w: [o.exception],
        lambda o, w: {"answer": "keep", "review_on": "2099-01-01"},
    ),
    Row("detection-list", "GET", "302 200 200 200 200 200 200"),
    Row("detection-raw", "GET", "302 404 200 200 200 200 200", lambda o, w: [o.log_import.pk, 1]),
]
