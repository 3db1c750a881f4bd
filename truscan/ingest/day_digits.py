"""Days of a month in one whole number: a slot of decimal digits for each, rows before occurrences.

PostgreSQL adds such numbers about as fast as plain ones, and their sum is the sum of each day by
itself: no slot can run over, for it holds more than a `bigint` does. A quarter of a year is so
three or four rows for a process in a place, and not one for each day and kind of event.
"""

from __future__ import annotations

from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import date

# PostgreSQL keeps four digits together: a slot is a whole number of fours.
OCCURRENCES, ROWS = 20, 12
SLOT = OCCURRENCES + ROWS
_NOTHING = "0" * SLOT
_OCCURRENCE = int(10**OCCURRENCES)
_ALL_NINES = int(10**SLOT) - 1


def of_day(day: date, rows: int, occurrences: int) -> int:
    """The number of one day."""
    return (rows * _OCCURRENCE + occurrences) * power(day)


def power(day: date) -> int:
    """Ten to the first digit of the day's slot; below it are the days before it in the month."""
    return int(10 ** (SLOT * (day.day - 1)))


def read(month: date, digits: str) -> Iterator[tuple[date, int, int]]:
    """(day, rows, occurrences) of each day that has any, from the digits of a sum."""
    days = _days_of(month)
    for rank, rows, occurrences in slots(digits):
        yield days[rank], rows, occurrences


@lru_cache(maxsize=64)
def _days_of(month: date) -> list[date]:
    return [month + timedelta(days=n) for n in range(31)]


def totals(number: int) -> tuple[int, int]:
    """Rows and occurrences of all days together.

    The digits of a number in base b add up to its remainder by b - 1: here a digit is a day.
    """
    return divmod(number % _ALL_NINES, _OCCURRENCE)


def slots(digits: str) -> Iterator[tuple[int, int, int]]:
    """(place in the month from 0, rows, occurrences) of each slot that is not empty."""
    count = -(-len(digits) // SLOT)
    padded = digits.zfill(count * SLOT)
    first = 0
    for rank in range(count - 1, -1, -1):
        slot = padded[first : first + SLOT]
        first += SLOT
        if slot != _NOTHING:
            yield rank, int(slot[:ROWS]), int(slot[ROWS:])


def runs(days: Iterable[date]) -> list[tuple[date, int, int]]:
    """(month, digits below the first day, digits up to the last) for each run of neighbours.

    What a number holds of a run is what is left without the first so many digits, less what is
    left without the second so many.
    """
    found: list[tuple[date, int, int]] = []
    for day in sorted(set(days)):
        low, month = SLOT * (day.day - 1), day.replace(day=1)
        if found and found[-1][0] == month and found[-1][2] == low:
            found[-1] = month, found[-1][1], low + SLOT
        else:
            found.append((month, low, low + SLOT))
    return found
