from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.truscan.ramp.lives import make_plan, plans
from truscan.ramp.layout import make_steps
from truscan.ramp.plan import Event, Kind, Plan, Track, level_in_force


def test_it_spreads_trojans_over_ninety_days() -> None:
    steps = make_steps(Track.TROJANS, date(2026, 10, 21), 90)
    assert [step.level for step in steps] == [str(n) for n in range(10, 101, 10)]
    assert [step.planned_on for step in steps[:3]] == [
        date(2026, 10, 21),
        date(2026, 10, 31),
        date(2026, 11, 10),
    ]
    assert steps[-1].planned_on == date(2027, 1, 19)


def test_it_crosses_a_leap_day() -> None:
    steps = make_steps(Track.TROJANS, date(2028, 1, 31), 60)
    assert steps[-1].planned_on == date(2028, 3, 31)
    assert make_steps(Track.TROJANS, date(2027, 1, 31), 60)[-1].planned_on == date(2027, 4, 1)


def test_it_gives_keyloggers_two_levels() -> None:
    steps = make_steps(Track.KEYLOGGERS, date(2026, 3, 1), 60)
    assert [(s.level, s.planned_on) for s in steps] == [
        ("low", date(2026, 3, 1)),
        ("high", date(2026, 4, 30)),
    ]


def test_it_gives_commercial_applications_log_then_the_chosen_action() -> None:
    steps = make_steps(Track.COMMERCIAL, date(2026, 3, 1), 60, "terminate")
    assert [step.level for step in steps] == ["log", "terminate"]


def test_it_rejects_an_unknown_action() -> None:
    with pytest.raises(ValueError, match="delete"):
        make_steps(Track.COMMERCIAL, date(2026, 3, 1), 60, "delete")


def test_it_rejects_fewer_days_than_raises() -> None:
    with pytest.raises(ValueError, match="9 days"):
        make_steps(Track.TROJANS, date(2026, 3, 1), 8)


@given(
    st.sampled_from(list(Track)),
    st.dates(date(2000, 1, 1), date(2099, 1, 1)),
    st.integers(9, 400),
)
def test_stays_are_whole_days_and_even(track: Track, start_on: date, days: int) -> None:
    steps = make_steps(track, start_on, days)
    stays = {(b.planned_on - a.planned_on).days for a, b in pairwise(steps)}
    assert min(stays) >= 1
    assert max(stays) - min(stays) <= 1
    assert steps[0].planned_on == start_on
    assert steps[-1].planned_on == start_on + timedelta(days=days)


@given(plans(), st.integers(0, 120))
def test_due_times_are_nine_on_the_wall_clock(plan: Plan, offset: int) -> None:
    on = plan.start_on + timedelta(days=offset)
    due_at = plan.due_at(on)
    seen = due_at.astimezone(UTC).astimezone(plan.tz)
    # Samoa had no 30 December 2011 at all; there the wall clock shows the day after.
    if (plan.zone, on) != ("Pacific/Apia", date(2011, 12, 30)):
        assert (seen.date(), seen.hour, seen.minute) == (on, 9, 0)


def test_a_due_time_keeps_the_wall_clock_when_clocks_change() -> None:
    plan = make_plan(zone="Europe/Berlin")
    assert plan.due_at(date(2026, 10, 24)).astimezone(UTC).hour == 7
    assert plan.due_at(date(2026, 10, 25)).astimezone(UTC).hour == 8


def test_level_in_force_follows_confirmations_and_steps_back() -> None:
    day = datetime(2026, 3, 1, 12, tzinfo=UTC)
    events = [
        Event(1, Kind.CREATED, day),
        Event(2, Kind.CONFIRMED, day + timedelta(days=1), "10"),
        Event(3, Kind.CONFIRMED, day + timedelta(days=8), "20"),
        Event(4, Kind.HELD, day + timedelta(days=9)),
        Event(5, Kind.BACK, day + timedelta(days=10), "10"),
    ]
    levels = [level_in_force(events, day + timedelta(days=n)) for n in (0, 1, 7, 8, 9, 10, 50)]
    assert levels == [None, "10", "10", "20", "20", "10", "10"]
