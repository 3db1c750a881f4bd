from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from tests.make import SYSTEM, make_group, make_process, make_sighting, make_user
from tests.tokens import Caller
from tests.truscan.ramp.plans import SALES, at, climb, make_stored
from truscan.access.actor import Actor
from truscan.audit import verify
from truscan.models.audit import AuditEvent
from truscan.models.counts import DailyCount
from truscan.models.detection import Action
from truscan.models.ramp import RampPlan
from truscan.ramp.actions import confirm_level
from truscan.ramp.errors import NotAllowed, ReasonNeeded
from truscan.ramp.override import (
    ask_override,
    give_override,
    refuse_override,
    withdraw_override,
)
from truscan.ramp.rows import state_of

if TYPE_CHECKING:
    from datetime import datetime

pytestmark = pytest.mark.django_db


def flooded(moment: datetime, **fields: Any) -> RampPlan:
    """A plan whose groups have six open processes at the level in force: one more than asked."""
    group = make_group(SALES)
    plan = make_stored(group, **fields)
    action = Action.objects.create(name="Left alone", name_key="left alone")
    for number in range(6):
        process = make_process(f"p{number}.exe", str(number))
        make_sighting(process, group, candidate_occurrences=5, first_at=moment - timedelta(days=1))
        DailyCount.objects.create(
            day=moment.date(), group=group, process=process, event_type=1, action=action, rows=1,
            occurrences=5,
        )  # fmt: skip
    return plan


def test_a_failed_gate_needs_a_reason_that_is_kept_with_what_the_gates_said() -> None:
    plan = climb(flooded(at(10)), 1)
    with pytest.raises(ReasonNeeded, match=r"“Open processes”.* fail. Say why"):
        confirm_level(actor=SYSTEM, plan=plan, level="20", now=at(10))
    with pytest.raises(NotAllowed, match="No second person is required"):
        ask_override(actor=SYSTEM, plan=plan, level="20", reason="r", now=at(10))
    confirm_level(actor=SYSTEM, plan=plan, level="20", now=at(10), reason="known tools")
    overridden, confirmed = list(plan.events.order_by("pk"))[-2:]
    assert [overridden.kind, confirmed.kind] == ["overridden", "confirmed"]
    assert "open" in confirmed.facts["overrides"]
    open_gate = next(g for g in confirmed.facts["gates"] if g["gate"] == "open")
    assert open_gate == {
        "gate": "open", "answer": "fail", "number": 6, "bound": 5, "mode": "required",
    }  # fmt: skip
    codes = list(AuditEvent.objects.order_by("-pk").values_list("code", flat=True)[:2])
    assert codes == ["ramp.confirmed", "ramp.overridden"]
    assert verify()[2] == []


def test_two_people_raise_a_level_over_a_failed_gate(settings: Any) -> None:
    settings.RAMP_SECOND_PERSON = True
    plan = climb(flooded(at(10)), 1)
    anna, bert = (Actor.on_web(make_user(name)) for name in ("anna", "bert"))
    with pytest.raises(NotAllowed, match="ask for an override first"):
        confirm_level(actor=anna, plan=plan, level="20", now=at(10), reason="known tools")
    with pytest.raises(NotAllowed, match="Nobody asked"):
        give_override(actor=bert, plan=plan, level="20", now=at(10))
    with pytest.raises(ReasonNeeded):
        ask_override(actor=anna, plan=plan, level="20", reason=" ", now=at(10))
    with pytest.raises(NotAllowed, match="next level is level 20"):
        ask_override(actor=anna, plan=plan, level="30", reason="r", now=at(10))
    for _ in range(2):
        ask_override(actor=anna, plan=plan, level="20", reason="known tools", now=at(10))
    with pytest.raises(NotAllowed, match="another person has to sign"):
        confirm_level(actor=bert, plan=plan, level="20", now=at(10), reason="r")
    with pytest.raises(NotAllowed, match="You asked"):
        give_override(actor=anna, plan=plan, level="20", now=at(10))
    with pytest.raises(NotAllowed, match="account of their own"):
        give_override(actor=SYSTEM, plan=plan, level="20", now=at(10))
    for _ in range(2):
        give_override(actor=bert, plan=plan, level="20", now=at(10))
    # Later the oldest open process waits too long: nobody signed for that.
    with pytest.raises(NotAllowed, match=r"Longest wait.*ask for an override first"):
        confirm_level(actor=anna, plan=plan, level="20", now=at(16, 13))
    confirm_level(actor=anna, plan=plan, level="20", now=at(10))
    kinds = list(plan.events.order_by("pk").values_list("kind", flat=True))
    assert kinds[-3:] == ["override_asked", "overridden", "confirmed"]
    assert state_of(plan, at(10)).overridden is None


