from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate
from math import gcd
from typing import NamedTuple

from truscan.fleet.dice import Dice, table
from truscan.fleet.estate import Client
from truscan.fleet.program import Program, Truth
from truscan.logs.events import ALLOWED, FORCED

DAY = 86_400
# Tables of a hundred, for rolls of percent. What clients detect in each hour of the day, and on
# Saturday and Sunday as a share of a working day.
_HOURS = table(
    *((h, 1) for h in (0, 1, 2, 3, 4, 5)), (6, 2), (7, 6), *((h, 8) for h in range(8, 12)),
    (12, 8), *((h, 8) for h in range(13, 17)), (17, 6), (18, 3), *((h, 1) for h in range(19, 24)),
)  # fmt: skip
_WEEKEND = 35
_OCCURRENCES = table((1, 70), (2, 13), (3, 7), (4, 4), (6, 3), (9, 2), (14, 1))
# Late ones come from outside: they roll low.
_PLACES = table((2, 12), (1, 20), (0, 68))
_ONE_PLACE = table((0, 100))
# Rows are inserted within 23 minutes; one in fifty comes from a client that was offline.
_LAG = 23 * 60
_LATE_PERCENT = 2


class Row(NamedTuple):
    """One detection: seconds count from the first day, the rest are places in the fleet's lists.

    `event_type` is empty where the program's own event is meant.
    """

    inserted: int
    at: int
    program: int
    client: int
    level: int
    event_type: str
    occurrences: int
    location: int


class Visible(NamedTuple):
    """A program that scans report on a day, with its share and the exception's event, if any."""

    program: Program
    weight: int
    event_type: str


def visible_on(programs: Sequence[Program], share: float, level: int) -> list[Visible]:
    """What scans at `level` report when `share` (0..1) of the days is over."""
    found = []
    for p in programs:
        if p.threshold <= level and p.used_from <= share <= p.used_until:
            weight, event_type = p.weight, ""
            if p.excepted_from is not None and share >= p.excepted_from:
                # Ignore silences nearly all of it; a forced detection goes on until it is gone.
                is_legitimate = p.truth is Truth.LEGITIMATE
                event_type = ALLOWED if is_legitimate else FORCED
                weight //= 12 if is_legitimate else 2
            found.append(Visible(p, weight, event_type))
    return found


class Days:
    """Draws the rows of every day, in the order in which the manager stored them.

    Weights are whole numbers, since sums of fractions differ between versions of Python.
    """

    def __init__(self, seed: int, programs: Sequence[Program], clients: Sequence[Client]) -> None:
        self._seed = seed
        self._programs = programs
        self._phases = [client.scan_phase for client in clients]
        self._places = [_PLACES if client.is_mobile else _ONE_PLACE for client in clients]
        self._stride = _stride(len(clients))

    def rows(self, rows: int, days: int, levels: Sequence[int], weekday: int) -> Iterator[Row]:
        """Exactly `rows` rows; no two have program, client and second in common."""
        on_day = [self._visible(day, days, levels) for day in range(days)]
        sizes = _shares(rows, [_volume(seen, weekday + n) for n, seen in enumerate(on_day)])
        firsts = _firsts(on_day, sizes)
        late: dict[int, list[Row]] = {}
        for day in range(days):
            level = levels[day * len(levels) // days]
            drawn = self._draw(day, level, on_day[day], sizes[day], firsts[day])
            now = late.pop(day, [])
            for row in drawn:
                # The log ends with its last day: what comes later comes at its end.
                arrives = min(row.inserted // DAY, days - 1)
                if row.inserted >= days * DAY:
                    row = row._replace(inserted=days * DAY - 1)
                (now if arrives == day else late.setdefault(arrives, [])).append(row)
            now.sort()
            yield from now

    def _visible(self, day: int, days: int, levels: Sequence[int]) -> list[Visible]:
        return visible_on(self._programs, (day + 0.5) / days, levels[day * len(levels) // days])

    def _draw(
        self, day: int, level: int, seen: list[Visible], count: int, firsts: list[int]
    ) -> Iterator[Row]:
        roll, stride = Dice(self._seed, "day", day).roll, self._stride
        phases, places, size = self._phases, self._places, len(self._phases)
        sums = list(accumulate(v.weight for v in seen))
        spots = [
            (p.number, event_type, p.copies, p.first_copy, 1 if p.is_clustered else stride)
            for p, _, event_type in seen
        ]
        start, taken = day * DAY, set[int]()
        for n in range(count):
            spot = firsts[n] if n < len(firsts) else bisect_right(sums, int(roll() * sums[-1]))
            number, event_type, copies, first, step = spots[spot]
            # Some computers run it all the time, most now and then: pairs repeat.
            chance = roll()
            client = (first + int(chance * chance * copies) * step) % size
            # The hour, then where in the scan's first minutes.
            chance = roll() * 100
            hour = int(chance)
            second = _HOURS[hour] * 3600 + (phases[client] + int((chance - hour) * 300)) % 3600
            key = (number * size + client) * DAY + second
            while key in taken:
                second = (second + 1) % DAY
                key = (number * size + client) * DAY + second
            taken.add(key)
            # How late, then how often.
            chance = roll() * 100
            often = int(chance)
            lag = int((chance - often) * _LAG)
            place = roll() * 100
            if place < _LATE_PERCENT:
                lag += (1 + int(place * 200) % 5) * DAY
            at = start + second
            yield Row(
                at + lag, at, number, client, level, event_type,
                _OCCURRENCES[often], places[client][int(place)],
            )  # fmt: skip


def _volume(seen: Sequence[Visible], weekday: int) -> int:
    return sum(v.weight for v in seen) * (_WEEKEND if weekday % 7 > 4 else 100)


def _shares(rows: int, volumes: Sequence[int]) -> list[int]:
    """`rows` parted by volume to the last one; nobody detects anything on a day of volume 0."""
    total = sum(volumes)
    if rows and not total:
        raise ValueError("No program is detected at these levels: ask for higher ones.")
    uptos = [rows * upto // total if total else 0 for upto in accumulate(volumes)]
    return [upto - before for before, upto in zip([0, *uptos], uptos, strict=False)]


def _firsts(on_day: list[list[Visible]], sizes: list[int]) -> list[list[int]]:
    """Programs that are sure to be seen, by day: a large log holds all that scans can see.

    Each is put on one of the days on which it is visible, as long as they fill at most half of
    a day's rows.
    """
    firsts: list[list[int]] = [[] for _ in on_day]
    days_of: dict[int, list[tuple[int, int]]] = {}
    for day, seen in enumerate(on_day):
        for place, v in enumerate(seen):
            days_of.setdefault(v.program.number, []).append((day, place))
    for number, spots in days_of.items():
        day, place = spots[number * 7919 % len(spots)]
        if len(firsts[day]) * 2 < sizes[day]:
            firsts[day].append(place)
    return firsts


def _stride(size: int) -> int:
    """A step that visits every computer, far from the one before."""
    step = max(1, size * 618 // 1000)
    while gcd(step, size) != 1:
        step += 1
    return step
