"""SQL for counts by event type with times and levels, as sightings and summaries keep them.

Contributions are signed: what takes away (`rows` < 0) tells no time and no level.
"""

from __future__ import annotations

FIRST = "coalesce(min(event_at) FILTER (WHERE rows >= 0), 'infinity')"
LAST = "coalesce(max(event_at) FILTER (WHERE rows >= 0), '-infinity')"

_TYPES = {
    "occurrences": "",
    "candidate_occurrences": "candidate",
    "potential_occurrences": "event_type = 1",
    "security_occurrences": "event_type = 2",
    "commercial_occurrences": "event_type = 3",
    "forced_occurrences": "event_type = 4",
    "allowed_occurrences": "event_type = 5",
    "other_occurrences": "event_type = 0",
}
BY_TYPE = tuple(_TYPES)
SUMS_BY_TYPE = ", ".join(
    f"coalesce(sum(occurrences) FILTER (WHERE {where}), 0)" if where else "sum(occurrences)"
    for where in _TYPES.values()
)
ADD_BY_TYPE = ", ".join(f"{name} = t.{name} + excluded.{name}" for name in _TYPES)
LEVELS = "min(sensitivity) FILTER (WHERE rows >= 0), max(sensitivity) FILTER (WHERE rows >= 0)"
ADD_TIMES = (
    "first_at = least(t.first_at, excluded.first_at), "
    "last_at = greatest(t.last_at, excluded.last_at)"
)
ADD_LEVELS = (
    "level_min = least(t.level_min, excluded.level_min), "
    "level_max = greatest(t.level_max, excluded.level_max)"
)
