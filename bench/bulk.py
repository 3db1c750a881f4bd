"""How long one decision on 10,000 processes takes on the big fleet, and its undo. Rolled back."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any

from bench.big_fleet import ROWS, big_fleet_database

if TYPE_CHECKING:
    from datetime import datetime

PROCESSES = 10_000
TRIES = 3
BOUNDS = {"decide_seconds": 2.0}


def run(rows: int | None = None) -> dict[str, Any]:
    """Seconds of one `respond` into one policy and of its `undo`, the best of three tries."""
    with big_fleet_database(rows or ROWS) as fleet:
        os.environ.update(fleet.env)
        import django  # after the database has its address

        django.setup()
        figures = _measured(fleet.now)
    ok = all(figures[name] <= bound for name, bound in BOUNDS.items())
    return {"name": "bulk", "figures": figures, "bounds": BOUNDS, "ok": ok}


def _measured(now: datetime) -> dict[str, float]:
    from django.db import transaction

    from exceptions_app.models.policy import Policy
    from exceptions_app.triage.decide import respond
    from exceptions_app.triage.preview import preview
    from exceptions_app.triage.undo import undo
    from truscan.access.actor import Actor
    from truscan.models.counts import ProcessSummary

    actor, told = Actor.on_command_line(), []
    policy = Policy.objects.get(name="Policy 001")
    open_ones = ProcessSummary.objects.filter(process__on_symantec_list=False)
    ids = list(
        open_ones.exclude(process__hash="")
        .exclude(process__exceptions__policy=policy)
        .order_by("-candidate_occurrences", "-pk")
        .values_list("pk", flat=True)[:PROCESSES]
    )
    for _ in range(TRIES):
        with transaction.atomic():
            started = time.perf_counter()
            preview(processes=ids, policies=[policy], response="ignore", now=now)
            shown = time.perf_counter()
            result = respond(actor=actor, processes=ids, policies=[policy], response="ignore",
                             reason="benchmark", now=now)  # fmt: skip
            decided = time.perf_counter()
            if result.decision is None or result.applied != len(ids):
                raise SystemExit(f"Only {result.applied} of {len(ids)} were decided.")
            undo(actor=actor, decision=result.decision, now=now)
            undone = time.perf_counter()
            transaction.set_rollback(True)
        told.append((decided - shown, undone - decided, shown - started))
    best = [round(min(column), 2) for column in zip(*told, strict=True)]
    names = ("decide_seconds", "undo_seconds", "preview_seconds")
    return {"processes": float(len(ids)), **dict(zip(names, best, strict=True))}
