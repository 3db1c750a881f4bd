"""Counts of one process by event type, action and level, and by day: from the daily counts."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from django.db.models import Case, DateField, F, Sum, When

from truscan.models.counts import DailyCount
from truscan.models.detection import Action, EventType

if TYPE_CHECKING:
    from truscan.access.scope import Groups
    from truscan.models.process import Process

DAYS = 60


@dataclass(frozen=True, slots=True)
class EventCount:
    """The guide's first column: an event type, how often, and what clients did about it."""

    label: str
    count: int
    actions: list[tuple[str, int]]


@dataclass(frozen=True, slots=True)
class Tally:
    """`levels` are those that the log gave, None = it gave none; each with its count by event in
    the order of `events`."""

    events: list[EventCount]
    levels: list[tuple[int | None, list[int]]]


@dataclass(frozen=True, slots=True)
class Days:
    """Detections a UTC day, oldest first, by event type in the order of `names`."""

    days: list[date]
    names: list[str]
    series: list[list[int]]

    @property
    def totals(self) -> list[int]:
        return [sum(values) for values in zip(*self.series, strict=True)] or [0] * len(self.days)

    @property
    def total(self) -> int:
        return sum(map(sum, self.series))

    @property
    def table(self) -> list[tuple[date, list[int]]]:
        """Newest first, without the days on which nothing was detected."""
        rows = zip(self.days, zip(*self.series, strict=True), strict=False)
        return [(day, list(values)) for day, values in reversed(list(rows)) if any(values)]


def counts_of(process: Process, ids: Groups, today: date) -> tuple[Tally, Days]:
    """Everything in one scan, since a common process has a hundred thousand daily counts.

    `ids` are the person's groups, None for the whole estate. Days before the last DAYS are one.
    """
    start = today - timedelta(days=DAYS - 1)
    rows = DailyCount.objects.filter(process=process)
    if ids is not None:
        rows = rows.filter(group__in=ids)
    shown = When(day__gte=start, day__lte=today, then=F("day"))
    day = Case(shown, default=None, output_field=DateField())
    # Actions are named afterwards: they are few, and the daily counts are read from their index.
    grouped = rows.values_list(day, "event_type", "sensitivity", "action")
    summed: list[Any] = list(grouped.annotate(n=Sum("occurrences")).order_by())
    names = Action.objects.in_bulk({row[3] for row in summed})
    counted = [
        (on, event, level, names[action].name if action in names else "", n)
        for on, event, level, action, n in summed
    ]
    return _tally(counted), _days(counted, start)


def _tally(counted: list[Any]) -> Tally:
    by_event: Counter[int] = Counter()
    actions: dict[int, Counter[str]] = defaultdict(Counter)
    by_level: dict[int | None, Counter[int]] = defaultdict(Counter)
    for _, event, level, action, n in counted:
        by_event[event] += n
        actions[event][action or "no action given"] += n
        by_level[level][event] += n
    codes = [code for code, _ in sorted(by_event.items(), key=lambda row: (-row[1], row[0]))]
    levels = sorted(by_level, key=lambda level: (level is None, level or 0))
    return Tally(
        [EventCount(_name(c), by_event[c], _most_first(actions[c])) for c in codes],
        [(level, [by_level[level][code] for code in codes]) for level in levels],
    )


def _days(counted: list[Any], start: date) -> Days:
    found: Counter[tuple[date, int]] = Counter()
    for day, event, _, _, n in counted:
        if day is not None:
            found[day, event] += n
    codes = sorted({code for _, code in found})
    days = [start + timedelta(days=i) for i in range(DAYS)]
    series = [[found[day, code] for day in days] for code in codes]
    return Days(days, [_name(code) for code in codes], series)


def _most_first(counts: Counter[str]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda row: (-row[1], row[0]))


def _name(code: int) -> str:
    return str(EventType(code).label)
