"""How long a replay of 90 days takes on the big synthetic fleet: the bound is 1 s.

Five questions: a level for half of the estate, with what the other half found at it; the final
switch of the whole estate while all 300 policies with 54,000 rules are in force, each in its own
group (`ruled_switch`); one policy for every group with 500 exceptions of the most detected
processes; a response for the most detected process; and the switch once more where no rule is in
force. What is written for them is rolled back. Each is the best of three, from the call to the
answer. Closed days and presence are rolled up before, as the tick does it.
"""

from __future__ import annotations

import os
import time
from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from truscan.models.ramp import RampPlan

DAYS = 90
EXCEPTIONS = 500
TRIES = 3
BOUND_SECONDS = 1.0
NAMES = ("level", "ruled_switch", "policy", "decision", "switch")
LEVEL = "50"


def run(rows: int | None = None) -> dict[str, Any]:
    """Seconds and sums of each question; `rows` takes a fleet of so many detections."""
    from bench.big_fleet import ROWS, big_fleet_database

    with big_fleet_database(rows or ROWS) as fleet:
        os.environ.update(fleet.env)
        figures: dict[str, Any] = {"rows": fleet.rows, "days": DAYS, **_ask(fleet.now)}
    bounds = {f"{name}_seconds": BOUND_SECONDS for name in NAMES}
    is_ok = all(figures[name] <= bound for name, bound in bounds.items())
    return {"name": "replay", "figures": figures, "bounds": bounds, "ok": is_ok}


def _ask(now: datetime) -> dict[str, Any]:
    import django  # after the settings have a database

    django.setup()
    from django.db import transaction

    from truscan.ingest import presence_bits, roll_up

    figures: dict[str, Any] = {}
    for part in (roll_up, presence_bits):
        while part.roll_next(now):
            pass
    with transaction.atomic():
        for name, ask in _questions(now):
            seconds, done = _best(ask)
            figures[f"{name}_seconds"] = round(seconds, 3)
            outcomes = done.outcomes if name == "level" else done.folded.outcomes
            figures[f"{name}_occurrences"] = sum(tally.occurrences for tally in outcomes.values())
            if name != "level":
                figures[f"{name}_computers"] = done.computers
        transaction.set_rollback(True)
    return figures


def _questions(now: datetime) -> Iterator[tuple[str, Callable[[], Any]]]:
    """The first two under the fleet's own policies, the others under one that replaces them."""
    from exceptions_app.replay.level import replay_level
    from exceptions_app.replay.run import replay_decision, replay_drafts, replay_switch
    from truscan.models.estate import Group

    places = [(pk, None) for pk in Group.objects.order_by("pk").values_list("pk", flat=True)]
    plan = _plan(now)
    yield "level", partial(replay_level, plan, places[::2], LEVEL, now=now, days=DAYS)
    switch = partial(replay_switch, places, "quarantine", now=now, days=DAYS)
    yield "ruled_switch", switch
    policy, processes = _one_policy(now)
    yield "policy", partial(replay_drafts, [policy], now=now, days=DAYS)
    yield (
        "decision",
        partial(replay_decision, processes[:1], [policy], "terminate", now=now, days=DAYS),
    )
    yield "switch", switch


def _best(ask: Callable[[], Any]) -> tuple[float, Any]:
    seconds = []
    for _ in range(TRIES):
        started = time.perf_counter()
        done = ask()
        seconds.append(time.perf_counter() - started)
    return min(seconds), done


def _plan(now: datetime) -> RampPlan:
    """A plan that is about to set its first level."""
    from truscan.access.actor import Actor, Means
    from truscan.models.estate import Location
    from truscan.ramp.create import create_plan

    place = Location.objects.select_related("group").order_by("pk")[0]
    return create_plan(
        actor=Actor("synthetic", Means.COMMAND_LINE), scan_policy="Replay benchmark (synthetic)",
        track="trojans", uses=[(place.group, place)], start_on=now.date(), days=75, now=now,
    )  # fmt: skip


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
