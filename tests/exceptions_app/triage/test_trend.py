from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from exceptions_app.triage.trend import trends_of
from tests.make import make_group, make_process
from truscan.ingest.roll_up import roll_next
from truscan.models.counts import DailyCount
from truscan.models.detection import Action
from truscan.models.rolled import CountedDay, RolledDay

if TYPE_CHECKING:
    from pytest_django import DjangoAssertNumQueries

pytestmark = pytest.mark.django_db

# Two months are in the window.
NOW = datetime(2026, 3, 6, 9, 0, tzinfo=UTC)
DAYS = 14


def test_every_day_is_exact_whatever_was_rolled_up(
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    groups = [make_group(f"My Company\\{name}").pk for name in ("Sales", "Lab")]
    processes = [make_process(f"p{n}.exe", "ab"[n]).pk for n in range(2)]
    action = Action.objects.create(name="Log", name_key="log")

    def count(day: date, process: int, group: int, n: int) -> None:
        DailyCount.objects.create(day=day, process_id=process, group_id=group, event_type=n % 3,
                                  sensitivity=n, action=action, rows=n, occurrences=n)  # fmt: skip
        row, _ = CountedDay.objects.get_or_create(day=day, defaults={"version": 0})
        CountedDay.objects.filter(day=day).update(version=row.version + 1)

    def assert_exact() -> None:
        for ids in (None, groups, groups[:1], []):
            with django_assert_max_num_queries(3):
                told = trends_of(processes, ids, NOW.date(), DAYS)
            for process in processes:
                rows = DailyCount.objects.filter(process=process)
                rows = rows if ids is None else rows.filter(group__in=ids)
                days = [NOW.date() - timedelta(days=n) for n in reversed(range(DAYS))]
                sums = [sum(r.occurrences for r in rows.filter(day=day)) for day in days]
                assert told[process] == sums

    for n in range(20):
        day = NOW.date() - timedelta(days=n)
        count(day, processes[n % 2], groups[n % 3 % 2], n + 1)
        count(day, processes[0], groups[0], 100 + n)
    assert_exact()
    while roll_next(NOW):
        pass
    assert RolledDay.objects.filter(day__gte=NOW.date() - timedelta(days=DAYS)).count() == DAYS
    assert_exact()
    # A late import: its day is read as counted until the tick has rolled it again.
    count(NOW.date() - timedelta(days=3), processes[1], groups[1], 7)
    assert_exact()
    DailyCount.objects.all().delete()
    CountedDay.objects.update(version=99)
    assert_exact()
