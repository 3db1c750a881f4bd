from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.cases import cases
from tests.truscan.ramp.lives import ZONES
from truscan.delivery.quiet import LONGEST, Quiet, why_not

MINUTES = st.integers(0, 24 * 60 - 1).map(lambda n: time(n // 60, n % 60))
MOMENTS = st.integers(0, 800 * 24 * 60).map(
    lambda n: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=n)
)


@settings(max_examples=cases(100), deadline=None)
@given(MINUTES, MINUTES, st.sampled_from(ZONES), MOMENTS)
def test_waiting_ends_and_ends_outside(begins: time, ends: time, zone: str, now: datetime) -> None:
    assume(not why_not(begins, ends))
    quiet = Quiet(begins, ends, zone)
    until = quiet.until(now)
    if until is None:
        return
    assert now < until <= now + LONGEST + timedelta(hours=1)
    assert quiet.until(until) is None
    assert quiet.until(until - timedelta(minutes=1)) == until


def test_a_night_lies_on_two_days() -> None:
    night = Quiet(time(22), time(7), "Europe/Berlin")
    at = datetime(2026, 3, 2, 22, 30, tzinfo=UTC)  # 23:30 in Berlin
    assert night.until(at) == datetime(2026, 3, 3, 6, tzinfo=UTC)
    assert night.until(at + timedelta(hours=7)) == datetime(2026, 3, 3, 6, tzinfo=UTC)
    assert night.until(datetime(2026, 3, 3, 6, tzinfo=UTC)) is None
    # The clocks go forward on 29 March: the night is an hour shorter.
    spring = datetime(2026, 3, 28, 22, tzinfo=UTC)
    assert night.until(spring) == datetime(2026, 3, 29, 5, tzinfo=UTC)


def test_what_is_wrong_is_said() -> None:
    assert why_not(None, None) == why_not(time(22), time(7)) == why_not(time(0), time(16)) == ""
    assert "both" in why_not(time(22), None)
    assert "end when they begin" in why_not(time(7), time(7))
    assert "at most 16 hours" in why_not(time(7), time(6))
