"""Facts of a plan for tests: everything known, everything in order."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from truscan.ramp.facts import Facts
from truscan.ramp.unseen import Seen

NOW = datetime(2026, 3, 12, 12, tzinfo=UTC)


def make_facts(**fields: Any) -> Facts:
    known: dict[str, Any] = {
        "days": 5,
        "days_reported": 5,
        "clients": 1310,
        "groups_unknown": 0,
        "heard": 1200,
        "heard_lately": 1100,
        "newest_at": NOW - timedelta(hours=1),
        "open_processes": 2,
        "oldest_open_at": NOW - timedelta(days=2),
        "potential": 400,
        "potential_ignored": 380,
        "security": 40,
        "legitimate_as_risk": 0,
        "false_quarantines": 0,
        "load": 4.0,
        "seen": Seen(total=900, kinds=120, once=9, twice=6),
        "content_on": NOW.date(),
        "content_since": NOW - timedelta(days=4),
    }
    return Facts(**{**known, **fields})
