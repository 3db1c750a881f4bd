from __future__ import annotations

from datetime import timedelta

import pytest
from django.core import mail

from tests.make import SYSTEM, make_group, make_user
from tests.truscan.ramp.plans import SALES, at, climb, make_stored
from truscan.delivery.outbox import deliver_due
from truscan.models.delivery import OutboxMessage
from truscan.ramp.actions import confirm_level, end, hold
from truscan.ramp.tick import tick
from truscan.ticking import tick_once

pytestmark = pytest.mark.django_db


def keys() -> list[str]:
    return [key.split(":", 2)[2] for key in OutboxMessage.objects.values_list("key", flat=True)]


def test_it_reminds_the_approvers_of_all_groups() -> None:
    sales = make_group(SALES)
    anna = make_user("anna", "approver", sales.parent)
    make_user("ben", "analyst", None)
    make_user("cara", "approver", make_group("My Company\\Lab"))
    silent = make_user("dora", "administrator", None)
    silent.email = ""
    silent.save()
    plan = make_stored()
    assert tick(at(0)) == 1
    message = OutboxMessage.objects.get()
    assert message.key == f"ramp:{plan.pk}:0:due:2026-03-02:email:{anna.pk}"
    assert message.address == "anna@example.org"
    assert message.subject == "Level 10, due today: AV Sales, Trojans and worms"
    assert "TruScan Proactive Threat Scans" in message.body
    assert "Set the sensitivity to 10" in message.body
    assert f"http://127.0.0.1:8000/ramp/{plan.pk}/" in message.body
    assert SALES in message.body


def test_an_approver_of_one_group_of_two_is_not_asked() -> None:
    sales, lab = make_group(SALES), make_group("My Company\\Lab")
    make_user("anna", "approver", sales)
    make_stored(uses=[(sales, None), (lab, None)])
    assert tick(at(0)) == 0


def test_a_doubled_tick_writes_nothing_new() -> None:
    make_user("anna", "approver")
    make_stored()
    assert [tick(at(0)), tick(at(0)), tick(at(0, 23))] == [1, 0, 0]


def test_thirty_days_without_a_beat_leave_one_reminder() -> None:
    make_user("anna", "approver")
    climb(make_stored(), 1)
    assert tick(at(40)) == 1
    assert OutboxMessage.objects.get().subject.startswith("Level 20, 30 days overdue")


def test_a_whole_plan_reminds_before_and_on_every_date() -> None:
    make_user("anna", "approver")
    plan = make_stored()
    steps = {(step.planned_on - plan.start_on).days: step.level for step in plan.steps.all()}
    for day in range(-5, 100):
        tick(at(day, 10))
        deliver_due(at(day, 10))
        if day in steps:
            confirm_level(actor=SYSTEM, plan=plan, level=steps[day], now=at(day))
    kinds = [message.subject.split(":")[0] for message in mail.outbox]
    assert len(kinds) == 20
    assert kinds[:4] == [
        "Level 10, due in 2 days",
        "Level 10, due today",
        "Level 20, due in 2 days",
        "Level 20, due today",
    ]


def test_a_dead_mail_server_does_not_pile_up_reminders() -> None:
    make_user("anna", "approver")
    climb(make_stored(), 1)
    for day in range(8, 38):
        tick(at(day))
    assert keys() == ["1:overdue:2026-04-08:email:" + keys()[0].rsplit(":", 1)[1]]
    assert deliver_due(at(37)) == 1


def test_what_was_sent_stays_and_what_was_not_is_dropped_after_an_act() -> None:
    make_user("anna", "approver")
    plan = climb(make_stored(), 1)
    tick(at(10, 10))
    deliver_due(at(10, 10))
    tick(at(11))
    hold(actor=SYSTEM, plan=plan, reason="freeze", now=at(11, 13))
    tick(at(11, 14))
    assert [key[:5] for key in keys()] == ["1:due"]
    end(actor=SYSTEM, plan=plan, reason="done", now=at(12))
    tick(at(12) + timedelta(hours=1))
    assert OutboxMessage.objects.count() == 1


def test_the_number_of_queries_does_not_grow_with_plans(
    django_assert_max_num_queries: object,
) -> None:
    make_user("anna", "approver")
    for number in range(6):
        group = make_group(f"My Company\\G{number}")
        make_stored(group, scan_policy=f"AV {number}")
    with django_assert_max_num_queries(12):  # type: ignore[operator]
        assert tick(at(0)) == 6


def test_the_beat_reminds_and_delivers() -> None:
    make_user("anna", "approver")
    make_stored()
    assert tick_once(at(0))
    assert [message.subject for message in mail.outbox] == [
        "Level 10, due today: AV Sales, Trojans and worms"
    ]