def test_an_override_is_refused_or_withdrawn_and_asked_for_again(settings: Any) -> None:
    settings.RAMP_SECOND_PERSON = True
    plan = climb(flooded(at(10)), 1)
    anna, bert = (Actor.on_web(make_user(name)) for name in ("anna", "bert"))
    about: dict[str, Any] = {"plan": plan, "level": "20", "now": at(10)}
    with pytest.raises(NotAllowed, match="No override of this level is asked for"):
        withdraw_override(actor=anna, **about)
    ask_override(actor=anna, reason="known tools", **about)
    with pytest.raises(NotAllowed, match="withdraw it instead"):
        refuse_override(actor=anna, reason="r", **about)
    with pytest.raises(NotAllowed, match="account of their own"):
        refuse_override(actor=SYSTEM, reason="r", **about)
    with pytest.raises(ReasonNeeded, match="Say why the override is refused"):
        refuse_override(actor=bert, reason=" ", **about)
    with pytest.raises(NotAllowed, match="Only who asked"):
        withdraw_override(actor=bert, **about)
    refuse_override(actor=bert, reason="decide them first", **about)
    with pytest.raises(NotAllowed, match="Nobody asked"):
        give_override(actor=bert, **about)
    ask_override(actor=anna, reason="only two are left", **about)
    give_override(actor=bert, **about)
    withdraw_override(actor=anna, **about)
    with pytest.raises(NotAllowed, match="ask for an override first"):
        confirm_level(actor=anna, plan=plan, level="20", reason="r", now=at(10))
    kinds = list(plan.events.order_by("pk").values_list("kind", flat=True))[-5:]
    assert kinds == ["override_asked", "override_refused", "override_asked", "overridden",
                     "withdrawn"]  # fmt: skip
    assert verify()[2] == []


def test_page_api_and_command_do_the_same(settings: Any, capsys: Any) -> None:
    settings.RAMP_SECOND_PERSON = True
    now = timezone.now()
    start = (now - timedelta(days=10)).date()
    plan = flooded(now, start_on=start, now=now - timedelta(days=11))
    confirm_level(actor=SYSTEM, plan=plan, level="10", now=now - timedelta(days=10))
    group = make_group(SALES)
    anna, bert = make_user("anna", "approver", group), make_user("bert", "approver", group)
    caller, client = Caller(anna), Client()
    body = {"what": "ask", "level": "20", "reason": "known tools"}
    r = caller.post(f"ramp-plans/{plan.pk}/override/", body)
    assert r.status_code == 200, r.content
    body = {"what": "give", "level": "20"}
    assert caller.post(f"ramp-plans/{plan.pk}/override/", body).status_code == 409
    client.force_login(bert)
    refused = {"what": "refuse", "level": "20", "reason": "decide them first"}
    client.post(f"/ramp/{plan.pk}/override/", refused)
    call_command("ramp", "ask-override", "--scan-policy", "AV Sales", "--user", "anna",
                 "--reason", "two left")  # fmt: skip
    r = caller.post(f"ramp-plans/{plan.pk}/override/", {"what": "withdraw", "level": "20"})
    assert r.status_code == 200, r.content
    again = {"what": "ask", "level": "20", "reason": "known tools, really"}
    assert caller.post(f"ramp-plans/{plan.pk}/override/", again).status_code == 200
    page = client.get(f"/ramp/{plan.pk}/").content.decode()
    assert "Override refused" in page
    assert "Sign the override" in page
    assert f"/ramp/{plan.pk}/forecast/" in page
    whole = client.get(f"/ramp/{plan.pk}/forecast/").content.decode()
    part = client.get(f"/ramp/{plan.pk}/forecast/", headers={"HX-Request": "true"}).content.decode()
    assert part.strip() in whole
    assert "What the next level will bring" in part
    assert "<html" not in part
    assert "once a second person signed" in page
    client.post(f"/ramp/{plan.pk}/override/", body)
    page = client.get(f"/ramp/{plan.pk}/").content.decode()
    assert "bert signed the override" in page
    command = ["ramp", "give-override", "--scan-policy", "AV Sales", "--user", "bert"]
    call_command(*command)
    call_command("ramp", "confirm", "--scan-policy", "AV Sales", "--user", "anna")
    assert "level 20 in force" in capsys.readouterr().out
    assert "Gates that failed: " in client.get(f"/ramp/{plan.pk}/").content.decode()
