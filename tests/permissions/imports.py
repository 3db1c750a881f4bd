"""Pages of imports and of the sites that they come from.

Who gets which answer: see `tests.permissions.row`.
"""

from __future__ import annotations

from tests.permissions.row import Row

ROWS = [
    Row("import-list", "GET", "302 200 200 200 200 200 200"),
    Row("import-upload", "POST", "302 404 404 302 302 302 302"),
    Row("import-detail", "GET", "302 404 200 200 200 200 200", lambda o, w: [o.log_import.pk]),
    Row("import-withdraw", "POST", "302 404 403 302 302 302 302", lambda o, w: [o.log_import.pk]),
    Row(
        "import-reread",
        "POST",
        "302 404 403 302 302 302 302",
        lambda o, w: [o.log_import.pk],
        lambda o, w: {"timezone": "Europe/Berlin"},
    ),
    Row("import-answer", "POST", "302 404 403 302 302 302 302", lambda o, w: [o.log_import.pk]),
    Row("import-rejects", "GET", "302 404 404 404 404 404 200", lambda o, w: [o.log_import.pk]),
    Row("import-rejects-raw", "GET", "302 404 404 404 404 404 200", lambda o, w: [o.log_import.pk]),
    Row("site-list", "GET", "302 404 404 404 404 404 200"),
    Row(
        "site-list",
        "POST",
        "302 404 404 404 404 404 302",
        data=lambda o, w: {"kind": "event", "text": "Ereignis", "meaning": "Potential risk found"},
    ),
    Row("site", "GET", "302 404 404 404 404 404 200", lambda o, w: [w.site.pk]),
    Row(
        "site",
        "POST",
        "302 404 404 404 404 404 302",
        lambda o, w: [w.site.pk],
        lambda o, w: {"timezone": "Europe/Berlin"},
    ),
]
