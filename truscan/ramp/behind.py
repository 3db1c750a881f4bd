"""The rows behind a gate's number: the same question as the gate's, not summed up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import connection, transaction

from truscan.ramp.behind_sql import STATEMENTS
from truscan.ramp.evidence_gates import asked_of
from truscan.ramp.evidence_sql import BY_HASH
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
    it. Of occurrences `sum_counted` of `sum_all` do."""

    rule: Rule
    lines: list[Line]
    total: int
    counted: int
    sum_counted: int
    sum_all: int

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
    sql = STATEMENTS[key].format(more=asked.more)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(BY_HASH)
        cursor.execute(sql, {**asked.values, "shown": SHOWN})
        rows = cursor.fetchall()
    lines = [Line(what, number, counted, process) for process, what, number, counted, *_ in rows]
    total, counted, sum_counted, sum_all = rows[0][4:] if rows else (0, 0, 0, 0)
    return Behind(RULES[key], lines, total, counted, int(sum_counted or 0), int(sum_all or 0))


def _content(plan: RampPlan, now: datetime) -> Behind:
    changes = plan.scan_policy.setting_changes.filter(setting=CONTENT, at__lte=now)
    rows = list(changes.order_by("-at")[:SHOWN])
    lines = [Line(row.value, row.at, number == 0) for number, row in enumerate(rows)]
    return Behind(RULES[Key.CONTENT], lines, len(lines), min(len(lines), 1), 0, 0)


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
