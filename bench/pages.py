"""How long every page takes on the big fleet, for an administrator and for an analyst of a region.

The pages are those of the permission table (tests/permissions) that are read by GET, each with an
object of the fleet that the analyst sees. Server time through the WSGI application's own handlers,
with the cache emptied before each request; nothing is kept. A page whose object the fleet does not
have, say a SEPM server, is told as left out.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any

from bench.big_fleet import ROWS, big_fleet_database

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

BOUNDS = {"slowest_ms": 300.0}
PEOPLE = ("bench-administrator", "bench-region")
TRIES = 3
# The API answers from the same queries, accounts are a library's, and nothing is ready here without
# a worker.
OTHERS = ("api-", "account_", "mfa_", "socialaccount", "readyz")
SHOWN = 10
# A page that takes longer than this is told as having taken it.
PATIENCE_MS = 20_000


def run(rows: int | None = None) -> dict[str, Any]:
    """The slowest page and how many are above the bound; the slowest ten are printed."""
    with big_fleet_database(rows or ROWS) as fleet:
        os.environ.update(fleet.env)
        import django  # after the database has its address

        django.setup()
        from config.memory import settle

        settle()
        figures = _measured(fleet.now)
    return {
        "name": "pages",
        "figures": figures,
        "bounds": BOUNDS,
        "ok": all(figures[name] <= bound for name, bound in BOUNDS.items()),
    }


def _measured(now: datetime) -> dict[str, float]:
    import time_machine
    from django.contrib.auth.models import User
    from django.db import transaction
    from django.test import Client

    told: list[tuple[float, int, int, str, str]] = []
    with time_machine.travel(now), transaction.atomic():
        for name in PEOPLE:
            person = User.objects.get(username=name)
            client = Client(SERVER_NAME="localhost", raise_request_exception=False)
            client.force_login(person)
            client.get("/?state=open")
            for address in _addresses(person, tell_missing=name == PEOPLE[0]):
                told.append((*_median(client, address), name, address))
        transaction.set_rollback(True)
    for ms, size, queries, name, address in sorted(told, reverse=True)[:SHOWN]:
        line = f"{ms:8.0f} ms  {size / 1000:7.1f} kB  {queries:4} queries  {name:20} {address}"
        print(line, flush=True)
    times = sorted(row[0] for row in told)
    return {
        "pages": float(len(told)),
        "p50_ms": round(times[len(times) // 2], 1),
        "slowest_ms": round(times[-1], 1),
        "over_300_ms": float(sum(ms > 300 for ms in times)),
    }


def _median(client: Any, address: str) -> tuple[float, int, int]:
    """(milliseconds, bytes, statements) of the try in the middle."""
    from django.core.cache import cache
    from django.db import connection, transaction
    from django.test.utils import CaptureQueriesContext

    tries = []
    for _ in range(TRIES):
        cache.clear()
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL statement_timeout = {PATIENCE_MS}")
            with CaptureQueriesContext(connection) as asked:
                started = time.perf_counter()
                r = client.get(address)
                body = b"".join(r.streaming_content) if r.streaming else r.content
                ms = (time.perf_counter() - started) * 1000
            transaction.set_rollback(True)
        if r.status_code >= 500:
            print(f"{r.status_code} {address}", flush=True)
            ms = float(PATIENCE_MS)
        tries.append((ms, len(body), len(asked)))
    return sorted(tries)[TRIES // 2]


def _addresses(person: Any, *, tell_missing: bool) -> list[str]:
    """Of every page that is read by GET; what the fleet has no object for is left out, and told."""
    from django.core.exceptions import ObjectDoesNotExist
    from django.urls import reverse

    from tests.test_permission_table import ROWS as TABLE

    fleet, found, missing = _Fleet(person), [], []
    for row in TABLE:
        # The API's answers are pages of other lists by the same queries; accounts are allauth's.
        if row.method != "GET" or row.name.startswith(
            ("api-", "account_", "mfa_", "socialaccount")
        ):
            continue
        try:
            args, data = row.args(fleet, fleet), row.data(fleet, fleet)
        except (AttributeError, ObjectDoesNotExist, LookupError, TypeError):
            missing.append(row.name)
            continue
        query = "&".join(f"{name}={value}" for name, value in data.items())
        found.append(reverse(row.name, args=args) + (f"?{query}" if query else ""))
    if tell_missing:
        print(f"left out, the fleet has none: {', '.join(missing)}", flush=True)
    return found


class _Fleet:
    """In the table's words: one of each kind of thing, those that most is known of."""

    def __init__(self, person: Any) -> None:
        from django.utils import timezone

        self.person, self.today = person, timezone.now().date().isoformat()

    def __getattr__(self, name: str) -> Any:
        from exceptions_app.models.decision import Decision
        from exceptions_app.models.policy import Policy, Revision
        from truscan.models.audit import AuditEvent
        from truscan.models.counts import ProcessSummary, Sighting
        from truscan.models.estate import Group, Site
        from truscan.models.log_import import LogImport
        from truscan.models.ramp import RampPlan

        group = Group.objects.filter(path="My Company\\Region 6\\Department 6")
        policy = Policy.objects.filter(assignments__group__in=group)
        busiest = ProcessSummary.objects.filter(process__sightings__group__in=group)
        found: dict[str, Callable[[], Any]] = {
            "group": group.get,
            "policy": lambda: policy.order_by("pk")[0],
            "revision": lambda: Revision.objects.filter(policy__in=policy).order_by("-pk")[0],
            "waiting": lambda: busiest.order_by("-occurrences")[0].process,
            "decided": lambda: busiest.filter(process__exceptions__isnull=False)[0].process,
            "observed": lambda: busiest.filter(process__watches__isnull=False)[0].process,
            "sighting": lambda: Sighting.objects.filter(group__in=group)[0],
            "log_import": lambda: LogImport.objects.order_by("-pk")[0],
            "decision": lambda: Decision.objects.order_by("-pk")[0],
            "plan": lambda: RampPlan.objects.filter(scan_policy__uses__group__in=group).order_by(
                "pk"
            )[0],
            "event": lambda: AuditEvent.objects.order_by("-pk")[0],
            "site": lambda: Site.objects.order_by("pk")[0],
            "clerk": lambda: self.person,
        }
        if name not in found:
            raise AttributeError(name)
        return found[name]()
