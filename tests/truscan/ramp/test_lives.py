from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.cases import cases
from tests.truscan.ramp.lives import CASES, ZONES, Life, lives, make_plan, plans
from truscan.ramp.course import course_of
from truscan.ramp.plan import Event, Kind, Plan, level_in_force
from truscan.ramp.reminders import notice_day, office_day, reminders_due
from truscan.ramp.schedule import Action, Phase, Status, fold, fold_as_of
from truscan.ramp.travel import travel


def it_is_consistent(life: Life) -> None:
    state = fold(life.plan, life.events, life.until)
    dues = [step.due_on for step in state.steps]
    assert state.level_in_force == level_in_force(life.events, life.until)
    assert [step.planned_on for step in state.steps] == [s.planned_on for s in life.plan.steps]
    assert (state.phase is Phase.FINISHED) <= (
        state.steps[-1].status in (Status.IN_FORCE, Status.DONE)
    )
    if state.next is None:
        assert state.phase in (Phase.FINISHED, Phase.ENDED)
        return
    ahead = dues[state.next.position :]
    assert ahead == sorted(set(ahead))
    assert state.projected_end_on >= dues[-1]
    assert state.projected_end_on >= state.today
    for step in state.steps[state.next.position :]:
        assert step.projected_on >= max(step.due_on, state.today)


def no_stay_is_cut_short(life: Life) -> None:
    course = course_of(life.plan, life.events)
    nxt = course.next_position
    if nxt is None:
        return
    for i in range(max(nxt, 1), len(course.dates)):
        assert course.dates[i] - course.dates[i - 1] >= course.stays[i - 1]


def what_is_due_is_due_on_an_open_day(life: Life) -> None:
    state = fold(life.plan, life.events, life.until)
    if state.next is None:
        return
    for step in state.steps[state.next.position :]:
        assert state.open_days.is_open(step.due_on)
        assert state.open_days.is_open(step.projected_on)


def a_plan_that_is_followed_comes_to_its_end(life: Life, days: int) -> None:
    present = fold(life.plan, life.events, life.until)
    # A plan may be done before today; only behind both is the future.
    last = max(present.projected_end_on, present.today)
    future = travel(life.plan, life.events, last + timedelta(days=1 + days), life.until)
    if present.phase in (Phase.PLANNED, Phase.RUNNING):
        assert future.state.phase is Phase.FINISHED
        assert present.next is not None
        assert future.imagined == len(life.plan.steps) - present.next.position
        assert future.state.steps[-1].reached_on == present.projected_end_on
    else:
        assert future.state.phase is present.phase
        assert future.imagined == 0


def the_order_in_which_rows_come_back_does_not_matter(life: Life, seed: int) -> None:
    shuffled = sorted(life.events, key=lambda event: (event.id * seed) % 31)
    assert fold(life.plan, shuffled, life.until) == fold(life.plan, life.events, life.until)


@CASES
@given(lives(), st.integers(1, 300))
def test_a_whole_life(life: Life, number: int) -> None:
    """One life for all of its properties: drawing it costs more than looking at it."""
    it_is_consistent(life)
    no_stay_is_cut_short(life)
    what_is_due_is_due_on_an_open_day(life)
    a_plan_that_is_followed_comes_to_its_end(life, number)
    the_order_in_which_rows_come_back_does_not_matter(life, number)


@CASES
@given(lives(), st.integers(0, 130 * 24))
def test_travel_to_any_hour_shows_what_was_known_then(life: Life, hours: int) -> None:
    at = life.events[0].at + timedelta(hours=hours)
    expected = fold(life.plan, life.known_at(at), at)
    assert fold_as_of(life.plan, life.events, at) == expected


@CASES
@given(lives(), st.lists(st.integers(-600, 600), min_size=26, max_size=26))
def test_a_clock_that_steps_back_keeps_order_and_level(life: Life, steps: list[int]) -> None:
    crooked = [
        Event(e.id, e.kind, e.at + timedelta(minutes=m), e.level, e.reason, e.on)
        for e, m in zip(life.events, steps, strict=False)
    ]
    straight = fold(life.plan, life.events, life.until)
    bent = fold(life.plan, crooked, life.until + timedelta(days=1))
    assert bent.level_in_force == straight.level_in_force
    assert bent.phase is straight.phase
    assert fold(life.plan, crooked, life.events[0].at).level_in_force == bent.level_in_force


