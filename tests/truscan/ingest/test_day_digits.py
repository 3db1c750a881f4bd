from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from truscan.ingest.day_digits import OCCURRENCES, power, read, runs

MONTH = date(2026, 3, 1)
DAYS = st.dates(date(2026, 2, 1), date(2026, 4, 30))
COUNTS = st.lists(st.tuples(st.integers(0, 30), st.integers(1, 10**6), st.integers(0, 2**62)))


def number(counts: list[tuple[int, int, int]]) -> int:
    return sum(
        (rows * 10**OCCURRENCES + n) * power(MONTH + timedelta(days=at)) for at, rows, n in counts
    )


@given(COUNTS)
def test_a_sum_is_the_sum_of_each_day(counts: list[tuple[int, int, int]]) -> None:
    expected: dict[date, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for at, rows, n in counts:
        day = MONTH + timedelta(days=at)
        expected[day] = expected[day][0] + rows, expected[day][1] + n
    found = {day: (rows, n) for day, rows, n in read(MONTH, str(number(counts)))}
    assert found == expected


@given(st.sets(DAYS), COUNTS)
def test_runs_hold_their_days_and_no_other(
    days: set[date], counts: list[tuple[int, int, int]]
) -> None:
    """Every day of the set is in one run; a number cut to its runs has those days only."""
    total, whole = 0, number(counts)
    for month, low, high in runs(days):
        assert month.day == 1
        total += (whole % 10**high - whole % 10**low) if month == MONTH else 0
    kept = {day for day, _, _ in read(MONTH, str(total))}
    told = {MONTH + timedelta(days=at) for at, _, _ in counts}
    assert kept == told & days
