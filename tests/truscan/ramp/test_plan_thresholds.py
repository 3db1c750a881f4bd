from __future__ import annotations

from datetime import timedelta

import pytest

from tests.make import SYSTEM
from tests.truscan.ramp.plans import at, climb, make_stored
from truscan.models.audit import AuditEvent
from truscan.models.ramp import RampPlan
from truscan.ramp.errors import NotAllowed, ReasonNeeded
from truscan.ramp.gates import Answer, Reading
from truscan.ramp.in_force import last_changes
from truscan.ramp.judge import judge
from truscan.ramp.plan_thresholds import set_threshold
from truscan.ramp.scan_settings import record_setting

pytestmark = pytest.mark.django_db


def reading(plan: RampPlan, gate: str, day: int) -> Reading:
    (judged,) = judge([plan], at(day))
    return next(one for one in judged.readings if one.key == gate)


def test_a_plan_asks_its_own_bounds_and_says_who_set_them() -> None:
    plan = climb(make_stored(), 1)
    told = {"actor": SYSTEM, "plan": plan, "gate": "days", "back_at": None, "mode": "required"}
    with pytest.raises(ReasonNeeded, match="Days at the level"):
        set_threshold(**told, bound=9, reason=" ")  # type: ignore[arg-type]
    for bound, why in ((float("nan"), "from 0 to 60"), (61, "from 0 to 60")):
        with pytest.raises(NotAllowed, match=why):
            set_threshold(**told, bound=bound, reason="r")  # type: ignore[arg-type]
    for wrong in ({"gate": "moon"}, {"mode": "never"}, {"back_at": 12.0}):
        with pytest.raises(NotAllowed):
            set_threshold(**{**told, **wrong}, bound=9, reason="r")  # type: ignore[arg-type]
    for _ in range(2):
        set_threshold(**told, bound=9, reason="slow clients")  # type: ignore[arg-type]
    (entry,) = AuditEvent.objects.filter(code="ramp.threshold_set")
    assert entry.before is not None
    assert entry.after is not None
    assert (entry.before["bound"], entry.after["bound"], entry.reason) == (3, 9, "slow clients")
    assert reading(plan, "days", 4).threshold.bound == 9


def test_the_content_gate_answers_once_a_date_is_recorded() -> None:
    plan = climb(make_stored(), 1)
    assert reading(plan, "content", 9).answer is Answer.INCONCLUSIVE
    before = last_changes(at(9))
    for wrong in ("yesterday", "2031-01-01", "2019-01-01"):
        with pytest.raises(NotAllowed, match=r"content|Content"):
            record_setting(
                actor=SYSTEM, policy=plan.scan_policy, setting="content", value=wrong, now=at(4)
            )
    for day in (4, 7):  # told again, unchanged: still since day 4
        record_setting(
            actor=SYSTEM,
            policy=plan.scan_policy,
            setting="content",
            value="2026-03-05",
            now=at(day),
        )
    found = reading(plan, "content", 9)
    assert (found.answer, found.number) == (Answer.PASS, 5)
    assert found.detail == "Content of 2026-03-05."
    # New content is no scan setting: the log is read on since the level was set.
    assert last_changes(at(9)) == before
    record_setting(
        actor=SYSTEM, policy=plan.scan_policy, setting="content", value="2026-03-10",
        now=at(8) + timedelta(hours=1),
    )  # fmt: skip
    assert reading(plan, "content", 9).answer is Answer.FAIL


def test_turned_off_notifications_load_nobody() -> None:
    plan = climb(make_stored(), 1)
    record_setting(
        actor=SYSTEM, policy=plan.scan_policy, setting="notifications", value="off", now=at(4)
    )
    assert reading(plan, "load", 9).number == 0
