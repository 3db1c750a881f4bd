"""How long the inbox and the process page take on the big fleet, for people of different scope.

Server time through the WSGI application's own handlers, every filter and every sort, with the
cache emptied before each request: what the first reader after an import meets. Closed days are
rolled up before, as the tick does it. Nothing else is kept: it happens in one transaction that is
rolled back. One decision is timed the same way.
"""

from __future__ import annotations

import logging
import os
import time
from typing import TYPE_CHECKING, Any

from bench.big_fleet import ROWS, big_fleet_database

if TYPE_CHECKING:
    from datetime import datetime

BOUNDS = {"inbox_p95_ms": 150.0, "inbox_max_kb": 100.0, "process_p95_ms": 100.0,
          "evidence_p95_ms": 100.0, "decision_p95_ms": 50.0}  # fmt: skip
PEOPLE = ("bench-administrator", "bench-half", "bench-region", "bench-unit")
TRIES = 3
# A page that takes longer than this is told as having taken it.
PATIENCE_MS = 20_000
SORTS = ("last", "first", "detections", "computers", "groups", "name", "company")
QUESTIONS = (
    "", "q=quietplan", "q=north+exe", "q=synthetic+maker+7", "q=nothing+of+this+name",
    "event_type=potential_risk", "event_type=security_risk", "event_type=commercial",
    "event_type=forced", "event_type=other", "risk_class=keylogger", "risk_class=probable_risk",
    "risk_class=commercial_application", "application_type=keylogger", "application_type=nothing",
    "group=My+Company%5CRegion+6", "group=My+Company%5CRegion+6%5CDepartment+6",
    "site=Synthetic+site", "level=10", "level=50", "level=100", "since=change", "since=1",
    "since=7", "since=30", "since=90", "seen_from=2026-11-20", "seen_to=2026-09-01",
    "state=decided", "state=observed", "state=cannot", "state=all",
)  # fmt: skip
# Of the most detected process, the second, ... to the rare ones.
RANKS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 40_000)


def run(rows: int | None = None) -> dict[str, Any]:
    """p95 over all questions and people; the slowest are printed with their address."""
    with big_fleet_database(rows or ROWS) as fleet:
        os.environ.update(fleet.env)
        import django  # after the database has its address

        django.setup()
        from config.memory import settle

        settle()
        logging.getLogger("django.request").setLevel(logging.ERROR)
        figures = {"rows": float(fleet.rows), **_measured(fleet.now)}
    ok = all(figures[name] <= bound for name, bound in BOUNDS.items())
    return {"name": "triage", "figures": figures, "bounds": BOUNDS, "ok": ok}


def _measured(now: datetime) -> dict[str, float]:
    import time_machine
    from django.db import connection, transaction

    from truscan.ingest.roll_up import roll_next

    # As the tick does it, days and weeks before; that stays in the database.
    while roll_next(now):
        pass
    addresses = [f"/?{q}" for q in QUESTIONS]
    addresses += [f"/?state={s}&sort={sort}" for sort in SORTS for s in ("open", "all", "decided")]
    with time_machine.travel(now), transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT rank, process_id FROM bench.program WHERE rank = ANY(%s)",
                           [list(RANKS)])  # fmt: skip
            processes = [f"/processes/{pk}/" for _, pk in sorted(cursor.fetchall())]
        inbox, largest = _pages(addresses)
        # The number of rows, where it is large, and what the page asks for beside its list.
        counts, _ = _pages([f"/inbox/count/{address[1:]}" for address in addresses])
        process, _ = _pages(processes)
        # For the row that is highlighted.
        evidence, _ = _pages([f"{address}evidence/" for address in processes])
        decision = _decisions(now)
        transaction.set_rollback(True)
    return {
        "inbox_p95_ms": _p95(inbox),
        "inbox_p50_ms": round(sorted(inbox)[len(inbox) // 2], 1),
        "inbox_max_ms": round(max(inbox), 1),
        "inbox_max_kb": round(largest / 1000, 1),
        "count_p95_ms": _p95(counts),
        "process_p95_ms": _p95(process),
        "process_max_ms": round(max(process), 1),
        "evidence_p95_ms": _p95(evidence),
        "decision_p95_ms": _p95(decision),
    }


def _pages(addresses: list[str]) -> tuple[list[float], int]:
    """(milliseconds of each page, the median of some tries; bytes of the largest)."""
    from django.contrib.auth.models import User
    from django.test import Client

    told: list[tuple[float, str, str]] = []
    largest = 0
    for name in PEOPLE:
        client = Client(SERVER_NAME="localhost", raise_request_exception=False)
        client.force_login(User.objects.get(username=name))
        client.get("/")
        for address in addresses:
            asked = [_get(client, address) for _ in range(TRIES)]
            found = [answer for answer in asked if answer is not None]
            if found:
                told.append((sorted(ms for ms, _ in found)[TRIES // 2], name, address))
                largest = max(largest, *(size for _, size in found))
    for ms, name, address in sorted(told, reverse=True)[:12]:
        print(f"{ms:8.0f} ms  {name:20} {address}", flush=True)
    return [ms for ms, _, _ in told], largest


def _get(client: Any, address: str) -> tuple[float, int] | None:
    """Milliseconds and bytes; None for what is not there for this person."""
    from django.core.cache import cache
    from django.db import connection, transaction

    cache.clear()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL statement_timeout = {PATIENCE_MS}")
        started = time.perf_counter()
        r = client.get(address)
        ms = (time.perf_counter() - started) * 1000
        transaction.set_rollback(True)
    if r.status_code == 404:
        return None
    return (ms, len(r.content)) if r.status_code == 200 else (float(PATIENCE_MS), 0)


def _decisions(now: datetime) -> list[float]:
    """One open process after the other into the policy of a group, each rolled back."""
    from django.db import transaction

    from exceptions_app.models.policy import Policy
    from exceptions_app.triage.decide import respond
    from truscan.access.actor import Actor
    from truscan.models.counts import Sighting

    policy = Policy.objects.get(name="Policy 007")
    seen = Sighting.objects.filter(group=7, process__on_symantec_list=False).open(now)
    chosen = list(seen.exclude(process__hash="").values_list("process", flat=True)[:20])
    told = []
    for pk in chosen:
        with transaction.atomic():
            started = time.perf_counter()
            respond(actor=Actor.on_command_line(), processes=[pk], policies=[policy],
                    response="ignore", reason="benchmark", now=now)  # fmt: skip
            told.append((time.perf_counter() - started) * 1000)
            transaction.set_rollback(True)
    return told


def _p95(times: list[float]) -> float:
    return round(sorted(times)[int(len(times) * 0.95)], 1)
