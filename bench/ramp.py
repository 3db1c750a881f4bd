"""Evidence for the gates of all plans of the big fleet: the bound is 2 s for 200 plans."""

from __future__ import annotations

import os
import time
from typing import Any

from bench.big_fleet import ROWS, big_fleet_database

BOUNDS = {"gates_seconds": 2.0}
TRIES = 3


def run(rows: int | None = None) -> dict[str, Any]:
    """Seconds from the plans' ids to advice, the best of three; and processor seconds of this
    process, which leave out the database's."""
    with big_fleet_database(rows or ROWS) as fleet:
        os.environ.update(fleet.env)
        import django  # after the settings know the database

        django.setup()
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        from truscan.models.ramp import RampPlan
        from truscan.ramp.judge import judge
        from truscan.ramp.rows import with_rows

        seconds = []
        for _ in range(TRIES):
            started = time.perf_counter()
            plans = list(with_rows(RampPlan.objects.order_by("pk")))
            judged = judge(plans, fleet.now)
            seconds.append(time.perf_counter() - started)
        with CaptureQueriesContext(connection) as captured:
            judge(plans, fleet.now)
        figures = {
            "rows": fleet.rows,
            "plans": len(judged),
            "gates_seconds": round(min(seconds), 2),
            "queries": len(captured),
        }
        connection.close()
    ok = figures["gates_seconds"] <= BOUNDS["gates_seconds"]
    return {"name": "ramp", "figures": figures, "bounds": BOUNDS, "ok": ok}
