from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import InternalError, ProgrammingError, transaction

from tests.make import SYSTEM, make_group, make_user
from tests.truscan.ramp.plans import SALES, START, at, climb, make_stored
from truscan.access.actor import Actor
from truscan.audit import verify
from truscan.models.audit import AuditEvent
from truscan.models.estate import Location
from truscan.models.ramp import RampEvent, RampPlan, ScanPolicyUse
from truscan.ramp.actions import act, back, confirm_level, end, hold, resume
from truscan.ramp.create import create_plan
from truscan.ramp.errors import NotAllowed, PlanExists, PlanRefused, ReasonNeeded
from truscan.ramp.rows import state_of
from truscan.ramp.schedule import Action, Phase

pytestmark = pytest.mark.django_db


def kinds(plan: RampPlan) -> list[str]:
    return list(plan.events.order_by("id").values_list("kind", flat=True))


def test_it_makes_a_plan_with_steps_groups_and_ledger() -> None:
    plan = make_stored(reason="break-in is over")
    assert [step.level for step in plan.steps.all()][:2] == ["10", "20"]
    assert plan.scan_policy.uses.get().group.path == SALES
    assert kinds(plan) == ["created"]
    written = AuditEvent.objects.get()
    assert (written.code, written.object_name) == ("ramp.created", "AV Sales · Trojans and worms")
    assert written.reason == "break-in is over"
    assert verify()[2] == []


def test_an_equal_plan_is_returned_as_it_is() -> None:
    assert make_stored() == make_stored()
    assert AuditEvent.objects.count() == 1


def test_an_equal_plan_takes_a_new_group_and_says_so() -> None:
    plan = make_stored()
    again = make_stored(make_group("My Company\\Lab"))
    assert again == plan
    assert ScanPolicyUse.objects.count() == 2
    assert AuditEvent.objects.first().code == "scan_policy.assigned"  # type: ignore[union-attr]


def test_it_rejects_a_second_plan_until_the_first_ended() -> None:
    plan = make_stored()
    with pytest.raises(PlanExists, match="end it first"):
        make_stored(days=60)
    end(actor=SYSTEM, plan=plan, reason="wrong length", now=at(0))
    assert make_stored(days=60) != plan


def test_one_scan_policy_may_have_a_plan_for_each_track() -> None:
    make_stored()
    make_stored(track="keyloggers", uses=[])
    make_stored(track="commercial", action="terminate", uses=[])
    assert RampPlan.objects.count() == 3


def test_it_rejects_a_group_that_has_another_scan_policy() -> None:
    make_stored()
    with pytest.raises(PlanRefused, match="AV Sales"):
        make_stored(scan_policy="AV Other")
    assert not RampPlan.objects.filter(scan_policy__name="AV Other").exists()


def test_it_rejects_a_location_of_another_group() -> None:
    sales, lab = make_group(SALES), make_group("My Company\\Lab")
    vpn = Location.objects.create(group=lab, name="VPN", name_key="vpn")
    with pytest.raises(PlanRefused, match="VPN"):
        make_stored(uses=[(sales, vpn)])


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"days": 59}, "guide says 60 to 90"),
        ({"days": 91}, "guide says 60 to 90"),
        ({"track": "worms"}, "track"),
        ({"zone": "Mars/Base"}, "time zone"),
        ({"start_on": date(1970, 1, 1)}, "check the year"),
        ({"scan_policy": "  "}, "name"),
        ({"uses": []}, "at least one group"),
        ({"track": "commercial", "action": "delete"}, "delete"),
    ],
)
def test_it_rejects_a_plan_that_cannot_be(fields: dict[str, Any], why: str) -> None:
    with pytest.raises((PlanRefused, ReasonNeeded), match=why):
        make_stored(**fields)
    assert not RampPlan.objects.exists()


def test_a_level_is_confirmed_with_its_actor() -> None:
    plan, approver = make_stored(), make_user("anna")
    confirm_level(actor=Actor.on_web(approver), plan=plan, level="10", now=at(0))
    event = plan.events.last()
    assert event is not None
    assert (event.kind, event.level, event.actor_name, event.means) == (
        "confirmed",
        "10",
        "anna",
        "web",
    )
    written = AuditEvent.objects.first()
    assert written is not None
    assert written.code == "ramp.confirmed"
    assert written.after is not None
    assert written.after["level"] == "10"


