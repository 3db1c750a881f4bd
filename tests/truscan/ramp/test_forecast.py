from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.cases import cases
from truscan.ramp.forecast import (
    READ,
    Finished,
    Quantity,
    backtest,
    forecast,
    predict,
)

CASES = settings(max_examples=cases(200), deadline=None)


def steps(*numbers: int | None) -> list[Finished]:
    return [
        Finished(str(n * 10 + 10), 8, many, None if many is None else many * 3.0, 2.5)
        for n, many in enumerate(numbers)
    ]


def test_it_works() -> None:
    processes, detections, notifications, hours = forecast(steps(10, 20, 40, 80), 90.0)
    assert processes.quantity is Quantity.PROCESSES
    assert processes.interval is not None
    assert processes.interval.low < 160 < processes.interval.high
    assert detections.interval is not None
    assert notifications.interval is not None
    assert hours.interval is not None
    assert hours.interval.middle == processes.interval.middle * 90 / 3600
    assert processes.calibration == "1 of 1 finished steps fell inside (80 % should)"


def test_too_little_is_said_and_not_guessed() -> None:
    for found in forecast(steps(10, 20), 90.0)[:2]:
        assert found.interval is None
        assert found.why_not == "Not enough data: it takes 1 more finished step with reports."
    assert forecast(steps(10, 20, 30), None)[3].why_not.startswith("Not enough data")
    # A step without reports is no step with zero.
    assert forecast(steps(10, None, 30), None)[0].interval is None
    assert forecast([], None)[0].why_not.startswith("Not enough data: it takes 3 more")


@CASES
@given(st.lists(st.floats(0, 1e9), max_size=12))
def test_any_history_gives_an_ordered_interval_or_none(values: list[float]) -> None:
    found = predict(values)
    assert (found is None) == (len(values) < 3)
    if found:
        assert 0 <= found.low <= found.middle <= found.high < 1e14


@CASES
@given(st.lists(st.one_of(st.none(), st.integers(0, 10**6)), max_size=10))
def test_a_back_test_looks_only_backwards(numbers: list[int | None]) -> None:
    history = steps(*numbers)
    get = READ[Quantity.PROCESSES]
    whole = backtest(history, get)
    for place in range(len(history)):
        assert (
            backtest(history[: place + 1], get) == whole[: len(backtest(history[: place + 1], get))]
        )
    assert len(whole) == max(sum(n is not None for n in numbers) - 3, 0)


def test_eight_of_ten_intervals_hold_where_growth_is_steady() -> None:
    dice = random.Random(5)  # noqa: S311 - a seed that repeats
    held = tried = 0
    for _ in range(300):
        values = [40.0 * 1.3**n * dice.lognormvariate(0, 0.2) for n in range(7)]
        found = predict(values[:-1])
        assert found is not None
        held, tried = held + found.holds(values[-1]), tried + 1
    assert 0.74 <= held / tried <= 0.86
