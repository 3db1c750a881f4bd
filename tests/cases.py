"""How many cases a property draws: all where a change goes in, a quarter while one works."""

from __future__ import annotations

import os

MANY = os.environ.get("HYPOTHESIS_PROFILE") == "ci"


def cases(whole: int) -> int:
    """Of `whole` cases, those to draw in this run; at least 4."""
    return whole if MANY else max(whole // 4, 4)
