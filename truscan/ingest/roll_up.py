"""The tick's part of counting: daily counts of closed days, rolled up a month at a time.

An import only says on which days it counted. A day is read from the roll-up while nothing has
counted on it since, and else from DailyCount, so that a late import or one that is withdrawn
makes questions slower for some hours and never wrong.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import connection, transaction

from truscan.ingest.day_digits import OCCURRENCES, SLOT, runs

if TYPE_CHECKING:
    from datetime import date, datetime

# Clients that were away report days late with every import; rolling a month of an estate of
# 50,000 clients takes some seconds, so it is done a few times a day at most.
PAUSE = timedelta(hours=6)
# The process of the rows that tell of all processes of a place; none has this id.
ALL = 0
LOCK = 0x726F_6C6C  # one number for one purpose: one month is rolled at a time

# From one month with counts to the next by the index, however many years lie between; and those
# whose counts are gone since they were rolled.
_MONTHS = """
WITH RECURSIVE counted(month) AS (
    SELECT date_trunc('month', min(day))::date FROM truscan_dailycount
    UNION ALL
    SELECT (SELECT date_trunc('month', min(d.day))::date FROM truscan_dailycount d
            WHERE d.day >= (c.month + interval '1 month')::date)
    FROM counted c WHERE c.month IS NOT NULL),
months(month) AS (
    SELECT month FROM counted WHERE month IS NOT NULL
    UNION SELECT date_trunc('month', day)::date FROM truscan_rolledday),
"""
_DUE = f"""{_MONTHS}
closed AS (
    SELECT m.month, g.day::date AS day FROM months m CROSS JOIN LATERAL generate_series(
        m.month, least(m.month + interval '1 month' - interval '1 day', %(last)s::date),
        interval '1 day') g(day))
SELECT c.month FROM closed c
LEFT JOIN truscan_rolledday r USING (day) LEFT JOIN truscan_countedday v USING (day)
GROUP BY 1
HAVING bool_or(r.version IS DISTINCT FROM coalesce(v.version, 0))
    AND coalesce(max(r.rolled_at) <= %(before)s, true)
ORDER BY 1 DESC LIMIT 1
"""  # noqa: S608

_VERSIONS = """
SELECT g.day::date, coalesce(v.version, 0)
FROM generate_series(%(month)s::date, %(last)s::date, interval '1 day') g(day)
LEFT JOIN truscan_countedday v ON v.day = g.day::date ORDER BY 1
"""
_FORGET = "DELETE FROM truscan_monthcount WHERE month = %(month)s"
# Sorted by process, so that a question for some of them reads few pages.
_ROLL = f"""
INSERT INTO truscan_monthcount (month, process_id, group_id, location_id, days)
SELECT %(month)s::date, d.process_id, d.group_id, coalesce(d.location_id, 0),
    sum((d.rows::numeric * 1e{OCCURRENCES} + d.occurrences) * p.power)
FROM truscan_dailycount d
JOIN (SELECT g.day::date AS day,
          ('1' || repeat('0', (rank - 1)::integer * {SLOT}))::numeric AS power
      FROM generate_series(%(month)s::date, %(last)s::date, interval '1 day')
          WITH ORDINALITY g(day, rank)) p ON p.day = d.day
