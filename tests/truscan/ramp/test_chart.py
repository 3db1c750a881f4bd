from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from hypothesis import given, settings

from tests.cases import cases
from tests.truscan.ramp.lives import Life, lives, local, make_plan
from truscan.ramp.chart import BARS_BOTTOM, BARS_TOP, LEFT, RIGHT, draw
from truscan.ramp.plan import Event, Kind
from truscan.ramp.schedule import fold


@dataclass(frozen=True)
class Day:
    day: date
    potential: int
    security: int
    commercial: int = 0


PLAN = make_plan()


def test_it_draws_the_planned_and_the_real_stairs() -> None:
    events = [Event(1, Kind.CONFIRMED, local(PLAN, date(2026, 10, 21)), "10")]
    state = fold(PLAN, events, local(PLAN, date(2026, 10, 25)))
    chart = draw(PLAN, state, [])
    assert chart.planned.count("V") == 9
    assert chart.real.startswith(f"M{float(LEFT)} ")
    assert chart.real.count("V") == 0
    assert chart.bars == ()


def test_it_stacks_a_day_without_a_gap() -> None:
    state = fold(PLAN, [], local(PLAN, date(2026, 10, 25)))
    days = [Day(date(2026, 10, 22), 30, 10), Day(date(2026, 10, 23), 0, 0)]
    low, high = draw(PLAN, state, days).bars
    assert low.y + low.height == BARS_BOTTOM
    assert high.y + high.height == low.y
    assert high.y == BARS_TOP
    assert (low.kind, high.kind) == ("potential", "security")


def test_days_without_a_report_are_marked_until_yesterday() -> None:
    start = PLAN.start_on
    state = fold(PLAN, [], local(PLAN, start + timedelta(days=9)))
    days = [Day(start + timedelta(days=n), 1, 1) for n in (0, 3, 4)]
    silent, recent = draw(PLAN, state, days).gaps
    assert (silent.first, silent.last) == (start + timedelta(days=1), start + timedelta(days=2))
    # Today is not over, and the days to come are no gap.
    assert (recent.first, recent.last) == (start + timedelta(days=5), start + timedelta(days=8))
    assert silent.x + silent.width < recent.x


@settings(max_examples=cases(100), deadline=None)
@given(lives())
def test_nothing_leaves_the_picture(life: Life) -> None:
    state = fold(life.plan, life.events, life.until)
    days = [Day(life.plan.start_on + timedelta(days=n), n, n // 6) for n in range(120)]
    chart = draw(life.plan, state, days)
    numbers = [
        float(word[1:]) for word in f"{chart.planned} {chart.real}".split() if word[0] in "MH"
    ]
    assert all(LEFT <= x <= RIGHT for x in numbers)
    assert all(
        LEFT <= bar.x <= RIGHT and BARS_TOP - 1 <= bar.y <= BARS_BOTTOM for bar in chart.bars
    )
