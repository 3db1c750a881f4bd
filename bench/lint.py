"""What lint and the effect of a policy cost on the big synthetic fleet.

Two policies: one as the fleet has it (500 exceptions, its own group), and one that is in force in
every group with 500 exceptions of the most detected processes, a tenth of them Quarantine or
Terminate, published twenty days ago. What is written for the second is rolled back. Seconds are
the best of three, from the call to the answer; statements are counted, since their number must not
grow with rules or groups. No bound was given for these: the pages that show them have one.
"""

from __future__ import annotations

import os
import time
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from exceptions_app.models.policy import Policy

EXCEPTIONS = 500
TRIES = 3
AGE = timedelta(days=20)
# Not for each rule or group: the tests pin the number for a small policy.
MOST_STATEMENTS = 24


def run(rows: int | None = None) -> dict[str, Any]:
    """Seconds and statements of each question; `rows` takes a fleet of so many detections."""
    from bench.big_fleet import ROWS, big_fleet_database

    with big_fleet_database(rows or ROWS) as fleet:
        os.environ.update(fleet.env)
        figures: dict[str, Any] = {"rows": fleet.rows, **_ask(fleet.now)}
    counts = [count for name, count in figures.items() if name.endswith("_statements")]
    is_ok = max(counts) <= MOST_STATEMENTS
    return {
        "name": "lint",
        "figures": figures,
        "bounds": {"statements": MOST_STATEMENTS},
        "ok": is_ok,
    }


def _ask(now: datetime) -> dict[str, Any]:
    import django  # after the settings have a database

    django.setup()
    from django.db import transaction

    from exceptions_app.models.policy import Policy
    from exceptions_app.policies.gate import findings_of

    figures: dict[str, Any] = {}
    with transaction.atomic():
        largest = Policy.objects.filter(name__startswith="Policy ").order_by("pk").first()
        if largest is None:
            raise SystemExit("The fleet has no policy: build it anew.")
        for name in ("one_group", "every_group"):
            policy = largest if name == "one_group" else _everywhere(now)
            figures |= _measured(f"{name}_lint", partial(findings_of, policy, now))
            figures |= _measured(f"{name}_effect", partial(_still, policy, now))
        transaction.set_rollback(True)
    return figures


def _still(policy: Policy, now: datetime) -> Sequence[Any]:
    from exceptions_app.arrival.effect import effect_of

    return effect_of(policy, None, now).still


def _measured(name: str, ask: Callable[[], Any]) -> dict[str, Any]:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as statements:
        found = ask()
    seconds = []
    for _ in range(TRIES):
        started = time.perf_counter()
        ask()
        seconds.append(time.perf_counter() - started)
    return {
        f"{name}_seconds": round(min(seconds), 3),
        f"{name}_statements": len(statements),
        f"{name}_found": len(found),
    }


def _everywhere(now: datetime) -> Policy:
    from exceptions_app.models.exception import ProcessException
    from exceptions_app.models.policy import Policy, PolicyAssignment
    from exceptions_app.policies.publish import publish
    from truscan.access.actor import Actor, Means
    from truscan.models.counts import ProcessSummary

    policy = Policy.objects.create(name="Lint benchmark (synthetic)")
    PolicyAssignment.objects.update(policy=policy)
    most = ProcessSummary.objects.filter(process__on_symantec_list=False)
    most = most.exclude(process__hash="").order_by("-occurrences", "process_id")
    responses = ("quarantine", "terminate", *("ignore",) * 18)
    ProcessException.objects.bulk_create(
        ProcessException(
            policy=policy, process_id=pk, response=responses[number % len(responses)],
            reason="benchmark", created_at=now - AGE,
        )
        for number, pk in enumerate(most.values_list("process_id", flat=True)[:EXCEPTIONS])
    )  # fmt: skip
    publish(actor=Actor("synthetic", Means.COMMAND_LINE), policy=policy, now=now - AGE)
    return policy