@CASES
@given(plans(), st.lists(st.tuples(st.sampled_from(list(Kind)), st.integers(0, 200)), max_size=40))
def test_no_heap_of_events_breaks_the_fold(plan: Plan, heap: list[tuple[Kind, int]]) -> None:
    start = datetime.combine(plan.start_on, datetime.min.time(), tzinfo=UTC)
    events = [
        Event(
            number,
            kind,
            start + timedelta(hours=seed * 13 % 1999),
            plan.steps[seed % len(plan.steps)].level if seed % 7 else "none",
            on=plan.start_on + timedelta(days=seed) if seed % 3 else None,
        )
        for number, (kind, seed) in enumerate(heap)
    ]
    state = fold(plan, events, start)
    assert len(state.permits) == len(Action)
    assert len(state.steps) == len(plan.steps)


def outbox(life: Life, ticks: list[datetime]) -> dict[str, datetime]:
    """What ticks at these moments put into an outbox whose keys are unique."""
    sent: dict[str, datetime] = {}
    for tick in ticks:
        for reminder in reminders_due(life.plan, life.known_at(tick), tick):
            sent.setdefault(reminder.key, tick)
    return sent


def hours_of(life: Life) -> list[datetime]:
    first = life.events[0].at - timedelta(days=3)
    hours = int((life.until - first) / timedelta(hours=1)) + 1
    # Five does not divide a day, so the ticks wander over every hour of it.
    return [first + timedelta(hours=n) for n in range(0, hours, 5)]


@settings(max_examples=cases(15), deadline=None)
@given(lives())
def test_doubled_ticks_send_the_same_keys(life: Life) -> None:
    ticks = hours_of(life)
    assert outbox(life, [t for tick in ticks for t in (tick, tick)]) == outbox(life, ticks)


@settings(max_examples=cases(20), deadline=None)
@given(lives())
def test_every_late_day_is_reminded_of_once(life: Life) -> None:
    days: dict[date, set[str]] = {}
    for tick in hours_of(life):
        state = fold(life.plan, life.known_at(tick), tick)
        found = reminders_due(life.plan, life.known_at(tick), tick)
        day = office_day(life.plan, tick)
        late = state.phase in (Phase.PLANNED, Phase.RUNNING) and state.next is not None
        if late and state.next is not None and day >= state.next.on:
            assert [r.on for r in found] == [day]
            days.setdefault(day, set()).update(f"{r.key}" for r in found)
    for keys in days.values():
        # Two on one day only when people worked on the plan that day: another step, or a new
        # date that makes an overdue step due.
        assert len({key.rsplit(":", 2)[0] for key in keys}) * 2 >= len(keys)


@settings(max_examples=cases(100), deadline=None)
@given(plans(), st.integers(0, 60), st.integers(3, 30))
def test_a_beat_that_slept_sends_one_for_today(plan: Plan, late: int, slept: int) -> None:
    first = plan.steps[0].planned_on
    notice_on = notice_day(plan.open_days, first)
    asleep = plan.due_at(first) - timedelta(days=3) + timedelta(days=late)
    awake = asleep + timedelta(days=slept)
    found = reminders_due(plan, [], awake)
    assert len(found) == (office_day(plan, awake) >= notice_on)
    assert all(r.on in (office_day(plan, awake), notice_on) for r in found)


@settings(max_examples=cases(25), deadline=None)
@given(st.sampled_from(ZONES), st.dates(date(2024, 1, 1), date(2030, 1, 1)))
def test_an_hourly_beat_reminds_once_a_day_through_clock_changes(zone: str, start: date) -> None:
    plan = make_plan(start_on=start, zone=zone)
    life = Life(plan, (), datetime.combine(start, datetime.min.time(), UTC) + timedelta(days=40))
    first = datetime.combine(start, datetime.min.time(), UTC) - timedelta(days=4)
    keys = list(outbox(life, [first + timedelta(hours=n) for n in range(44 * 24)]))
    kinds = [key.split(":")[3] for key in keys]
    assert kinds[:2] == ["before", "due"]
    assert set(kinds[2:]) == {"overdue"}
    days = [date.fromisoformat(key.split(":")[4]) for key in keys[1:]]
    assert days == [start + timedelta(days=n) for n in range(len(days))]
    assert len(days) >= 39
