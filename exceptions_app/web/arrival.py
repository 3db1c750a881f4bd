"""Did it arrive? Shares by group, clients by state, a policy's effect, and the status table."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import path
from django.utils import timezone
from django.views.decorators.http import require_GET

from exceptions_app.arrival.effect import effect_of
from exceptions_app.arrival.effect_counts import failing_policies
from exceptions_app.arrival.serial import Arrival
from exceptions_app.arrival.shares import clients, shares, total
from exceptions_app.web.policies import get_policy
from exceptions_app.web.replay_rows import seen_groups
from truscan.access.scope import has_role_anywhere
from truscan.csv_cells import begins_formula
from truscan.web.gate import person, text_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from django.http import HttpRequest

    from exceptions_app.arrival.shares import Share

SHOWN = 300
MOST_IN_FILE = 100_000
COLUMNS = (
    "computer", "group", "state", "serial", "client_version", "location", "last_check_in",
    "read_at", "source",
)  # fmt: skip


def worst_first(rows: Iterable[Share]) -> list[Share]:
    return sorted(rows, key=lambda row: (-row.behind, -row.silent, -row.unknown))


@require_GET
def arrival_page(request: HttpRequest) -> HttpResponse:
    user, text = person(request), text_of(request.GET, "q")
    rows = shares(seen_groups(user), timezone.now())
    key = text.casefold()
    found = [row for row in rows if not key or (row.group and key in row.group.path_key)]
    ctx = {
        "sum": total(rows),
        "rows": worst_first(found)[:SHOWN],
        "more": len(found) > SHOWN,
        "any": bool(rows),
        "q": text,
        "may_import": has_role_anywhere(user, "analyst"),
        "failing": failing_policies(user),
    }
    return render(request, "exceptions_app/arrival/list.html", ctx)


def _asked(request: HttpRequest) -> tuple[set[int] | None, str]:
    """The groups and the state asked for, within what the person sees."""
    groups, wanted = seen_groups(person(request)), request.GET.get("group", "")
    state = request.GET.get("state", "")
    if wanted:
        one = {int(wanted)} if wanted.isascii() and wanted.isdecimal() and len(wanted) < 19 else {0}
        groups = one if groups is None else groups & one
    return groups, state if state in list(Arrival) else ""


@require_GET
def arrival_clients(request: HttpRequest) -> HttpResponse:
    groups, state = _asked(request)
    text = request.GET.get("after", "")
    after = int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else 0
    rows = clients(groups, timezone.now(), state=state, after=after, most=SHOWN + 1)
    ctx = {
        "rows": rows[:SHOWN],
        "after": rows[SHOWN - 1].id if len(rows) > SHOWN else None,
        "state": state,
        "states": list(Arrival),
        "group": text_of(request.GET, "group", 18),
    }
    return render(request, "exceptions_app/arrival/clients.html", ctx)


@require_GET
def arrival_csv(request: HttpRequest) -> HttpResponse:
    """The clients asked for as a table, by computer and group."""
    groups, state = _asked(request)
    rows = clients(groups, timezone.now(), state=state, most=MOST_IN_FILE)
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for row in sorted(rows, key=lambda one: (one.name.casefold(), one.group or "", one.id)):
        cells = [
            row.name, row.group or "", str(row.state), row.serial, row.agent_version, row.location,
            row.checked_in_at.isoformat() if row.checked_in_at else "", row.read_at.isoformat(),
            row.source,
        ]  # fmt: skip
        writer.writerow([_safe(cell) for cell in cells])
    r = HttpResponse("\ufeff" + out.getvalue(), content_type="text/csv; charset=utf-8")
    r["Content-Disposition"] = 'attachment; filename="clients.csv"'
    return r


def _safe(text: str) -> str:
    return "'" + text if begins_formula(text) else text


@require_GET
def policy_arrival(request: HttpRequest, pk: int) -> HttpResponse:
    policy, user = get_policy(request, pk), person(request)
    found = effect_of(policy, seen_groups(user), timezone.now())
    rows: Sequence[Share] = found.shares
    ctx = {
        "policy": policy,
        "effect": found,
        "sum": total(rows),
        "rows": worst_first(rows)[:SHOWN],
        "more": len(rows) > SHOWN,
    }
    return render(request, "exceptions_app/arrival/policy.html", ctx)


urlpatterns = [
    path("arrival/", arrival_page, name="arrival"),
    path("arrival/clients/", arrival_clients, name="arrival-clients"),
    path("arrival/clients.csv", arrival_csv, name="arrival-csv"),
    path("policies/<int:pk>/arrival/", policy_arrival, name="policy-arrival"),
]
