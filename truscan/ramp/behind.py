"""The rows behind a gate's number: the same question as the gate's, not summed up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import connection, transaction

from truscan.ramp.behind_sql import CONTENT_NOTED, STATEMENTS
from truscan.ramp.evidence_gates import asked_of
from truscan.ramp.evidence_sql import BY_HASH
from truscan.ramp.query_told import Query, told
from truscan.ramp.scan_settings import CONTENT
from truscan.ramp.thresholds import RULES, Key

if TYPE_CHECKING:
    from datetime import datetime

    from truscan.models.ramp import RampPlan
    from truscan.ramp.thresholds import Rule

SHOWN = 200

# What a line is, what its number counts, and which of them make the gate's number.
COLUMNS: dict[Key, tuple[str, str, str]] = {
    Key.DAYS: ("Day", "Processes reported", "Days of the newest week that brought reports."),
    Key.HEARD: ("Computer", "Last heard", "Heard from since the level was set, silent ones first."),
    Key.FRESH: ("Computer", "Last heard", "The newest line of all is the number."),
    Key.OPEN: ("Process", "First seen", "Neither decided nor observed in these groups."),
    Key.WAITING: ("Process", "First seen", "The first one waits longest."),
    Key.COVERED: ("Process", "Occurrences", "Potential risks, those without Ignore first."),
    Key.LEGITIMATE: ("Process", "Occurrences", "Ignored here, and reported as security risks."),
    Key.FALSE_QUARANTINES: ("Process", "Occurrences", "Stopped by clients, ignored by people."),
    Key.LOAD: ("User and day", "Detections", "One in twenty is above the gate's number."),
    Key.CONTENT: ("Content of", "Noted", "The newest date that was recorded counts."),
    Key.UNSEEN: ("Process", "Observations", "Seen on one day of one group only."),
}


@dataclass(frozen=True, slots=True)
class Line:
    """`process` is its id where the line is one; `number` a count, a day or a moment."""

    what: str
    number: Any
    is_counted: bool
    process: int | None = None


@dataclass(frozen=True, slots=True)
class Behind:
    """The first `SHOWN` lines of a gate; `total` of them there are, `counted` of them count for
    it. Of occurrences `sum_counted` of `sum_all` do. `query` is what was asked; None if nothing
    was."""

    rule: Rule
    lines: list[Line]
    total: int
    counted: int
    sum_counted: int
    sum_all: int
    query: Query | None = None

    @property
    def columns(self) -> tuple[str, str, str]:
        return COLUMNS[self.rule.key]

    @property
    def is_summed(self) -> bool:
        return self.rule.key in (Key.COVERED, Key.FALSE_QUARANTINES)


def rows_behind(plan: RampPlan, key: Key, now: datetime) -> Behind:
    """The rows behind the gate `key` of the plan at `now`; none while no level is in force."""
    asked = asked_of([plan], now)
    if asked is None:
        return Behind(RULES[key], [], 0, 0, 0, 0)
    if key is Key.CONTENT:
        return _content(plan, now)
    sql, values = STATEMENTS[key].format(more=asked.more), {**asked.values, "shown": SHOWN}
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(BY_HASH)
        cursor.execute(sql, values)
        rows = cursor.fetchall()
    lines = [Line(what, number, counted, process) for process, what, number, counted, *_ in rows]
    total, counted, sum_counted, sum_all = rows[0][4:] if rows else (0, 0, 0, 0)
    sums = int(sum_counted or 0), int(sum_all or 0)
    return Behind(RULES[key], lines, total, counted, *sums, told(sql, values))


def _content(plan: RampPlan, now: datetime) -> Behind:
    asked: dict[str, Any] = {
        "policy": plan.scan_policy_id,
        "setting": CONTENT,
        "now": now,
        "shown": SHOWN,
    }
    with connection.cursor() as cursor:
        cursor.execute(CONTENT_NOTED, asked)
        lines = [Line(value, at, not n) for n, (value, at) in enumerate(cursor.fetchall())]
    counted, query = min(len(lines), 1), told(CONTENT_NOTED, asked)
    return Behind(RULES[Key.CONTENT], lines, len(lines), counted, 0, 0, query)


def behind_outline(found: Behind) -> dict[str, Any]:
    """JSON-ready, as the page shows it."""
    return {
        "gate": found.rule.key.value,
        "title": found.rule.title,
        "columns": list(found.columns[:2]),
        "says": found.columns[2],
        "total": found.total,
        "counted": found.counted,
        "sum_counted": found.sum_counted if found.is_summed else None,
        "sum_all": found.sum_all if found.is_summed else None,
        "query": found.query.sql if found.query else None,
        "values": dict(found.query.values) if found.query else {},
        "rows": [
            {
                "what": line.what,
                "number": line.number if isinstance(line.number, int) else f"{line.number}",
                "counted": line.is_counted,
                "process": line.process,
            }
            for line in found.lines
        ],
    }
