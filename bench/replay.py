"""How long a replay of 90 days takes on the big synthetic fleet: the bound is 1 s.

Three questions: one policy for every group with 500 exceptions of the most detected processes, a
response for the most detected process, and the final switch of the whole estate. What is written
for them is rolled back. Each is the best of three, from the call to the answer. Closed days are
rolled up before, as the tick does it.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

DAYS = 90
EXCEPTIONS = 500
TRIES = 3
BOUND_SECONDS = 1.0


def run(rows: int | None = None) -> dict[str, Any]:
    """Seconds and sums of each question; `rows` takes a fleet of so many detections."""
    from bench.big_fleet import ROWS, big_fleet_database

    with big_fleet_database(rows or ROWS) as fleet:
        os.environ.update(fleet.env)
        figures: dict[str, Any] = {"rows": fleet.rows, "days": DAYS, **_ask(fleet.now)}
    bounds = {f"{name}_seconds": BOUND_SECONDS for name in ("policy", "decision", "switch")}
    is_ok = all(figures[name] <= bound for name, bound in bounds.items())
    return {"name": "replay", "figures": figures, "bounds": bounds, "ok": is_ok}


def _ask(now: datetime) -> dict[str, Any]:
    import django  # after the settings have a database

    django.setup()
    from django.db import transaction

    from exceptions_app.replay.run import replay_decision, replay_drafts, replay_switch
    from truscan.ingest.roll_up import roll_next
    from truscan.models.estate import Group

    figures: dict[str, Any] = {}
    while roll_next(now):
        pass
    with transaction.atomic():
        policy, processes = _one_policy(now)
        places = [(pk, None) for pk in Group.objects.values_list("pk", flat=True)]
        questions: dict[str, Callable[[], Any]] = {
            "policy": lambda: replay_drafts([policy], now=now, days=DAYS),
            "decision": lambda: replay_decision(
                processes[:1], [policy], "terminate", now=now, days=DAYS
            ),
            "switch": lambda: replay_switch(places, "quarantine", now=now, days=DAYS),
        }
        for name, ask in questions.items():
            seconds, done = _best(ask)
            figures[f"{name}_seconds"] = round(seconds, 3)
            figures[f"{name}_computers"] = done.computers
            figures[f"{name}_occurrences"] = sum(
                tally.occurrences for tally in done.folded.total.values()
            )
        transaction.set_rollback(True)
    return figures


def _best(ask: Callable[[], Any]) -> tuple[float, Any]:
    seconds = []
    for _ in range(TRIES):
        started = time.perf_counter()
        done = ask()
        seconds.append(time.perf_counter() - started)
    return min(seconds), done


def _one_policy(now: datetime) -> tuple[int, list[int]]:
    """A policy in force wherever one is, with 500 drafted exceptions; its id and theirs."""
    from exceptions_app.models.exception import ProcessException
    from exceptions_app.models.policy import Policy, PolicyAssignment
    from truscan.models.counts import ProcessSummary

    policy = Policy.objects.create(name="Replay benchmark (synthetic)")
    PolicyAssignment.objects.update(policy=policy)
    most = ProcessSummary.objects.order_by("-occurrences", "process_id")
    processes = list(most.values_list("process_id", flat=True)[:EXCEPTIONS])
    ProcessException.objects.bulk_create(
        ProcessException(
            policy=policy, process_id=pk, response="ignore", reason="benchmark", created_at=now
        )
        for pk in processes
    )
    return policy.pk, processes