WHERE d.day BETWEEN %(month)s AND %(last)s
GROUP BY 2, 3, 4 ORDER BY 2, 3, 4
"""  # noqa: S608
# All processes of a place together, which the final switch asks for.
_ROLL_ALL = f"""
INSERT INTO truscan_monthcount (month, process_id, group_id, location_id, days)
SELECT month, {ALL}, group_id, location_id, sum(days) FROM truscan_monthcount
WHERE month = %(month)s GROUP BY 1, 3, 4 ORDER BY 3, 4
"""  # noqa: S608
_NOTE = """
INSERT INTO truscan_rolledday (day, version, rolled_at)
SELECT day, version, %(now)s FROM unnest(%(days)s::date[], %(versions)s::bigint[]) v(day, version)
ON CONFLICT (day) DO UPDATE SET version = excluded.version, rolled_at = excluded.rolled_at
"""
# Sorted rather than hashed: the sum of a month is two kilobytes for each process and place.
_SETTINGS = "SET LOCAL work_mem = '128MB'; SET LOCAL jit = off; SET LOCAL enable_hashagg = off"

# Every rolled day, and whether its roll-up is that of its newest count.
_ROLLED = """
SELECT r.day, r.version = coalesce(v.version, 0)
FROM truscan_rolledday r LEFT JOIN truscan_countedday v USING (day)
WHERE r.day >= date_trunc('month', %s::date)
    AND r.day < date_trunc('month', %s::date) + interval '1 month' ORDER BY 1
"""
_COUNTED_ON = """
INSERT INTO truscan_countedday AS c (day, version)
SELECT DISTINCT (event_at AT TIME ZONE 'UTC')::date, 1 FROM {source} ORDER BY 1
ON CONFLICT (day) DO UPDATE SET version = c.version + 1
"""


def note_days(cursor: Any, source: str) -> None:
    """Say in the transaction of these contributions that their days changed."""
    cursor.execute(_COUNTED_ON.format(source=source))


@dataclass(frozen=True, slots=True)
class Rolled:
    """What of a span of days may be read from MonthCount: months of which every day that they
    hold is asked for and exact, and runs of such days in other months, as `day_digits.runs`. All
    other days are `unrolled`: not rolled up yet, or counted on since."""

    months: list[date]
    runs: list[tuple[date, int, int]]
    unrolled: list[date]


def rolled(first: date, last: date) -> Rolled:
    """The days from first to last, each of them in one of the three."""
    with connection.cursor() as cursor:
        cursor.execute(_ROLLED, [first, last])
        found = cursor.fetchall()
    fresh = {day for day, is_fresh in found if is_fresh and first <= day <= last}
    broken = {day.replace(day=1) for day, _ in found if day not in fresh}
    every = (first + timedelta(days=n) for n in range((last - first).days + 1))
    return Rolled(
        sorted({day.replace(day=1) for day in fresh} - broken),
        runs(day for day in fresh if day.replace(day=1) in broken),
        sorted(set(every) - fresh),
    )


def due_month(now: datetime) -> date | None:
    """The newest month with closed days that changed since they were rolled; None if none has, or
    each was rolled within the pause."""
    with connection.cursor() as cursor:
        cursor.execute(_DUE, {"last": _yesterday(now), "before": now - PAUSE})
        row = cursor.fetchone()
    return row[0] if row else None


def tick(now: datetime) -> None:
    """Hand a month that is due to the workers; without a broker, roll it."""
    # Here, since the task imports this module.
    from truscan.tasks import roll_up

    if due_month(now) is None:
        return
    if settings.HAS_BROKER:
        roll_up.delay()
    else:
        roll_next(now)


@transaction.atomic
def roll_next(now: datetime) -> date | None:
    """Roll the month that is due; None if there is none or another worker rolls just now.

    The versions are read before the counts: an import that commits in between makes its days
    stale, and never a stale day fresh.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
        is_mine = cursor.fetchone()[0]
        month = due_month(now) if is_mine else None
        if month is None:
            return None
        given: dict[str, Any] = {"month": month, "last": _last_closed(month, now), "now": now}
        cursor.execute(_SETTINGS)
        cursor.execute(_VERSIONS, given)
        versions = cursor.fetchall()
        cursor.execute(_FORGET, given)
        cursor.execute(_ROLL, given)
        cursor.execute(_ROLL_ALL, given)
        given["days"], given["versions"] = map(list, zip(*versions, strict=True))
        cursor.execute(_NOTE, given)
    return month


def _yesterday(now: datetime) -> date:
    return now.astimezone(UTC).date() - timedelta(days=1)


def _last_closed(month: date, now: datetime) -> date:
    end = (month + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    return min(end, _yesterday(now))
