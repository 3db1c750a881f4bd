from __future__ import annotations

from dataclasses import fields, replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.cases import cases
from tests.truscan.ramp.facts import NOW, make_facts
from tests.truscan.ramp.lives import Life, lives, local, make_plan
from truscan.ramp.advice import Advised, advise, why_held
from truscan.ramp.facts import Facts
from truscan.ramp.gates import Answer, Reading, overall, read_gates
from truscan.ramp.plan import Event, Kind
from truscan.ramp.schedule import Action, State, fold
from truscan.ramp.thresholds import RULES, Key, Mode, Threshold, checked, defaults
from truscan.ramp.unseen import Seen

CASES = settings(max_examples=cases(200), deadline=None)
NUMBERS = st.one_of(st.none(), st.integers(0, 5000))


def reading(facts: Facts, key: Key, threshold: Threshold | None = None) -> Reading:
    thresholds = {**defaults(), **({key: threshold} if threshold else {})}
    return next(r for r in read_gates(facts, thresholds, NOW) if r.key is key)


@st.composite
def seens(draw: st.DrawFn) -> Seen:
    counts = draw(st.lists(st.integers(1, 30), max_size=60))
    return Seen(sum(counts), len(counts), counts.count(1), counts.count(2))


@st.composite
def any_facts(draw: st.DrawFn) -> Facts:
    days = draw(st.integers(0, 90))
    numbers = (
        "clients", "open_processes", "potential", "potential_ignored", "security",
        "legitimate_as_risk", "false_quarantines",
    )  # fmt: skip
    drawn = {name: draw(NUMBERS) for name in numbers}
    at = st.one_of(st.none(), st.integers(-90, 5).map(lambda n: NOW + timedelta(days=n)))
    return make_facts(
        **drawn,
        days=days,
        days_reported=draw(st.integers(0, days)),
        heard=draw(st.integers(0, 6000)),
        newest_at=draw(at),
        oldest_open_at=draw(at),
        content_since=draw(at),
        load=draw(st.one_of(st.none(), st.floats(0, 1e6))),
        seen=draw(st.one_of(st.none(), seens())),
    )


@st.composite
def any_thresholds(draw: st.DrawFn) -> dict[Key, Threshold]:
    found = {}
    for key, rule in RULES.items():
        bound = draw(st.floats(0, rule.most))
        back = draw(st.one_of(st.none(), st.just(bound * 2 + 1))) if rule.back_at else None
        found[key] = Threshold(bound, back, draw(st.sampled_from(Mode)))
    return found


def states() -> st.SearchStrategy[State]:
    return lives().map(lambda life: fold(life.plan, life.events, life.until))


def running(levels: int = 2) -> State:
    plan = make_plan()
    events = [
        Event(n + 1, Kind.CONFIRMED, local(plan, step.planned_on), step.level)
        for n, step in enumerate(plan.steps[:levels])
    ]
    return fold(plan, events, events[-1].at + timedelta(days=4))


def test_it_works() -> None:
    readings = read_gates(make_facts(), defaults(), NOW)
    assert [r.key for r in readings] == list(Key)
    assert {r.answer for r in readings} == {Answer.PASS}
    assert advise(running(), readings).advised is Advised.ADVANCE
    assert why_held(readings) == ""


@pytest.mark.parametrize(
    ("key", "unknown"),
    [
        (Key.DAYS, {"days_reported": 0}),
        (Key.HEARD, {"clients": None, "groups_unknown": 1}),
        (Key.HEARD, {"clients": 0}),
        (Key.FRESH, {"newest_at": None}),
        (Key.FRESH, {"clients": None, "groups_unknown": 2}),
        (Key.OPEN, {"open_processes": None}),
        (Key.WAITING, {"open_processes": None}),
        (Key.COVERED, {"potential_ignored": None}),
        (Key.LEGITIMATE, {"legitimate_as_risk": None}),
        (Key.FALSE_QUARANTINES, {"false_quarantines": None}),
        (Key.LOAD, {"load": None}),
        (Key.CONTENT, {"content_since": None}),
        (Key.UNSEEN, {"seen": None}),
        (Key.UNSEEN, {"seen": Seen(0, 0, 0, 0)}),
        # Nothing new among 59 shows only that new ones are rarer than one in twenty.
        (Key.UNSEEN, {"seen": Seen(59, 8, 0, 0)}),
    ],
)
def test_what_is_not_known_is_inconclusive(key: Key, unknown: dict[str, object]) -> None:
    found = reading(make_facts(**unknown), key)
    assert (found.answer, found.number) == (Answer.INCONCLUSIVE, None)
    assert found.sentence.endswith(".")
    assert found.shown == "–"


