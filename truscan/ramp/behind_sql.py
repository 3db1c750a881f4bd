"""The statements behind `behind`: (process, what, number, counted) and the sums over all rows."""

# ruff: noqa: S608 - joined from constants of this room only

from __future__ import annotations

from truscan.ramp.evidence_sql import OBSERVED, SCOPE
from truscan.ramp.thresholds import Key

SUMS = """
SELECT process_id, what, number, counted, count(*) OVER (), count(*) FILTER (WHERE counted) OVER (),
    {sums}
FROM row ORDER BY {order} LIMIT %(shown)s
"""


def _processes(number: str, counted: str, where: str, order: str, part: str = "NULL") -> str:
    """Processes of the window; columns are those of `OBSERVED`. `part` of the number is summed
    apart."""
    row = f""",
row AS (
    SELECT b.process_id, p.name AS what, ({number})::bigint AS number,
        coalesce({counted}, false) AS counted, ({part})::bigint AS part
    FROM by_process b JOIN truscan_process p ON p.id = b.process_id WHERE {where})
"""
    return OBSERVED + row + SUMS.format(sums="sum(part) OVER (), sum(number) OVER ()", order=order)


def _plain(row: str, order: str) -> str:
    return f"{SCOPE}, row AS ({row}){SUMS.format(sums='0, 0', order=order)}"


_COMPUTERS = """
    SELECT NULL::bigint AS process_id, c.name AS what, c.last_heard_at AS number,
        {counted} AS counted
    FROM (SELECT DISTINCT group_id, set_at FROM scope) s
    JOIN truscan_computer c ON c.group_id = s.group_id
"""

_OPEN = """
    SELECT t.process_id, p.name AS what, min(t.first_at) AS number, true AS counted
    FROM (SELECT DISTINCT group_id FROM scope) s
    JOIN truscan_sighting t ON t.group_id = s.group_id
    JOIN truscan_process p ON p.id = t.process_id
    WHERE t.covered_until <= %(now)s AND t.observed_until <= %(now)s
        AND t.candidate_occurrences > 0 AND NOT p.on_symantec_list
    GROUP BY 1, 2
"""

_LOAD = """
    SELECT NULL::bigint AS process_id,
        a.name || ', ' || to_char(d.day, 'YYYY-MM-DD') AS what,
        sum(d.occurrences)::bigint AS number, true AS counted
    FROM (SELECT DISTINCT group_id FROM scope) s
    JOIN truscan_computerday d ON d.group_id = s.group_id AND d.day > %(load_from)s
        AND d.day <= %(until)s AND d.day = ANY(%(days)s::date[])
    LEFT JOIN truscan_account a ON a.id = d.account_id
    GROUP BY d.day, d.account_id, a.name
"""

_DAYS = (
    OBSERVED
    + """,
row AS (
    SELECT NULL::bigint AS process_id, to_char(%(until)s::date - n, 'YYYY-MM-DD') AS what,
        count(*) AS number, true AS counted
    FROM by_process b, generate_series(0, 62) AS n
    WHERE (b.days >> n) & 1 = 1 GROUP BY n)
"""
    + SUMS.format(sums="0, 0", order="what DESC")
)

_OLDEST = _plain(_OPEN, "number, what, process_id")

CONTENT_NOTED = """
SELECT c.value, c.at FROM truscan_scansettingchange c
WHERE c.scan_policy_id = %(policy)s AND c.setting = %(setting)s AND c.at <= %(now)s
ORDER BY c.at DESC LIMIT %(shown)s
"""

STATEMENTS: dict[Key, str] = {
    Key.DAYS: _DAYS,
    Key.HEARD: _plain(
        _COMPUTERS.format(counted="coalesce(c.last_heard_at >= s.set_at, false)"),
        "counted, number NULLS FIRST, what",
    ),
    Key.FRESH: _plain(
        _COMPUTERS.format(counted="coalesce(c.last_heard_at >= %(heard_from)s, false)"),
        "number DESC NULLS LAST, what",
    ),
    Key.OPEN: _OLDEST,
    Key.WAITING: _OLDEST,
    Key.COVERED: _processes(
        "b.potential",
        "b.ignored >= b.potential",
        "b.potential > 0",
        "counted, number DESC, what, process_id",
        "coalesce(b.ignored, 0)",
    ),
    Key.LEGITIMATE: _processes(
        "b.security", "b.is_risk", "b.is_risk", "number DESC, what, process_id"
    ),
    Key.FALSE_QUARANTINES: _processes(
        "b.stopped", "true", "b.stopped > 0", "number DESC, what, process_id", "b.stopped"
    ),
    Key.LOAD: _plain(_LOAD, "number DESC, what"),
    Key.UNSEEN: _processes("b.times", "true", "b.times = 1", "what, process_id"),
}
