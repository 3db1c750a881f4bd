from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import TypeVar

T = TypeVar("T")


class Dice:
    """Chance that falls alike on every machine and Python: built on `Random.random()` alone.

    Python promises the sequence of `random()` for a seed; it does not for `choice`, `shuffle` or
    `gauss`, nor does a C library for `pow` and `log`.
    """

    def __init__(self, *seed: int | str) -> None:
        self.roll = Random(":".join(map(str, seed))).random  # noqa: S311 - no secret

    def below(self, n: int) -> int:
        """A whole number of 0 to n - 1."""
        return int(self.roll() * n)

    def between(self, low: int, high: int) -> int:
        return low + self.below(high - low + 1)

    def pick(self, things: Sequence[T]) -> T:
        return things[self.below(len(things))]

    def hits(self, percent: float) -> bool:
        return self.roll() * 100 < percent

    def shuffled(self, things: Sequence[T]) -> list[T]:
        out = list(things)
        for n in range(len(out) - 1, 0, -1):
            other = self.below(n + 1)
            out[n], out[other] = out[other], out[n]
        return out


def table(*weighted: tuple[T, int]) -> tuple[T, ...]:
    """Each thing as often as its weight: one roll picks from it."""
    return tuple(thing for thing, weight in weighted for _ in range(weight))
