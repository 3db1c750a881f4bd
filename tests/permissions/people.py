"""Pages of people and their tokens, of the ledger and webhooks; health.

Who gets which answer: see `tests.permissions.row`.
"""

from __future__ import annotations

from tests.permissions.row import Row

ROWS = [
    Row("people-list", "GET", "302 404 404 404 404 200 200"),
    Row(
        "people-list",
        "POST",
        "302 404 404 404 404 200 200",
        data=lambda o, w: {"username": "newcomer"},
        of_nobody=True,
    ),
    Row(
        "person",
        "GET",
        "302 404 404 404 404 200 200",
        lambda o, w: [o.clerk.pk],
        foreign="302 404 404 404 404 200 200",
    ),
    Row(
        "person",
        "POST",
        "302 404 404 404 404 302 302",
        lambda o, w: [o.clerk.pk],
        lambda o, w: {"role": "analyst", "group": o.group.path},
        foreign="302 404 404 404 404 200 302",
    ),
    Row(
        "person-close",
        "POST",
        "302 404 404 404 404 403 302",
        lambda o, w: [o.clerk.pk],
        foreign="302 404 404 404 404 403 302",
    ),
    Row(
        "person-reopen",
        "POST",
        "302 404 404 404 404 403 302",
        lambda o, w: [o.clerk.pk],
        foreign="302 404 404 404 404 403 302",
    ),
    Row(
        "person-password",
        "POST",
        "302 404 404 404 404 403 200",
        lambda o, w: [o.clerk.pk],
        foreign="302 404 404 404 404 403 200",
    ),
    Row("role-revoke", "POST", "302 404 404 404 404 302 302", lambda o, w: [o.grant.pk]),
    Row("token-list", "GET", "302 200 200 200 200 200 200"),
    Row(
        "token-list",
        "POST",
        "302 200 200 200 200 200 200",
        data=lambda o, w: {"name": "mine", "days": 9, "scopes": ["read"]},
        of_nobody=True,
    ),
    Row("token-revoke", "POST", "302 404 404 404 404 404 302", lambda o, w: [o.token.pk]),
    Row("settings", "GET", "302 200 200 200 200 200 200"),
    Row(
        "settings",
        "POST",
        "302 302 302 302 302 302 302",
        data=lambda o, w: {"timezone": "Europe/Berlin"},
        of_nobody=True,
    ),
    Row("reminding", "GET", "302 200 200 200 200 200 200"),
    Row(
        "reminding",
        "POST",
        "302 302 302 302 302 302 302",
        data=lambda o, w: {"digest": "on", "quiet_from": "22:00", "quiet_until": "07:00"},
        of_nobody=True,
    ),
    Row("own-calendar-link", "POST", "302 200 200 200 200 200 200"),
    Row(
        "own-calendar",
        "GET",
        "200 200 200 200 200 200 200",
        lambda o, w: [o.own_calendar],
        foreign="200 200 200 200 200 200 200",
    ),
    Row(
        "webhook-list",
        "GET",
        "302 404 404 404 404 404 200",
        data=lambda o, w: {"webhook": w.webhook.pk},
    ),
    Row(
        "webhook-replay",
        "POST",
        "302 404 404 404 404 404 302",
        lambda o, w: [w.webhook.pk, w.delivery],
    ),
    Row("ledger", "GET", "302 404 404 404 404 404 200"),
    Row("healthz", "GET", "200 200 200 200 200 200 200"),
    Row("readyz", "GET", "503 503 503 503 503 503 503"),
]
