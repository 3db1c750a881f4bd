from __future__ import annotations

import json
from datetime import date, timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from tests.make import SYSTEM, make_user
from tests.truscan.ramp.lives import local, make_plan
from tests.truscan.ramp.plans import at, climb, make_stored
from truscan.models.ramp import RampPlan
from truscan.ramp.errors import NotAllowed, ReasonNeeded
from truscan.ramp.lanes import draw_lanes
from truscan.ramp.open_days import BUSINESS_DAYS, OpenDays
from truscan.ramp.plan import Event, Kind
from truscan.ramp.replan import Move, preview, replan
from truscan.ramp.rows import state_of
from truscan.ramp.schedule import fold


@pytest.mark.django_db
def test_a_moved_step_takes_the_rest_along() -> None:
    plan = climb(make_stored(), 2)
    move = Move("30", date(2026, 3, 27))
    shown = preview(plan, move, at(13))
    assert [shift.days for shift in shown.shifts] == [5] * 8
    assert shown.after.is_outside_guide
    replan(actor=SYSTEM, plan=plan, change=move, reason="audit", now=at(13))
    replan(actor=SYSTEM, plan=plan, change=move, reason="", now=at(13))
    assert plan.events.filter(kind="moved").count() == 1
    plan = RampPlan.objects.get()
    assert state_of(plan, at(13)).projected_end_on == shown.after.projected_end_on
    days = OpenDays(BUSINESS_DAYS)
    replan(actor=SYSTEM, plan=plan, change=days, reason="works council", now=at(14))
    state = state_of(RampPlan.objects.get(), at(14))
    assert state.open_days == days
    assert all(step.due_on.weekday() < 5 for step in state.steps[2:])
    for level, on, why in (
        ("20", date(2026, 4, 1), "still to come"),
        ("30", date(2026, 3, 1), "past or too far"),
        ("30", date(9999, 12, 31), "past or too far"),
        ("50", date(2026, 4, 2), "step before is due"),
        ("100", date(2026, 7, 4), "closed .a Saturday.; the next open day is Mon 6 Jul"),
    ):
        with pytest.raises(NotAllowed, match=why):
            replan(actor=SYSTEM, plan=plan, change=Move(level, on), reason="x", now=at(14))
    with pytest.raises(ReasonNeeded):
        replan(actor=SYSTEM, plan=plan, change=Move("30", date(2026, 4, 1)), reason=" ", now=at(14))


@pytest.mark.django_db
def test_pages_and_commands_show_before_and_after_and_any_day() -> None:
    today = timezone.now().date()
    plan = make_stored(start_on=today + timedelta(days=1), now=timezone.now())
    client = Client()
    client.force_login(make_user("anna", "approver"))
    asked = {"what": "move", "level": "10", "on": (today + timedelta(days=4)).isoformat()}
    text = client.get(f"/ramp/{plan.pk}/replan/", asked).content.decode()
    assert text.count('<td class="num">+3</td>') == 10
    assert not plan.events.filter(kind="moved").exists()
    r = client.post(f"/ramp/{plan.pk}/replan/", {**asked, "reason": "audit"})
    assert (r.status_code, plan.events.filter(kind="moved").count()) == (302, 1)
    bad = {"what": "days", "closures": "soon freeze"}
    assert "Line 1" in client.get(f"/ramp/{plan.pk}/replan/", bad).content.decode()
    on = (today + timedelta(days=20)).isoformat()
    text = client.get(f"/ramp/{plan.pk}/", {"on": on}).content.decode()
    assert "if 2 more steps are confirmed when due" in text
    assert "act-confirm" not in text
    assert client.get(f"/ramp/{plan.pk}/", {"on": "never"}).status_code == 200
    assert 'class="lanes"' in client.get("/ramp/").content.decode()
    out = StringIO()
    call_command("ramp", "show", "--scan-policy", "AV Sales", "--on", on, "--json", stdout=out)
    assert json.loads(out.getvalue())["level_in_force"] == "20"
    out = StringIO()
    words = ("ramp", "calendar", "--scan-policy", "AV Sales", "--business-days", "--preview")
    call_command(*words, "--json", stdout=out)
    assert len(json.loads(out.getvalue())["steps"]) == 10


def test_lanes_show_what_was_and_what_comes() -> None:
    plan = make_plan()
    events = [Event(1, Kind.CONFIRMED, local(plan, date(2026, 10, 21)), "10")]
    state = fold(plan, events, local(plan, date(2026, 10, 26)))
    drawn = draw_lanes([("AV", "Trojans", plan, state)] * 2, state.today)
    assert drawn is not None
    assert [(b.label, b.comes) for b in drawn.lanes[1].blocks[:3]] == [
        ("10", False),
        ("10", True),
        ("20", True),
    ]
    assert drawn.today_x is not None
    assert draw_lanes([], state.today) is None
