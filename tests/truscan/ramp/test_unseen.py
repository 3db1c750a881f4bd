from __future__ import annotations

import random
from math import isclose

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.cases import cases
from truscan.ramp.unseen import Seen, enough_for, estimate


def test_the_formulas() -> None:
    found = estimate(Seen(total=200, kinds=40, once=6, twice=4))
    assert found is not None
    assert found.probability == 6 / 200
    assert found.processes == 6 * 5 / (2 * 5)
    assert isclose(found.error, (14 / 200**2 - 36 / 200**3) ** 0.5)


def test_nothing_seen_is_not_nothing_there() -> None:
    assert estimate(Seen(0, 0, 0, 0)) is None


def test_three_over_the_bound_are_enough() -> None:
    assert [enough_for(bound) for bound in (0.05, 0.02, 1, 0)] == [60, 150, 3, 3000]


@settings(max_examples=cases(200), deadline=None)
@given(st.lists(st.integers(1, 50), min_size=1, max_size=300))
def test_any_counts_give_a_probability(counts: list[int]) -> None:
    found = estimate(Seen(sum(counts), len(counts), counts.count(1), counts.count(2)))
    assert found is not None
    assert 0 <= found.probability <= 1
    assert found.error >= 0
    assert found.processes >= 0


def test_it_comes_near_the_truth_for_independent_draws() -> None:
    """1,000 kinds with shares like 1/rank, 2,000 draws: the unseen mass is known here."""
    dice = random.Random(11)  # noqa: S311 - a seed that repeats
    weights = [1 / (rank + 2) for rank in range(1000)]
    misses, lower = [], 0
    for _ in range(12):
        drawn = dice.choices(range(1000), weights, k=2000)
        counts = [drawn.count(kind) for kind in set(drawn)]
        found = estimate(Seen(2000, len(counts), counts.count(1), counts.count(2)))
        assert found is not None
        truth = sum(w for kind, w in enumerate(weights) if kind not in set(drawn)) / sum(weights)
        misses.append(found.probability - truth)
        lower += found.processes <= 1000 - len(counts)
    assert abs(sum(misses) / 12) < 0.01
    assert lower >= 8
