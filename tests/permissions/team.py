"""Comments, and what waits for one person.

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
]