def test_a_repeated_confirmation_changes_nothing() -> None:
    plan = make_stored()
    for _ in range(2):
        confirm_level(actor=SYSTEM, plan=plan, level="10", now=at(0))
    assert kinds(plan) == ["created", "confirmed"]


def test_it_rejects_a_level_that_is_not_the_next() -> None:
    plan = climb(make_stored(), 2)
    with pytest.raises(NotAllowed, match="next level is level 30, not level 50"):
        confirm_level(actor=SYSTEM, plan=plan, level="50", now=at(20))


def test_an_early_level_needs_a_reason() -> None:
    plan = climb(make_stored(), 1)
    with pytest.raises(ReasonNeeded, match="7 days before its date"):
        confirm_level(actor=SYSTEM, plan=plan, level="20", now=at(3))
    confirm_level(actor=SYSTEM, plan=plan, level="20", now=at(3), reason="nothing new for days")
    assert state_of(plan, at(3)).level_in_force == "20"


def test_back_goes_down_one_level_once() -> None:
    plan = climb(make_stored(), 3)
    for _ in range(2):
        back(actor=SYSTEM, plan=plan, level="20", reason="too many reports", now=at(21))
    assert kinds(plan)[-2:] == ["confirmed", "back"]
    state = state_of(plan, at(21))
    assert state.level_in_force == "20"
    assert state.next is not None
    assert (state.next.level, state.next.on) == ("30", START + timedelta(days=31))


def test_back_needs_a_reason_and_a_level_below() -> None:
    plan = climb(make_stored(), 1)
    with pytest.raises(NotAllowed, match="lowest"):
        back(actor=SYSTEM, plan=plan, level="", reason="x", now=at(1))
    climb(plan, 2)
    with pytest.raises(ReasonNeeded):
        back(actor=SYSTEM, plan=plan, level="10", reason=" ", now=at(11))


@pytest.mark.parametrize("reason", ["x" * 2001, "a\x00b"])
def test_it_rejects_a_reason_that_cannot_be_kept(reason: str) -> None:
    plan = climb(make_stored(), 1)
    with pytest.raises(ReasonNeeded, match="plain text"):
        hold(actor=SYSTEM, plan=plan, reason=reason, now=at(4))


def test_hold_stops_and_resume_starts_the_clock() -> None:
    plan = climb(make_stored(), 1)
    hold(actor=SYSTEM, plan=plan, reason="change freeze", now=at(4))
    hold(actor=SYSTEM, plan=plan, reason="again", now=at(5))
    with pytest.raises(NotAllowed, match="resume it first"):
        confirm_level(actor=SYSTEM, plan=plan, level="20", now=at(12))
    resume(actor=SYSTEM, plan=plan, now=at(14))
    resume(actor=SYSTEM, plan=plan, now=at(15))
    assert kinds(plan) == ["created", "confirmed", "held", "resumed"]
    state = state_of(plan, at(15))
    assert state.next is not None
    assert state.next.on == START + timedelta(days=20)


def test_an_ended_plan_takes_nothing_more() -> None:
    plan = climb(make_stored(), 1)
    for _ in range(2):
        end(actor=SYSTEM, plan=plan, reason="merged into another policy", now=at(4))
    plan.refresh_from_db()
    assert plan.ended_at == at(4)
    for action in (Action.CONFIRM, Action.HOLD, Action.RESUME, Action.BACK):
        with pytest.raises(NotAllowed, match="ended"):
            act(action, actor=SYSTEM, plan=plan, level="20", reason="x", now=at(5))
    assert state_of(plan, at(6)).phase is Phase.ENDED


def test_a_clock_set_back_keeps_the_order_of_events() -> None:
    plan = climb(make_stored(), 2)
    hold(actor=SYSTEM, plan=plan, reason="freeze", now=at(3))
    times = list(plan.events.order_by("id").values_list("at", flat=True))
    assert times == sorted(times)
    assert state_of(plan, at(3)).level_in_force == "20"


def test_events_cannot_be_changed() -> None:
    plan = make_stored()
    with pytest.raises((InternalError, ProgrammingError)), transaction.atomic():
        RampEvent.objects.filter(plan=plan).update(level="90")


def test_create_takes_keywords_only() -> None:
    with pytest.raises(TypeError):
        create_plan(SYSTEM, "AV Sales")  # type: ignore[call-arg]
