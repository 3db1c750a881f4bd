"""The REST faces of policies, groups, lint, reviews and arrival.

Who gets which answer: see `tests.permissions.row`.
"""

from __future__ import annotations

from tests.permissions.row import Row

ROWS = [
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
    Row("api-policy-import", "POST", "401 404 403 400 400 400 400", lambda o, w: [o.policy.pk]),
    Row("api-policy-base", "GET", "401 404 200 200 200 200 200", lambda o, w: [o.policy.pk]),
    Row(
        "api-policy-base",
        "PUT",
        "401 404 403 200 200 200 200",
        lambda o, w: [o.policy.pk],
        lambda o, w: {"base": None},
    ),
    Row(
        "api-policy-follow-base", "POST", "401 404 403 400 400 400 400", lambda o, w: [o.policy.pk]
    ),
    Row(
        "api-policy-compare",
        "GET",
        "401 404 200 200 200 200 200",
        lambda o, w: [o.policy.pk],
        lambda o, w: {"before": 1, "after": 1},
    ),
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
    Row("api-arrival-list", "GET", "401 200 200 200 200 200 200"),
    Row("api-arrival-clients", "GET", "401 200 200 200 200 200 200"),
    Row("api-arrival-status", "POST", "401 403 403 415 415 415 415"),
    Row(
        "api-policy-arrival-detail",
        "GET",
        "401 404 200 200 200 200 200",
        lambda o, w: [o.policy.pk],
    ),
    Row("api-review-list", "GET", "401 200 200 200 200 200 200"),
    Row("api-review-detail", "GET", "401 404 200 200 200 200 200", lambda o, w: [o.exception]),
    Row("api-review-end", "GET", "401 404 200 200 200 200 200", lambda o, w: [o.exception]),
    Row(
        "api-review-amend",
        "POST",
        "401 404 403 201 201 201 201",
        lambda o, w: [o.exception],
        lambda o, w: {"review_on": "2099-01-01", "reason": "needed"},
    ),
    Row(
        "api-review-remove",
        "POST",
        "401 404 403 201 201 201 201",
        lambda o, w: [o.exception],
        lambda o, w: {"reason": "not needed"},
    ),
    Row("api-policy-revisions", "GET", "401 404 200 200 200 200 200", lambda o, w: [o.policy.pk]),
    Row("api-policy-export", "GET", "401 404 200 200 200 200 200", lambda o, w: [o.policy.pk]),
    Row("api-policy-everything", "GET", "401 409 200 200 200 200 200"),
    Row("api-group-list", "GET", "401 200 200 200 200 200 200"),
    Row("api-group-detail", "GET", "401 404 200 200 200 200 200", lambda o, w: [o.group.pk]),
    Row("api-group-effective", "GET", "401 404 200 200 200 200 200", lambda o, w: [o.group.pk]),
    Row("api-group-policy", "GET", "401 404 200 200 200 200 200", lambda o, w: [o.group.pk]),
    Row(
        "api-replay",
        "GET",
        "401 404 200 200 200 200 200",
        data=lambda o, w: {"policy": o.policy.pk},
    ),
]
