from __future__ import annotations

from datetime import date, timedelta

import pytest

from tests.truscan.ramp.lives import local, make_plan
from truscan.ramp.layout import Shape, climb_days, lay_out
from truscan.ramp.open_days import BUSINESS_DAYS, ClosedFor, Closure, OpenDays, read_closures
from truscan.ramp.plan import Event, Kind, Plan, Profile, Stage, Track
from truscan.ramp.schedule import Action, Phase, State, fold
from truscan.ramp.travel import travel
from truscan.ramp.words import clicks, level_name

START = date(2026, 10, 1)
WHOLE = make_plan(start_on=START, days=81, break_in=14, enforce_after=7, watch=14)
FREEZE = Closure(date(2026, 12, 20), date(2027, 1, 3), ClosedFor.FREEZE, "Year end")


def confirmed(plan: Plan, steps: int) -> list[Event]:
    return [
        Event(step.position + 1, Kind.CONFIRMED, local(plan, step.planned_on), step.level)
        for step in plan.steps[:steps]
    ]


def after(plan: Plan, steps: int) -> State:
    events = confirmed(plan, steps)
    return fold(plan, events, events[-1].at)


def test_a_plan_has_four_phases() -> None:
    stages = [step.stage for step in WHOLE.steps]
    assert stages == [Stage.BREAK_IN, *[Stage.LOG] * 10, Stage.ENFORCEMENT, Stage.WATCH]
    assert WHOLE.steps[1].planned_on == START + timedelta(days=14)
    assert WHOLE.steps[-1].planned_on == START + timedelta(days=14 + 81 + 7 + 14)
    assert climb_days(Track.TROJANS, WHOLE.steps) == 81
    assert after(WHOLE, 1).stage is Stage.BREAK_IN
    assert after(WHOLE, 12).level_in_force == "quarantine"


def test_the_end_of_the_watch_sets_nothing_and_finishes_the_plan() -> None:
    state = after(WHOLE, 13)
    assert state.phase is Phase.FINISHED
    assert (state.level_in_force, state.projected_days) == ("quarantine", 81)
    assert state.spells[-1].since == confirmed(WHOLE, 12)[-1].at
    assert [step.status.value for step in state.steps[-2:]] == ["in force", "done"]
    assert state.permit(Action.BACK).level == "100"
    assert level_name("trojans", "quarantine") == "100 with Quarantine"
    assert "Nothing is set in SEPM" in " ".join(clicks("trojans", "AV", "watched"))


def test_the_remote_profile_stops_from_the_first_day() -> None:
    shape = Shape(1, "terminate", watch=14, profile=Profile.REMOTE)
    steps = lay_out(Track.KEYLOGGERS, START, shape)
    assert [step.level for step in steps] == ["terminate", "watched"]
    assert climb_days(Track.KEYLOGGERS, steps) is None
    with pytest.raises(ValueError, match="remote profile"):
        lay_out(Track.COMMERCIAL, START, shape)


def test_weekends_do_not_add_up_and_a_freeze_is_stepped_over() -> None:
    steps = lay_out(Track.TROJANS, START, Shape(75), OpenDays(BUSINESS_DAYS, (FREEZE,)))
    assert all(step.planned_on.weekday() < 5 for step in steps)
    assert all(not FREEZE.covers(step.planned_on) for step in steps)
    assert climb_days(Track.TROJANS, lay_out(Track.TROJANS, START, Shape(75), OpenDays(
        BUSINESS_DAYS))) == 75  # fmt: skip


def test_dwells_are_kept_and_counted() -> None:
    dwells = (3, 3, 5, 7, 7, 10, 10, 12, 14)
    plan = lay_out(Track.TROJANS, START, Shape(71, dwells=dwells))
    assert tuple(step.dwell for step in plan[:-1]) == dwells
    with pytest.raises(ValueError, match="of 9 levels, not of 1"):
        lay_out(Track.TROJANS, START, Shape(71, dwells=(9,)))


def test_a_change_freeze_asks_for_a_reason_and_a_holiday_does_not() -> None:
    for kind, why in ((ClosedFor.FREEZE, "change freeze"), (ClosedFor.HOLIDAY, "")):
        closure = Closure(START + timedelta(days=3), START + timedelta(days=3), kind, "Audit")
        plan = make_plan(start_on=START, open_days=OpenDays(closures=(closure,)))
        permit = fold(plan, [], local(plan, closure.first)).permit(Action.CONFIRM)
        assert why in permit.why_reason
        assert bool(permit.why_reason) == bool(why)


def test_a_lifted_freeze_gives_the_dates_back() -> None:
    now = local(WHOLE, START - timedelta(days=1))
    plain = fold(WHOLE, [], now).projected_end_on
    frozen = Event(1, Kind.CALENDAR, now, open_days=OpenDays(closures=(FREEZE,)))
    lifted = Event(2, Kind.CALENDAR, now, open_days=OpenDays())
    assert fold(WHOLE, [frozen], now).projected_end_on > plain
    assert fold(WHOLE, [frozen, lifted], now).projected_end_on == plain


def test_an_override_is_for_the_next_level_and_ends_with_it() -> None:
    events, at = confirmed(WHOLE, 2), local(WHOLE, START + timedelta(days=20))
    wrong = Event(8, Kind.OVERRIDDEN, at, "50", actor="anna")
    asked = Event(9, Kind.OVERRIDE_ASKED, at, "20", actor="anna")
    given = Event(10, Kind.OVERRIDDEN, at, "20", actor="ben")
    assert fold(WHOLE, [*events, wrong], at).overridden is None
    state = fold(WHOLE, [*events, asked, given], at)
    assert (state.override_asked, state.overridden) == (asked, given)
    done = Event(11, Kind.CONFIRMED, at, "20")
    assert fold(WHOLE, [*events, asked, given, done], at).overridden is None


def test_any_day_can_be_visited() -> None:
    events, now = confirmed(WHOLE, 3), local(WHOLE, START + timedelta(days=30))
    past = travel(WHOLE, events, START + timedelta(days=5), now)
    assert (past.state.level_in_force, past.is_past) == ("defaults", True)
    future = travel(WHOLE, events, WHOLE.steps[-1].planned_on, now)
    assert (future.state.phase, future.imagined) == (Phase.FINISHED, 10)
    held = Event(9, Kind.HELD, now)
    assert travel(WHOLE, [*events, held], START + timedelta(days=99), now).imagined == 0


@pytest.mark.parametrize(
    "line", ["tomorrow freeze", "2026-12-20 party", "2026-12-20 2026-12-01 freeze", "2026-12-20"]
)
def test_it_rejects_a_closure_that_cannot_be_read(line: str) -> None:
    with pytest.raises(ValueError, match="Line 1"):
        read_closures(line)
