from __future__ import annotations

from datetime import date, timedelta

from tests.truscan.ramp.lives import local, make_plan
from truscan.ramp.plan import Event, Kind
from truscan.ramp.reminders import reminders_due

PLAN = make_plan()
CONFIRMED = Event(1, Kind.CONFIRMED, local(PLAN, date(2026, 10, 21)), "10")


def kinds_on(on: date, hour: int, *events: Event) -> list[tuple[str, str]]:
    found = reminders_due(PLAN, [CONFIRMED, *events], local(PLAN, on, hour))
    return [(reminder.kind.value, reminder.key) for reminder in found]


def test_it_is_silent_until_two_days_before() -> None:
    assert kinds_on(date(2026, 10, 28), 23) == []
    assert kinds_on(date(2026, 10, 29), 8) == []


def test_it_reminds_before_on_and_after_the_due_day() -> None:
    assert kinds_on(date(2026, 10, 29), 9) == [("before", "ramp:7:1:before:2026-10-29")]
    assert kinds_on(date(2026, 10, 30), 17) == [("before", "ramp:7:1:before:2026-10-29")]
    assert kinds_on(date(2026, 10, 31), 9) == [("due", "ramp:7:1:due:2026-10-31")]
    assert kinds_on(date(2026, 11, 1), 9) == [("overdue", "ramp:7:1:overdue:2026-11-01")]


def test_a_day_begins_at_nine() -> None:
    assert kinds_on(date(2026, 11, 1), 8) == [("due", "ramp:7:1:due:2026-10-31")]


def test_thirty_silent_days_leave_one_reminder() -> None:
    on = date(2026, 10, 31) + timedelta(days=30)
    assert kinds_on(on, 12) == [("overdue", "ramp:7:1:overdue:2026-11-30")]


def test_a_held_plan_is_silent_and_its_reminders_follow_the_new_date() -> None:
    held = Event(2, Kind.HELD, local(PLAN, date(2026, 10, 30)))
    resumed = Event(3, Kind.RESUMED, local(PLAN, date(2026, 11, 9)))
    assert kinds_on(date(2026, 11, 5), 12, held) == []
    assert kinds_on(date(2026, 11, 9), 12, held, resumed) == [
        ("before", "ramp:7:1:before:2026-11-08")
    ]
    assert kinds_on(date(2026, 11, 10), 12, held, resumed) == [("due", "ramp:7:1:due:2026-11-10")]


def test_an_ended_plan_is_silent() -> None:
    ended = Event(2, Kind.ENDED, local(PLAN, date(2026, 10, 30)))
    assert kinds_on(date(2026, 11, 5), 12, ended) == []
