"""Roll-ups of months against the counts that they are made of, through imports that come and go."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.make import SYSTEM
from tests.truscan.ingest.lines import TIMES, bring_in, console_csv
from tests.truscan.ingest.test_job import record
from truscan.ingest.day_digits import read
from truscan.ingest.roll_up import ALL, PAUSE, due_month, roll_next, rolled, tick
from truscan.ingest.withdraw import withdraw
from truscan.models.counts import DailyCount
from truscan.models.rolled import CountedDay, MonthCount, RolledDay

if TYPE_CHECKING:
    from collections.abc import Iterable

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 2, 14, 15, 0, tzinfo=UTC)
JANUARY, FEBRUARY = date(2026, 1, 1), date(2026, 2, 1)
Counts = dict[tuple[date, int, int, int], tuple[int, int]]


def told_by_months(days: Iterable[date]) -> Counts:
    wanted = set(days)
    return {
        (day, row.process_id, row.group_id, row.location_id): (rows, n)
        for row in MonthCount.objects.all()
        for day, rows, n in read(row.month, str(row.days))
        if day in wanted
    }


def told_by_days(days: Iterable[date]) -> Counts:
    counts: Counts = defaultdict(lambda: (0, 0))
    for row in DailyCount.objects.filter(day__in=list(days)):
        for process in (row.process_id, ALL):
            key = row.day, process, row.group_id, row.location_id or 0
            counts[key] = counts[key][0] + row.rows, counts[key][1] + row.occurrences
    return dict(counts)


def roll_all(now: datetime) -> list[date]:
    return list(iter(lambda: roll_next(now), None))


def exact_days() -> list[date]:
    """Those that may be read from the months; what they tell is what was counted."""
    span = rolled(JANUARY, NOW.date())
    every = (JANUARY + timedelta(days=n) for n in range(45))
    days = sorted(set(every) - set(span.unrolled))
    assert told_by_months(days) == told_by_days(days)
    return days


def test_late_and_withdrawn_imports_make_days_stale_and_never_wrong() -> None:
    assert due_month(NOW) is None
    early = [record(n, event_at=at, occurrences=n + 1) for n, at in enumerate(TIMES[:3])]
    first = bring_in(console_csv(early))
    assert exact_days() == []
    assert roll_all(NOW) == [FEBRUARY, JANUARY]
    assert exact_days()[-1] == date(2026, 2, 13)
    told = told_by_days(exact_days()).items()
    assert [n for key, (_, n) in told if key[1] == ALL] == [1, 2 + 3]
    assert rolled(JANUARY, NOW.date()).months == [JANUARY, FEBRUARY]

    late = bring_in(console_csv([record(9, event_at=TIMES[2], occurrences=7)]), "late.csv")
    assert FEBRUARY not in exact_days()
    assert rolled(JANUARY, NOW.date()).months == [JANUARY]
    assert due_month(NOW) is None, "not again within the pause"
    assert roll_all(NOW + PAUSE) == [FEBRUARY]
    assert FEBRUARY in exact_days()

    withdraw(actor=SYSTEM, log_import=first, now=NOW)
    assert {date(2026, 1, 31), FEBRUARY} & set(exact_days()) == set()
    assert len(roll_all(NOW + 2 * PAUSE)) == 2
    told = told_by_months(exact_days()).items()
    assert sum(n for key, (_, n) in told if key[1] == ALL) == 7
    withdraw(actor=SYSTEM, log_import=late, now=NOW)
    roll_all(NOW + 3 * PAUSE)
    assert not MonthCount.objects.exists()
    assert due_month(NOW + 4 * PAUSE) is None


def test_days_years_apart_and_counted_before_versions_were_kept_are_found(settings: Any) -> None:
    times = [datetime(2012, 5, 6, 7, tzinfo=UTC), TIMES[0], TIMES[3]]
    bring_in(console_csv([record(n, event_at=at) for n, at in enumerate(times)]))
    CountedDay.objects.all().delete()
    assert set(roll_all(NOW)) == {date(2012, 5, 1), JANUARY, FEBRUARY}
    assert TIMES[0].date() in exact_days()
    assert NOW.date() in rolled(JANUARY, NOW.date()).unrolled, "today is not over"
    assert RolledDay.objects.count() == 31 + 31 + 13
    RolledDay.objects.all().delete()
    settings.HAS_BROKER = False
    tick(NOW)
    assert RolledDay.objects.exists()