@pytest.mark.parametrize(
    ("key", "bad", "shown"),
    [
        (Key.DAYS, {"days_reported": 2}, "2 days"),
        (Key.HEARD, {"heard": 655}, "50 %"),
        (Key.FRESH, {"newest_at": NOW - timedelta(hours=40)}, "40 h"),
        (Key.OPEN, {"open_processes": 6}, "6"),
        (Key.WAITING, {"oldest_open_at": NOW - timedelta(days=9)}, "9 days"),
        (Key.COVERED, {"potential_ignored": 40}, "10 %"),
        (Key.LEGITIMATE, {"legitimate_as_risk": 1}, "1"),
        (Key.FALSE_QUARANTINES, {"false_quarantines": 1}, "1"),
        (Key.LOAD, {"load": 20.5}, "20 a day"),
        (Key.CONTENT, {"content_since": NOW - timedelta(hours=12)}, "0.5 days"),
        (Key.UNSEEN, {"seen": Seen(60, 20, 4, 1)}, "6.7 %"),
    ],
)
def test_a_number_beyond_its_bound_fails(key: Key, bad: dict[str, object], shown: str) -> None:
    found = reading(make_facts(**bad), key)
    assert (found.answer, found.shown) == (Answer.FAIL, shown)
    assert found.rule.title in found.sentence
    assert found.bound_shown in found.sentence


def test_notifications_that_are_off_flood_nobody() -> None:
    assert reading(make_facts(load=900.0, notifies=False), Key.LOAD).answer is Answer.PASS


def test_the_hold_is_told_in_one_sentence() -> None:
    facts = make_facts(open_processes=12, clients=None, groups_unknown=1)
    advice = advise(running(), read_gates(facts, defaults(), NOW))
    assert advice.advised is Advised.HOLD
    assert advice.sentence == (
        "Hold: open processes 12 (at most 5); “Clients heard from” and “Age of the newest line” "
        "cannot be told yet."
    )
    assert len(advice.reasons) == 3


def test_many_legitimate_processes_called_risks_send_a_plan_back() -> None:
    readings = read_gates(make_facts(legitimate_as_risk=5, open_processes=12), defaults(), NOW)
    assert advise(running(2), readings).advised is Advised.BACK
    assert "Go back to 10" in advise(running(2), readings).sentence
    # From the lowest level there is no way back.
    assert advise(running(1), readings).advised is Advised.HOLD


@CASES
@given(any_facts(), any_thresholds(), states())
def test_any_facts_are_judged(facts: Facts, thresholds: dict[Key, Threshold], state: State) -> None:
    readings = read_gates(facts, thresholds, NOW)
    advice = advise(state, readings)
    assert [r.key for r in readings] == [k for k in Key if thresholds[k].mode is not Mode.OFF]
    for r in readings:
        assert (r.number is None) == (r.answer is Answer.INCONCLUSIVE)
        assert r.sentence.endswith(".")
        assert not (r.speaks_back and r.answer is Answer.PASS)
    counting = [r for r in readings if r.counts]
    if advice.advised is Advised.ADVANCE:
        assert {r.answer for r in counting} == {Answer.PASS}
    if advice.advised is Advised.BACK:
        assert state.permit(Action.BACK).is_allowed
    assert advice.sentence.count(". ") == 0
    assert (why_held(readings) == "") == (overall(readings) is Answer.PASS)


@CASES
@given(any_facts(), any_thresholds(), st.sampled_from([f.name for f in fields(Facts)]))
def test_forgetting_a_fact_never_opens_a_gate(
    facts: Facts, thresholds: dict[Key, Threshold], name: str
) -> None:
    """Missing data is never zero: what is not known any more may only turn an answer unclear."""
    if name in ("days", "by_log", "by_plan", "heard_lately", "groups_unknown", "notifies", "heard"):
        return
    less = replace(facts, **{name: 0 if name == "days_reported" else None})  # type: ignore[arg-type]
    if name == "oldest_open_at":
        less = replace(less, open_processes=None)
    before = {r.key: r.answer for r in read_gates(facts, thresholds, NOW)}
    for r in read_gates(less, thresholds, NOW):
        assert r.answer is not Answer.PASS or before[r.key] is Answer.PASS
        assert r.answer in (before[r.key], Answer.INCONCLUSIVE) or r.key is Key.DAYS


@CASES
@given(lives(), any_facts(), any_thresholds())
def test_a_gate_in_dry_run_changes_no_advice(
    life: Life, facts: Facts, thresholds: dict[Key, Threshold]
) -> None:
    state = fold(life.plan, life.events, life.until)
    dry = {k: t for k, t in thresholds.items() if t.mode is Mode.DRY_RUN}
    off = {**thresholds, **{k: replace(t, mode=Mode.OFF) for k, t in dry.items()}}
    with_dry, without = (read_gates(facts, t, NOW) for t in (thresholds, off))
    assert advise(state, with_dry) == advise(state, without)


def test_it_rejects_bounds_that_make_no_sense() -> None:
    assert checked(Key.OPEN, 0, None, Mode.REQUIRED) == Threshold(0, None, Mode.REQUIRED)
    for key, bound, back in (
        (Key.HEARD, 1.5, None),
        (Key.OPEN, -1, None),
        (Key.OPEN, float("nan"), None),
        (Key.OPEN, float("inf"), None),
        (Key.OPEN, 5, 9),
        (Key.LEGITIMATE, 5, 5),
    ):
        with pytest.raises(ValueError, match=r"\.$"):
            checked(key, bound, back, Mode.REQUIRED)
