"""What the next level will bring: from the counts of finished steps, with an interval. Pure Python.

The quantity grows with the level while the ratio of legitimate to malicious stays nearly constant
(Solutions Guide pp. 76-79), and each raise multiplies what the one before brought by about the
same factor. So the logarithm of a quantity is laid on a straight line over the newest finished
steps, and the interval is the prediction interval of that regression (Student's t). Three steps
are the fewest from which a line and its error can be had; fewer are "not enough data".

How well this has worked is not claimed but counted: every finished step is forecast once more
from the steps before it alone, and the page shows how often it fell inside.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import exp, log1p, sqrt

# Older steps tell of other exceptions; with more of them the line was biased on synthetic fleets.
NEWEST = 5
FEWEST = 3
SHARE = 0.8
# 90th percentile of Student's t for 1, 2, 3 degrees of freedom: one tenth outside on each side.
T_90 = (3.078, 1.886, 1.638)
# Three steps that lie on a line by chance make nobody sure: at least 3 % of error.
LEAST_ERROR = 0.03


class Quantity(StrEnum):
    PROCESSES = "new processes"
    DETECTIONS = "detections a day"
    NOTIFICATIONS = "notifications per user and day"
    HOURS = "analyst hours"


@dataclass(frozen=True, slots=True)
class Finished:
    """What a finished step brought; None = no reports. `notifications` is the mean of detections
    per user and day with any. One that is not over is forecast from, and never a trial."""

    level: str
    days: int
    new_processes: int | None
    detections_a_day: float | None
    notifications: float | None
    is_over: bool = True


@dataclass(frozen=True, slots=True)
class Interval:
    """Where 8 of 10 such forecasts hold, and the middle of it."""

    low: float
    middle: float
    high: float

    def holds(self, value: float) -> bool:
        return self.low <= value <= self.high

    def times(self, factor: float) -> Interval:
        return Interval(self.low * factor, self.middle * factor, self.high * factor)


@dataclass(frozen=True, slots=True)
class Forecast:
    """One quantity: an interval, or a sentence why there is none. `held` of `tried` finished steps
    fell inside the interval that was forecast from the steps before them."""

    quantity: Quantity
    interval: Interval | None
    why_not: str
    held: int
    tried: int

    @property
    def digits(self) -> int:
        """Decimal places that are worth showing."""
        return 0 if self.quantity in (Quantity.PROCESSES, Quantity.DETECTIONS) else 1

    @property
    def calibration(self) -> str:
        if not self.tried:
            return "not checked yet: no finished step has three before it"
        expected = f"{SHARE:.0%}".replace("%", " %")
        return f"{self.held} of {self.tried} finished steps fell inside ({expected} should)"


@dataclass(frozen=True, slots=True)
class Tested:
    """A finished step beside what was forecast for it from the steps before."""

    level: str
    interval: Interval
    actual: float

    @property
    def held(self) -> bool:
        return self.interval.holds(self.actual)


def predict(values: Sequence[float]) -> Interval | None:
    """The next value after these, which are not negative; None for fewer than three.

    >>> predict([10, 20, 40]).middle > 40
    True
    """
    if len(values) < FEWEST:
        return None
    logs = [log1p(value) for value in values[-NEWEST:]]
    n = len(logs)
    middle_x, mean = (n - 1) / 2, sum(logs) / n
    spread = sum((x - middle_x) ** 2 for x in range(n))
    slope = sum((x - middle_x) * (y - mean) for x, y in enumerate(logs)) / spread
    residuals = [y - mean - slope * (x - middle_x) for x, y in enumerate(logs)]
    error = max(sqrt(sum(r * r for r in residuals) / (n - 2)), LEAST_ERROR)
    ahead = n - middle_x
    center = mean + slope * ahead
    reach = T_90[n - 3] * error * sqrt(1 + 1 / n + ahead**2 / spread)
    return Interval(_back(center - reach), _back(center), _back(center + reach))


def forecast(
    history: Sequence[Finished], seconds_a_process: float | None, why_no_hours: str = ""
) -> list[Forecast]:
    """The next step after the finished ones, lowest first, for all four quantities.

    `seconds_a_process` is the measured time of one decision; without it there are no hours.
    """
    found = [_one(quantity, get, history) for quantity, get in READ.items()]
    processes = found[0]
    if seconds_a_process is None:
        why = why_no_hours or "Not enough data: too few decisions were timed."
        return [*found, Forecast(Quantity.HOURS, None, why, 0, 0)]
    hours = processes.interval.times(seconds_a_process / 3600) if processes.interval else None
    return [
        *found,
        Forecast(Quantity.HOURS, hours, processes.why_not, processes.held, processes.tried),
    ]


def backtest(history: Sequence[Finished], get: Callable[[Finished], float | None]) -> list[Tested]:
    """Every finished step that has three before it, forecast from those alone."""
    tested: list[Tested] = []
    for place, step in enumerate(history):
        actual = get(step)
        interval = predict(known(history[:place], get))
        if step.is_over and actual is not None and interval is not None:
            tested.append(Tested(step.level, interval, actual))
    return tested


def known(history: Sequence[Finished], get: Callable[[Finished], float | None]) -> list[float]:
    """The values of the steps that have one, in their order."""
    return [value for step in history if (value := get(step)) is not None]


READ: dict[Quantity, Callable[[Finished], float | None]] = {
    Quantity.PROCESSES: lambda step: step.new_processes,
    Quantity.DETECTIONS: lambda step: step.detections_a_day,
    Quantity.NOTIFICATIONS: lambda step: step.notifications,
}


def _one(
    quantity: Quantity, get: Callable[[Finished], float | None], history: Sequence[Finished]
) -> Forecast:
    values, tested = known(history, get), backtest(history, get)
    held = sum(one.held for one in tested)
    interval = predict(values)
    missing = FEWEST - len(values)
    steps = "1 more finished step" if missing == 1 else f"{missing} more finished steps"
    why = "" if interval else f"Not enough data: it takes {steps} with reports."
    return Forecast(quantity, interval, why, held, len(tested))


def _back(value: float) -> float:
    # A line through wild numbers may point anywhere: never past what a count can be.
    return max(exp(min(value, 30.0)) - 1, 0.0)
