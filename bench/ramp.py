"""The ramp on the big fleet: gates of all plans, one tick, and its pages.

All plans of the fleet are through. The tick and the pages meet 1,000 that stand at their first,
second, ... last level in turn and are late: 200 of them for whole groups, whose pages are timed,
the others for locations. The tick is that of a morning on which every message is new, and once
more when nothing is. Pages are timed through the WSGI application's own handlers with the cache
emptied before each request. Nothing is kept: what is written is rolled back.
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any

from bench.big_fleet import ROWS, big_fleet_database

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from truscan.models.ramp import RampPlan, ScanPolicy

BOUNDS = {"gates_seconds": 2.0, "tick_seconds": 1.0, "page_p95_ms": 150.0, "forecast_p95_ms": 150.0}
TRIES = 3
PLANS = 1000
PEOPLE = ("bench-administrator", "bench-half", "bench-region", "bench-unit")
PAGES_EACH = 10
# The page of a plan fetches its forecast by itself, as htmx does.
FETCHED = {"HX-Request": "true"}


def run(rows: int | None = None) -> dict[str, Any]:
    """Best of three for gates and tick; p95 over the list and, of 10 plans a person, the plan's
    page and the one of its changes; and over their forecasts."""
    with big_fleet_database(rows or ROWS) as fleet:
        os.environ.update(fleet.env)
        import django  # after the settings know the database

        django.setup()
        from config.memory import settle

        settle()
        from django.db import connection, transaction

        figures: dict[str, float] = {"rows": fleet.rows, **_gates(fleet.now)}
        with transaction.atomic():
            _people()
            _late_plans(fleet.now)
            figures |= _tick(fleet.now)
            figures |= _pages(fleet.now)
            transaction.set_rollback(True)
        connection.close()
    ok = all(figures[name] <= bound for name, bound in BOUNDS.items())
    return {"name": "ramp", "figures": figures, "bounds": BOUNDS, "ok": ok}


def _gates(now: datetime) -> dict[str, float]:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from truscan.models.ramp import RampPlan
    from truscan.ramp.judge import judge
    from truscan.ramp.rows import with_rows

    plans: list[RampPlan] = []

    def judge_all() -> None:
        plans[:] = with_rows(RampPlan.objects.order_by("pk"))
        judge(plans, now)

    seconds = _best(judge_all)
    with CaptureQueriesContext(connection) as captured:
        judge(plans, now)
    return {"plans": len(plans), "gates_seconds": seconds, "queries": len(captured)}


def _tick(now: datetime) -> dict[str, float]:
    from django.db import transaction

    from truscan.ramp.tick import tick

    written: list[int] = []
    first: list[float] = []
    for _ in range(TRIES):
        with transaction.atomic():
            first.append(_seconds(lambda: written.append(tick(now))))
            transaction.set_rollback(True)
    tick(now)
    return {
        "tick_plans": PLANS,
        "tick_messages": written[0],
        "tick_seconds": round(min(first), 2),
        "tick_again_seconds": _best(lambda: tick(now)),
    }


def _people() -> None:
    """An approver and an administrator of all: each plan has one to remind and one above."""
    from django.contrib.auth.models import User

    from truscan.models.access import RoleGrant

    for name, role in (("bench-reminded", "approver"), ("bench-above", "administrator")):
        user = User.objects.create(username=name, email=f"{name}@example.org")
        RoleGrant.objects.create(user=user, role=role)


def _late_plans(now: datetime) -> None:
    """Copies of the fleet's plans, cut off after one, two, ... of their levels, in their place."""
    from truscan.models.ramp import RampEvent, RampPlan, RampStep

    sources = list(RampPlan.objects.filter(ended_at=None).order_by("pk"))
    RampPlan.objects.update(ended_at=now)
    for number in range(PLANS):
        source = sources[number % len(sources)]
        plan = RampPlan.objects.get(pk=source.pk)
        if number >= len(sources):
            plan.scan_policy = _policy_of_a_location(f"Copy {number}", source)
        plan.pk, plan._state.adding, plan.ended_at = None, True, None
        plan.save()
        steps, events = list(source.steps.all()), list(source.events.all())
        kept = events[: 2 + number % (len(events) - 1)]
        for step in steps:
            step.pk, step._state.adding, step.plan = None, True, plan
        for event in kept:
            event.pk, event._state.adding, event.plan = None, True, plan
        RampStep.objects.bulk_create(steps)
        RampEvent.objects.bulk_create(kept)


def _policy_of_a_location(name: str, source: RampPlan) -> ScanPolicy:
    from truscan.models.estate import Location
    from truscan.models.ramp import ScanPolicy, ScanPolicyUse

    group_id = source.scan_policy.uses.values_list("group", flat=True)[0]
    place = Location.objects.create(group_id=group_id, name=name, name_key=name.casefold())
    policy = ScanPolicy.objects.create(name=f"Scan policy {name}")
    ScanPolicyUse.objects.create(scan_policy=policy, group_id=group_id, location=place)
    return policy


def _pages(now: datetime) -> dict[str, float]:
    import time_machine
    from django.contrib.auth.models import User
    from django.test import Client

    from truscan.models.ramp import RampPlan

    told: list[tuple[float, str, str]] = []
    with time_machine.travel(now):
        for name in PEOPLE:
            user = User.objects.get(username=name)
            plans = RampPlan.objects.visible_to(user).filter(ended_at=None).order_by("pk")
            whole = list(plans.exclude(scan_policy__name__startswith="Scan policy Copy"))
            chosen = whole[:: max(len(whole) // PAGES_EACH, 1)][:PAGES_EACH]
            client = Client(SERVER_NAME="localhost")
            client.force_login(user)
            client.get("/ramp/")
            parts = ("", "changes/", "forecast/")
            pages = [f"/ramp/{plan.pk}/{part}" for plan in chosen for part in parts]
            for address in ("/ramp/", *pages):
                tries = sorted(_page(client, address) for _ in range(TRIES))
                told.append((tries[TRIES // 2], name, address))
    for ms, name, address in sorted(told, reverse=True)[:8]:
        print(f"{ms:8.0f} ms  {name:20} {address}", flush=True)
    times = sorted(ms for ms, _, address in told if not address.endswith("forecast/"))
    apart = sorted(ms for ms, _, address in told if address.endswith("forecast/"))
    return {
        "pages": len(times),
        "page_p50_ms": round(times[len(times) // 2], 1),
        "page_p95_ms": round(times[int(len(times) * 0.95)], 1),
        "page_max_ms": round(times[-1], 1),
        "forecast_p95_ms": round(apart[int(len(apart) * 0.95)], 1),
    }


# What pages set for a transaction of their own; here they share one.
SET = "RESET work_mem; RESET enable_sort; RESET enable_hashagg; RESET jit"


def _page(client: Any, address: str) -> float:
    from django.core.cache import cache
    from django.db import connection

    cache.clear()
    with connection.cursor() as cursor:
        cursor.execute(SET)
    started = time.perf_counter()
    r = client.get(address, headers=FETCHED if address.endswith("forecast/") else {})
    ms = (time.perf_counter() - started) * 1000
    if r.status_code != 200:
        raise SystemExit(f"{address} answered {r.status_code}.")
    return ms


def _best(act: Callable[[], object]) -> float:
    return round(min(_seconds(act) for _ in range(TRIES)), 2)


def _seconds(act: Callable[[], object]) -> float:
    started = time.perf_counter()
    act()
    return time.perf_counter() - started
