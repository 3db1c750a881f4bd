from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from tests.truscan.ramp.lives import local, make_plan
from truscan.ramp.plan import Event, Kind, Track
from truscan.ramp.schedule import Action, Phase, Status, fold, fold_as_of

# Ten days at every level: 10 on 21 October, 20 on 31 October, ... 100 on 19 January.
PLAN = make_plan()


def happened(*events: tuple[Kind, date] | tuple[Kind, date, str]) -> list[Event]:
    return [
        Event(number, event[0], local(PLAN, event[1]), event[2] if len(event) > 2 else "")
        for number, event in enumerate(events, 1)
    ]


def test_a_new_plan_waits_for_its_first_level() -> None:
    state = fold(PLAN, [], local(PLAN, date(2026, 10, 1)))
    assert state.phase is Phase.PLANNED
    assert state.level_in_force is None
    assert state.next is not None
    assert (state.next.level, state.next.on) == ("10", date(2026, 10, 21))
    assert state.next.at == datetime(2026, 10, 21, 7, tzinfo=UTC)
    assert state.projected_days == 90
    assert not state.is_outside_guide
    assert state.permit(Action.CONFIRM).why_reason == "This is 20 days before its date."


def test_a_confirmed_level_is_in_force() -> None:
    events = happened((Kind.CONFIRMED, date(2026, 10, 21), "10"))
    state = fold(PLAN, events, local(PLAN, date(2026, 10, 25)))
    assert state.phase is Phase.RUNNING
    assert state.level_in_force == "10"
    assert state.in_force_since == events[0].at
    assert state.next is not None
    assert state.next.on == date(2026, 10, 31)
    assert state.day_number == 5
    assert [step.status for step in state.steps[:3]] == [
        Status.IN_FORCE,
        Status.NEXT,
        Status.LATER,
    ]


def test_lateness_pushes_the_rest_and_keeps_every_stay() -> None:
    events = happened((Kind.CONFIRMED, date(2026, 10, 24), "10"))
    state = fold(PLAN, events, local(PLAN, date(2026, 10, 25)))
    assert [step.due_on for step in state.steps[:3]] == [
        date(2026, 10, 24),
        date(2026, 11, 3),
        date(2026, 11, 13),
    ]
    assert state.projected_end_on == date(2027, 1, 22)
    assert state.projected_days == 90


def test_an_early_level_does_not_pull_the_rest() -> None:
    events = happened((Kind.CONFIRMED, date(2026, 10, 19), "10"))
    state = fold(PLAN, events, local(PLAN, date(2026, 10, 20)))
    assert state.next is not None
    assert state.next.on == date(2026, 10, 31)
    assert state.projected_days == 92
    assert state.is_outside_guide


def test_an_overdue_step_counts_days_and_moves_the_projection() -> None:
    events = happened((Kind.CONFIRMED, date(2026, 10, 21), "10"))
    state = fold(PLAN, events, local(PLAN, date(2026, 11, 5)))
    assert state.days_overdue == 5
    assert state.next is not None
    assert state.next.on == date(2026, 10, 31)
    assert state.projected_end_on == date(2027, 1, 24)
    assert state.projected_days == 95
    assert state.is_outside_guide


def test_days_on_hold_do_not_count() -> None:
    events = happened(
        (Kind.CONFIRMED, date(2026, 10, 21), "10"),
        (Kind.HELD, date(2026, 10, 25)),
    )
    held = fold(PLAN, events, local(PLAN, date(2026, 11, 20)))
    assert held.phase is Phase.HELD
    assert held.days_overdue == 0
    assert held.permit(Action.CONFIRM).why_not == "The plan is held: resume it first."
    assert held.next is not None
    assert held.next.on == date(2026, 11, 26)
    events.append(Event(3, Kind.RESUMED, local(PLAN, date(2026, 11, 20))))
    resumed = fold(PLAN, events, local(PLAN, date(2026, 11, 20)))
    assert resumed.phase is Phase.RUNNING
    assert resumed.next == held.next


def test_a_plan_held_when_late_is_due_on_the_day_it_resumes() -> None:
    events = happened(
        (Kind.CONFIRMED, date(2026, 10, 21), "10"),
        (Kind.HELD, date(2026, 11, 5)),
        (Kind.RESUMED, date(2026, 11, 9)),
    )
    state = fold(PLAN, events, local(PLAN, date(2026, 11, 9)))
    assert state.next is not None
    assert state.next.on == date(2026, 11, 9)
    assert state.steps[2].due_on == date(2026, 11, 19)


def test_back_is_one_level_down_and_then_up_again() -> None:
    events = happened(
        (Kind.CONFIRMED, date(2026, 10, 21), "10"),
        (Kind.CONFIRMED, date(2026, 10, 31), "20"),
        (Kind.BACK, date(2026, 11, 3), "10"),
    )
    state = fold(PLAN, events, local(PLAN, date(2026, 11, 4)))
    assert state.level_in_force == "10"
    assert state.next is not None
    assert (state.next.level, state.next.on) == ("20", date(2026, 11, 13))
    assert state.steps[2].due_on == date(2026, 11, 23)
    assert state.steps[1].reached_on is None
    assert [(s.level, s.until is None) for s in state.spells] == [
        ("10", False),
        ("20", False),
        ("10", True),
    ]


