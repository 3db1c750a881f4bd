from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.cases import cases
from truscan.ramp.before_after import (
    WINDOW,
    Change,
    Figures,
    Kind,
    Known,
    Load,
    compare,
    sums_of,
)
from truscan.ramp.levels import LEAST_RISKS, Shown, at_levels, constancy, value_of

START = date(2026, 3, 2)


def day(number: int) -> date:
    return START + timedelta(days=number)


def change(number: int, title: str = "level", hour: int = 9, kind: Kind = Kind.LEVEL) -> Change:
    at = datetime.combine(day(number), time(hour), UTC)
    return Change(kind, at, day(number), title, "anna")


def figures(number: int, potential: int = 0, security: int = 0, group: int = 1) -> Figures:
    return Figures(day(number), group, potential, security, 0, 0, potential // 2)


def known(*rows: Figures, loads: tuple[Load, ...] = ()) -> Known:
    return Known(rows, loads, {day(3): 4})


def test_a_window_ends_at_the_next_change_and_leaves_its_day_out() -> None:
    rows = [figures(number, 10, 2) for number in range(30)]
    first, second = compare([change(10), change(20)], known(*rows), day(29))
    assert first.before
    assert first.after
    assert (first.before.first, first.before.last) == (day(-4), day(9))
    assert (first.before.days, first.before.reported) == (14, 10)
    assert (first.after.first, first.after.last, first.after.reported) == (day(11), day(19), 9)
    assert (first.before.a_day, first.growth, first.ratio_times) == (12, 1, 1)
    assert (first.before.covered, first.before.new) == (0.5, 4)
    assert second.after
    assert second.after.last == day(29)


def test_silence_is_not_known_and_never_zero() -> None:
    (one,) = compare([change(10)], known(figures(9, 5)), day(20))
    assert one.after
    assert (one.after.a_day, one.after.ratio, one.after.per_client, one.growth) == (None,) * 4
    assert one.why_not == "Not known: no report of these groups from the days after it."
    # Reports without a security risk leave the ratio open.
    assert one.before
    assert (one.before.a_day, one.before.ratio) == (5, None)
    (today,) = compare([change(10)], known(figures(9, 5)), day(10))
    assert today.after is None
    assert today.why_not.startswith("No whole day lies between this change and the next")


def test_another_track_cuts_its_own_windows_only() -> None:
    rows = [figures(number, 10, 2) for number in range(30)]
    three = [change(10), change(15, kind=Kind.TRACK), change(20, kind=Kind.SETTING)]
    level, track, setting = compare(three, known(*rows), day(29))
    assert level.after
    assert track.before
    assert track.after
    assert setting.before
    assert level.after.last == setting.before.last == day(19)
    assert (track.before.first, track.after.last) == (day(11), day(19))
    assert (level.caution, track.caution[:18]) == ("", "Less than a week o")


def test_changes_of_one_day_are_compared_together_and_loads_are_per_client_and_user() -> None:
    loads = tuple(Load(day(n), 60, 20, 10) for n in range(1, 5))
    two = [change(5, "notifications", 12), change(5, "level", 9)]
    (one,) = compare(two, known(figures(4, 1), loads=loads), day(9))
    assert [c.title for c in one.changes] == ["level", "notifications"]
    assert one.before
    assert (one.before.per_client, one.before.per_user) == (3, 6)


DAYS = st.lists(st.integers(0, 60), min_size=1, max_size=8)
ROWS = st.lists(
    st.tuples(st.integers(-20, 70), st.integers(0, 50), st.integers(0, 9), st.integers(1, 3)),
    max_size=25,
)


@settings(max_examples=cases(80), deadline=None)
@given(changes=DAYS, rows=ROWS, today=st.integers(0, 70))
def test_no_day_is_on_both_sides_and_no_window_reaches_over_a_change(
    changes: list[int], rows: list[tuple[int, int, int, int]], today: int
) -> None:
    days = sorted({number for number in changes if number <= today})
    told = known(*(figures(*row) for row in rows if row[0] <= today))
    found = compare([change(number) for number in days], told, day(today))
    assert [one.on for one in found] == [day(number) for number in days]
    for one in found:
        for side in (one.before, one.after):
            if side is None:
                continue
            assert side.first <= side.last <= day(today)
            assert side.days <= WINDOW.days
            assert 0 <= side.reported <= side.days
            assert not any(side.first <= day(number) <= side.last for number in days)
            assert side == sums_of(told, side.first, side.last)
            assert (side.a_day is None) == (side.reported == 0)


def spell(level: str, first: int, last: int) -> tuple[str, str, date, date]:
    return level, f"level {level}", day(first), day(last)


def test_the_ratio_of_levels_is_nearly_constant_or_not_or_not_known() -> None:
    rows = [figures(1, 100, 10), figures(11, 240, 20), figures(12, 20, 4, group=2)]
    levels = at_levels([spell("10", 0, 9), spell("20", 10, 19), spell("30", 20, 29)], known(*rows))
    assert [one.sums.reported for one in levels] == [1, 2, 0]
    found = constancy(levels)
    assert (found.levels, found.left_out) == (2, 0)
    assert "nearly constant" in found.sentence
    assert "not nearly" not in found.sentence
    far = constancy(at_levels([spell("10", 0, 9), spell("20", 10, 19)],
                              known(figures(1, 100, 10), figures(11, 900, 10))))  # fmt: skip
    assert "not nearly constant" in far.sentence
    few = constancy(at_levels([spell("10", 0, 9)], known(figures(1, 100, LEAST_RISKS - 1))))
    assert (few.pooled, few.left_out) == (None, 1)
    assert few.sentence.startswith("Not known")
    none = constancy(at_levels([spell("10", 0, 9), spell("20", 10, 19)],
                               known(figures(1, 0, 10), figures(11, 0, 10))))  # fmt: skip
    assert none.times is None
    assert none.sentence.startswith("Nothing possibly legitimate was reported")


def test_a_cell_is_known_only_where_something_was_heard() -> None:
    ten, twenty = at_levels([spell("10", 0, 9), spell("20", 10, 19)], known(figures(1, 30, 3)))
    assert value_of(Shown.A_DAY, ten.by_group[1], None) == 33
    assert value_of(Shown.PER_CLIENT, ten.by_group[1], 11) == 3
    # An unknown number of clients is not one client, and none at all divides nothing.
    assert value_of(Shown.PER_CLIENT, ten.by_group[1], None) is None
    assert value_of(Shown.PER_CLIENT, ten.by_group[1], 0) is None
    assert value_of(Shown.COVERED, ten.by_group[1], 0) == 0.5
    assert value_of(Shown.RATIO, ten.by_group[1], 0) == 10
    assert value_of(Shown.A_DAY, twenty.by_group[1], 5) is None
    assert value_of(Shown.A_DAY, None, 5) is None
