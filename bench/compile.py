"""How long the compiler takes for a whole estate: the bound is 1 s for 10,000 groups.

Plain values in and out, so that no database is measured: 300 policies of 500 exceptions each, a
tree eight deep whose groups have locations, every third of which does not inherit.
"""

from __future__ import annotations

import gc
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from exceptions_app.policies.compile import GroupFacts, Rule

GROUPS = 10_000
POLICIES = 300
EXCEPTIONS = 500
CHILDREN = 4
TRIES = 3
BOUND_SECONDS = 1.0
NOW = datetime(2026, 3, 2, tzinfo=UTC)


def run(rows: int | None = None) -> dict[str, Any]:
    """Seconds of the best of three tries; `rows` are groups. Counts what came out, too."""
    from exceptions_app.policies.compile import effective_sets, resolve

    count = rows or GROUPS
    groups, book = _groups(count), _rules()
    seconds = []
    for _ in range(TRIES):
        gc.collect()
        started, cpu = time.perf_counter(), time.process_time()
        sets = effective_sets(resolve(groups), book, NOW)
        seconds.append((time.perf_counter() - started, time.process_time() - cpu))
    known = sum(1 for one in sets.values() if one.origin.policy_id is not None)
    figures: dict[str, Any] = {
        "groups": count,
        "policies": POLICIES,
        "exceptions": POLICIES * EXCEPTIONS,
        "places": len(sets),
        "places_with_known_origin": known,
        "distinct_sets": len({id(one) for one in sets.values()}),
        "distinct_rule_mappings": len({id(one.rules) for one in sets.values()}),
        "seconds": round(min(wall for wall, _ in seconds), 3),
        "cpu_seconds": round(min(cpu for _, cpu in seconds), 3),
    }
    bounds = {"seconds": BOUND_SECONDS * max(1.0, count / GROUPS)}
    ok = figures["seconds"] <= bounds["seconds"] and known == len(sets)
    return {"name": "compile", "figures": figures, "bounds": bounds, "ok": ok}


def _groups(count: int) -> list[GroupFacts]:
    from exceptions_app.policies.compile import GroupFacts

    groups = []
    for pk in range(1, count + 1):
        parent = (pk + CHILDREN - 2) // CHILDREN if pk > 1 else None
        alone = parent is None or pk % 3 == 0
        own = {"office": count + 2 * pk, "vpn": count + 2 * pk + 1} if pk % 5 == 0 or alone else {}
        assigned: dict[int | None, int] = {None: 1 + pk // 3 % POLICIES} if alone else {}
        if alone and own:
            assigned[own["vpn"]] = 1 + pk // 3 * 7 % POLICIES
        groups.append(GroupFacts(pk, parent, not alone, own, assigned))
    return groups


def _rules() -> dict[int, list[Rule]]:
    """One in 25 has expired, one in 50 waits for approval."""
    from exceptions_app.policies.compile import Rule

    past, later = NOW - timedelta(days=1), NOW + timedelta(days=90)
    return {
        policy: [
            Rule(
                process_id=policy * 97 + n,
                response=("ignore", "quarantine", "terminate")[n % 3],
                origin_id=policy * EXCEPTIONS + n,
                expires_at=past if n % 25 == 0 else later if n % 2 else None,
                is_approved=n % 50 != 1,
            )
            for n in range(EXCEPTIONS)
        ]
        for policy in range(1, POLICIES + 1)
    }
