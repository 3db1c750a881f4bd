"""The REST faces of the ramp: plans, dossiers, reminders.

Who gets which answer: see `tests.permissions.row`.
"""

from __future__ import annotations

from tests.permissions.row import Row

ROWS = [
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
    Row("api-ramp-plan-cohorts", "GET", "401 403 403 403 200 200 200"),
    Row("api-ramp-plan-cohorts", "POST", "401 403 403 403 400 400 400"),
    Row("api-ramp-plan-gates", "GET", "401 404 200 200 200 200 200", lambda o, w: [o.plan.pk]),
    Row("api-ramp-plan-behind", "GET", "401 404 400 400 400 400 400", lambda o, w: [o.plan.pk]),
    Row("api-ramp-plan-forecast", "GET", "401 404 200 200 200 200 200", lambda o, w: [o.plan.pk]),
    Row("api-ramp-changes", "GET", "401 404 200 200 200 200 200", lambda o, w: [o.plan.pk]),
    Row("api-dossier-list", "GET", "401 404 200 200 200 200 200", lambda o, w: [o.sealed]),
    Row("api-dossier-list", "POST", "401 404 403 403 201 201 201", lambda o, w: [o.sealed]),
    Row("api-dossier-draft", "GET", "401 404 200 200 200 200 200", lambda o, w: [o.plan.pk]),
    Row("api-dossier-detail", "GET", "401 404 200 200 200 200 200", lambda o, w: [o.sealed, 1]),
    Row("api-dossier-sig", "GET", "401 404 200 200 200 200 200", lambda o, w: [o.sealed, 1]),
    Row("api-ramp-plan-detail", "GET", "401 404 200 200 200 200 200", lambda o, w: [o.plan.pk]),
    Row(
        "api-ramp-plan-act",
        "POST",
        "401 404 403 403 200 200 200",
        lambda o, w: [o.plan.pk],
        lambda o, w: {"action": "confirm", "level": "10"},
    ),
    Row(
        "api-ramp-plan-override",
        "POST",
        "401 404 403 403 409 409 409",
        lambda o, w: [o.plan.pk],
        lambda o, w: {"what": "ask", "level": "10"},
    ),
    Row(
        "api-ramp-plan-threshold",
        "POST",
        "401 404 403 403 200 200 200",
        lambda o, w: [o.plan.pk],
        lambda o, w: {"gate": "open", "bound": 9, "mode": "required", "reason": "learnt"},
    ),
    Row(
        "api-ramp-plan-replan",
        "POST",
        "401 404 403 403 200 200 200",
        lambda o, w: [o.plan.pk],
        lambda o, w: {"weekdays": [0, 1, 2, 3, 4], "preview": True},
    ),
    Row("api-ramp-plan-calendar", "POST", "401 404 403 403 201 201 201", lambda o, w: [o.plan.pk]),
    Row(
        "api-ramp-plan-setting",
        "POST",
        "401 404 403 403 200 200 200",
        lambda o, w: [o.plan.pk],
        lambda o, w: {"setting": "notifications", "value": "off"},
    ),
    Row("api-my-reminders", "GET", "401 200 200 200 200 200 200"),
    Row(
        "api-my-reminders",
        "PUT",
        "401 200 200 200 200 200 200",
        data=lambda o, w: {"digest": True, "quiet_from": None, "quiet_until": None},
        of_nobody=True,
    ),
    Row("api-my-calendar", "POST", "401 201 201 201 201 201 201"),
]