def test_going_back_while_held_keeps_the_hold() -> None:
    events = happened(
        (Kind.CONFIRMED, date(2026, 10, 21), "10"),
        (Kind.CONFIRMED, date(2026, 10, 31), "20"),
        (Kind.HELD, date(2026, 11, 2)),
        (Kind.BACK, date(2026, 11, 3), "10"),
        (Kind.RESUMED, date(2026, 11, 8)),
    )
    state = fold(PLAN, events, local(PLAN, date(2026, 11, 8)))
    assert state.phase is Phase.RUNNING
    assert state.next is not None
    assert state.next.on == date(2026, 11, 18)


def test_the_lowest_level_has_no_way_back() -> None:
    state = fold(PLAN, [], local(PLAN, date(2026, 10, 21)))
    assert state.permit(Action.BACK).why_not == "No level has been set yet."
    events = happened((Kind.CONFIRMED, date(2026, 10, 21), "10"))
    state = fold(PLAN, events, local(PLAN, date(2026, 10, 21)))
    assert state.permit(Action.BACK).why_not == "10 is the lowest level."


def test_the_last_level_finishes_the_plan() -> None:
    events = happened(
        *((Kind.CONFIRMED, step.planned_on, step.level) for step in PLAN.steps),
    )
    state = fold(PLAN, events, local(PLAN, date(2027, 3, 1)))
    assert state.phase is Phase.FINISHED
    assert state.next is None
    assert state.projected_days == 90
    assert state.permit(Action.CONFIRM).why_not == "The last level, 100, is in force."
    assert not state.permit(Action.HOLD).is_allowed
    assert state.permit(Action.BACK).level == "90"


def test_an_ended_plan_allows_nothing_and_keeps_its_level() -> None:
    events = happened(
        (Kind.CONFIRMED, date(2026, 10, 21), "10"),
        (Kind.ENDED, date(2026, 10, 25)),
        (Kind.CONFIRMED, date(2026, 10, 31), "20"),
    )
    state = fold(PLAN, events, local(PLAN, date(2026, 12, 1)))
    assert state.phase is Phase.ENDED
    assert state.level_in_force == "10"
    assert {permit.why_not for permit in state.permits} == {"This plan has ended."}
    assert state.steps[1].status is Status.DROPPED


def test_moving_a_step_moves_the_rest() -> None:
    moved = Event(2, Kind.MOVED, local(PLAN, date(2026, 10, 22)), "30", on=date(2026, 11, 14))
    events = [*happened((Kind.CONFIRMED, date(2026, 10, 21), "10")), moved]
    state = fold(PLAN, events, local(PLAN, date(2026, 10, 22)))
    assert [step.due_on.day for step in state.steps[1:4]] == [31, 14, 24]
    assert state.projected_end_on == date(2027, 1, 23)
    assert state.is_outside_guide


def test_a_step_never_moves_before_the_one_below_it() -> None:
    moved = Event(2, Kind.MOVED, local(PLAN, date(2026, 10, 22)), "30", on=date(2026, 10, 1))
    events = [*happened((Kind.CONFIRMED, date(2026, 10, 21), "10")), moved]
    state = fold(PLAN, events, local(PLAN, date(2026, 10, 22)))
    assert state.steps[2].due_on == date(2026, 11, 1)


def test_a_repeated_confirmation_changes_nothing() -> None:
    events = happened(
        (Kind.CONFIRMED, date(2026, 10, 21), "10"),
        (Kind.CONFIRMED, date(2026, 10, 23), "10"),
    )
    now = local(PLAN, date(2026, 10, 24))
    assert fold(PLAN, events, now) == fold(PLAN, events[:1], now)


def test_a_clock_set_back_loses_nothing() -> None:
    events = happened(
        (Kind.CONFIRMED, date(2026, 10, 21), "10"),
        (Kind.CONFIRMED, date(2026, 10, 31), "20"),
        (Kind.HELD, date(2026, 10, 30)),
    )
    state = fold(PLAN, events, local(PLAN, date(2026, 10, 29)))
    assert state.level_in_force == "20"
    assert state.phase is Phase.HELD
    assert state.now == events[1].at


def test_any_day_can_be_asked_for() -> None:
    events = happened(
        (Kind.CONFIRMED, date(2026, 10, 21), "10"),
        (Kind.CONFIRMED, date(2026, 10, 31), "20"),
    )
    assert fold_as_of(PLAN, events, local(PLAN, date(2026, 10, 22))).level_in_force == "10"
    assert fold_as_of(PLAN, events, local(PLAN, date(2026, 10, 20))).level_in_force is None
    assert fold_as_of(PLAN, events, local(PLAN, date(2027, 1, 1))).level_in_force == "20"


def test_it_rejects_a_naive_now() -> None:
    with pytest.raises(ValueError, match="aware"):
        fold(PLAN, [], datetime(2026, 10, 21))  # noqa: DTZ001 - the naive time is the point


def test_keyloggers_end_at_high() -> None:
    plan = make_plan(Track.KEYLOGGERS, days=60)
    start = local(plan, plan.start_on)
    events = [
        Event(1, Kind.CONFIRMED, start, "low"),
        Event(2, Kind.CONFIRMED, start + timedelta(days=60), "high"),
    ]
    assert fold(plan, events, start + timedelta(days=61)).phase is Phase.FINISHED
