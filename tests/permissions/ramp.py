"""Pages of ramp plans.

Who gets which answer: see `tests.permissions.row`.
"""

from __future__ import annotations

from tests.permissions.row import Row

ROWS = [
    Row("ramp-changes", "GET", "302 404 200 200 200 200 200", lambda o, w: [o.plan.pk]),
    Row("ramp-dossier", "GET", "302 404 200 200 200 200 200", lambda o, w: [o.plan.pk]),
    Row("ramp-dossier-draft", "GET", "302 404 200 200 200 200 200", lambda o, w: [o.plan.pk]),
    Row("ramp-dossier-seal", "POST", "302 404 403 403 302 302 302", lambda o, w: [o.plan.pk]),
    Row("ramp-dossier-sealed", "GET", "302 404 200 200 200 200 200", lambda o, w: [o.sealed, 1]),
    Row("ramp-dossier-json", "GET", "302 404 200 200 200 200 200", lambda o, w: [o.sealed, 1]),
    Row("ramp-dossier-sig", "GET", "302 404 200 200 200 200 200", lambda o, w: [o.sealed, 1]),
    Row("ramp-replay", "GET", "302 404 200 200 200 200 200", lambda o, w: [o.plan.pk]),
    Row("ramp-level-replay", "GET", "302 404 200 200 200 200 200", lambda o, w: [o.plan.pk]),
    Row("ramp-list", "GET", "302 200 200 200 200 200 200"),
    Row("ramp-create", "GET", "302 404 404 404 200 200 200"),
    Row("ramp-create", "POST", "302 404 404 404 200 200 200"),
    Row("ramp-cohorts", "GET", "302 404 404 404 200 200 200"),
    Row("ramp-cohorts", "POST", "302 404 404 404 200 200 200"),
    Row("ramp-plan", "GET", "302 404 200 200 200 200 200", lambda o, w: [o.plan.pk]),
    Row(
        "ramp-act",
        "POST",
        "302 404 403 403 302 302 302",
        lambda o, w: [o.plan.pk],
        lambda o, w: {"action": "confirm", "level": "10"},
    ),
    Row(
        "ramp-override",
        "POST",
        "302 404 403 403 302 302 302",
        lambda o, w: [o.plan.pk],
        lambda o, w: {"what": "ask", "level": "10"},
    ),
    Row(
        "ramp-threshold",
        "POST",
        "302 404 403 403 302 302 302",
        lambda o, w: [o.plan.pk],
        lambda o, w: {"gate": "open", "bound": 9, "mode": "required", "reason": "learnt"},
    ),
    Row("ramp-forecast", "GET", "302 404 200 200 200 200 200", lambda o, w: [o.plan.pk]),
    Row("ramp-gate", "GET", "302 404 200 200 200 200 200", lambda o, w: [o.plan.pk, "open"]),
    Row("ramp-replan", "GET", "302 404 200 200 200 200 200", lambda o, w: [o.plan.pk]),
    Row(
        "ramp-replan",
        "POST",
        "302 404 403 403 200 200 200",
        lambda o, w: [o.plan.pk],
        lambda o, w: {"what": "move", "level": "10", "on": w.today},
    ),
    Row(
        "ramp-setting",
        "POST",
        "302 404 403 403 302 302 302",
        lambda o, w: [o.plan.pk],
        lambda o, w: {"setting": "notifications=off"},
    ),
    Row("ramp-calendar-link", "POST", "302 404 403 403 200 200 200", lambda o, w: [o.plan.pk]),
    Row(
        "ramp-calendar",
        "GET",
        "200 200 200 200 200 200 200",
        lambda o, w: [o.calendar],
        foreign="200 200 200 200 200 200 200",
    ),
]
