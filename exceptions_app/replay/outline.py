"""A replay as plain values, for REST and for whatever keeps it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exceptions_app.replay.core import Effect

if TYPE_CHECKING:
    from exceptions_app.replay.core import Effects
    from exceptions_app.replay.counted import ProcessRow
    from exceptions_app.replay.run import Replay

BASIS = (
    "Rows and occurrences are exact per UTC day, from the daily counts. Processes, computers and"
    " users come from stored sightings and presence, which know neither days nor locations; with"
    " presence_at, computers and users are as it stood then."
)


def outline(replay: Replay) -> dict[str, Any]:
    """Sums, lists by day, group and (group, location), processes, and what bad it lets through."""
    folded = replay.folded
    return {
        "start": replay.start.isoformat(),
        "end": replay.end.isoformat(),
        "is_known": replay.heard,
        "basis": BASIS,
        "presence_at": replay.presence_at.isoformat() if replay.presence_at else None,
        "effects": _effects(folded.total),
        "processes_changed": replay.processes,
        "computers": replay.computers,
        "users": replay.users,
        "groups": [
            {
                "group": pk,
                "computers": replay.computers_by_group.get(pk, 0),
                "users": replay.users_by_group.get(pk, 0),
                "effects": _effects(effects),
            }
            for pk, effects in sorted(folded.groups.items())
        ],
        "locations": [
            {"group": pk, "location": at, "effects": _effects(effects)}
            for (pk, at), effects in sorted(
                folded.places.items(), key=lambda item: (item[0][0], item[0][1] or 0)
            )
        ],
        "days": [
            {"day": day.isoformat(), "effects": _effects(effects)}
            for day, effects in sorted(folded.days.items())
        ],
        "processes": [_process(row) for row in replay.changes],
        "confirmed_bad_let_through": [_process(row) for row in replay.let_through],
    }


def _effects(effects: Effects) -> dict[str, dict[str, int]]:
    return {
        what.value: {"rows": effects[what].rows, "occurrences": effects[what].occurrences}
        for what in Effect
        if what in effects
    }


def _process(row: ProcessRow) -> dict[str, Any]:
    return {
        "process": row.process_id,
        "now": row.before or "log",
        "then": row.after or "log",
        "rows": row.rows,
        "occurrences": row.occurrences,
        "groups": row.groups,
    }
