"""Detections of the last days by process: closed days a month at a time, the others as counted.

A common process has thousands of daily counts in two weeks, by group, level and action; as rolled
up on the tick it has one number for each group and month, and each day's digits are in it.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.db.models import Sum, TextField
from django.db.models.functions import Cast

from truscan.ingest.day_digits import read
from truscan.ingest.roll_up import rolled
from truscan.models.counts import DailyCount
from truscan.models.rolled import MonthCount

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from datetime import date

    from truscan.access.scope import Groups


def trends_of(
    processes: Collection[int], ids: Groups, today: date, days: int
) -> dict[int, list[float | None]]:
    """Occurrences of each of the last `days` UTC days up to today, in the groups `ids` (None = the
    whole estate): exact, whatever was rolled up. Three queries."""
    start = today - timedelta(days=days - 1)
    told: dict[int, list[float | None]] = {pk: [0] * days for pk in processes}
    for process, day, n in _counted(list(processes), ids, start, today):
        told[process][(day - start).days] = n
    return told


def _counted(
    processes: list[int], ids: Groups, first: date, last: date
) -> Iterator[tuple[int, date, int]]:
    days = rolled(first, last)
    open_days = set(days.unrolled)
    months = [*days.months, *{month for month, _, _ in days.runs}]
    sums = MonthCount.objects.filter(process__in=processes, month__in=months)
    counts = DailyCount.objects.filter(process__in=processes, day__in=days.unrolled)
    if ids is not None:
        sums, counts = sums.filter(group__in=ids), counts.filter(group__in=ids)
    if months:
        digits = Cast(Sum("days"), TextField())
        rows = sums.order_by().values_list("process", "month").annotate(digits=digits)
        for process, month, text in rows:
            for day, _, n in read(month, text):
                if first <= day <= last and day not in open_days:
                    yield process, day, n
    yield from counts.order_by().values_list("process", "day").annotate(n=Sum("occurrences"))
