from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command

from exceptions_app.models.decision import Decision
from exceptions_app.policies.work_time import seconds_a_process
from tests.make import SYSTEM, make_computer, make_group, make_process, make_user
from tests.truscan.ramp.plans import SALES, START, at, climb, make_stored
from tests.truscan.ramp.test_evidence_gates import count
from truscan.models.estate import Account, Location
from truscan.models.presence import ComputerDay
from truscan.models.ramp import RampPlan
from truscan.ramp.actions import back
from truscan.ramp.history import stays_of
from truscan.ramp.next_level import forecast_outline, next_level
from truscan.ramp.rows import with_rows

pytestmark = pytest.mark.django_db


def read(plan: RampPlan) -> RampPlan:
    return with_rows(RampPlan.objects.filter(pk=plan.pk)).get()


def test_levels_are_counted_and_the_next_is_forecast(
    django_assert_max_num_queries: Any, capsys: Any
) -> None:
    sales = make_group(SALES)
    vpn = Location.objects.create(group=sales, name="VPN", name_key="vpn")
    plan = climb(make_stored(sales), 5)  # 10 on day 0, 50 on day 40
    make_stored(scan_policy="AV VPN", uses=[(sales, vpn)])
    known = make_process("erp.exe", "a")
    many = 0
    for number in range(5):
        first = number * 10 + 1
        count(known, sales, first, 6 * 2**number)
        count(known, sales, first - 1, 999)  # the day of the change belongs to no level
        count(known, sales, first, 999, location=vpn)  # follows another policy
        count(known, sales, first, 999, event_type=4)  # comes from an exception
        count(known, sales, first, 999, sensitivity=100)  # the log tells another level
        for _ in range(2**number):
            many += 1
            process = make_process(f"p{many}.exe", hash=f"{many:064x}")
            count(process, sales, first + 1, 3, event_type=2)
    laptops = make_group(SALES + "\\Laptops")
    anna, bert = (
        Account.objects.create(domain=sales.domain, name=name, name_key=name)
        for name in ("anna", "bert")
    )
    for number, (group, account, n) in enumerate(
        ((sales, anna, 4), (laptops, anna, 2), (sales, bert, 3))
    ):
        ComputerDay.objects.create(
            day=START + timedelta(days=1), group=group, account=account, rows=1, occurrences=n,
            computer=make_computer(f"pc-{number}", group),
        )  # fmt: skip
    with django_assert_max_num_queries(14):
        stays = stays_of(read(plan), at(44))
    assert [stay.level for stay in stays] == ["10", "20", "30", "40", "50"]
    assert [stay.is_over for stay in stays] == [True, True, True, True, False]
    brought = [stay.brought for stay in stays]
    assert [one.new for one in brought if one] == [2, 2, 4, 8, 16]
    assert [(one.days, one.whole) for one in brought if one][1] == (2, 12 + 6)
    # Anna has one day with six of them, in whatever groups.
    assert [stay.notifications for stay in stays] == [4.5, None, None, None, None]
    found = next_level(read(plan), at(44))
    assert (found.level, found.why_not) == ("60", "")
    processes, detections, notifications, hours = found.quantities
    # 50 has reports of two days only: too few to count.
    assert found.counted == "10, 20, 30, 40"
    assert detections.interval is not None
    assert detections.interval.holds(4.5 * 16)
    assert (detections.held, detections.tried) == (1, 1)
    assert processes.interval is not None
    assert notifications.interval is None
    assert hours.why_not.startswith("Not enough data: fewer than 20 decisions")
    told = forecast_outline(found)
    assert told["history"][4] == {
        "level": "50", "is_over": False, "days_reported": 2, "new_processes": None,
        "detections_a_day": None, "notifications": None,
    }  # fmt: skip
    call_command("ramp", "forecast", "--scan-policy", "AV Sales")
    assert "detections a day: " in capsys.readouterr().out


def test_too_little_and_no_next_level_are_said() -> None:
    plan = climb(make_stored(), 2)
    back(actor=SYSTEM, plan=plan, level="10", reason="flood", now=at(12))
    found = next_level(read(plan), at(13))
    assert found.level == "20"
    assert {one.interval for one in found.quantities} == {None}
    told = "Not enough data: it takes 3 more finished steps with reports."
    assert found.quantities[0].why_not == told


def test_work_time_comes_from_decisions_that_follow_each_other() -> None:
    anna, now = make_user("anna"), at(30)
    assert seconds_a_process(now) is None
    for number in range(22):
        Decision.objects.create(
            kind="respond", response="ignore", reason="r", actor_name="anna", actor_user=anna,
            means="web", applied=2, decided_at=now - timedelta(days=1, seconds=60 * number),
        )  # fmt: skip
    Decision.objects.create(
        kind="respond", response="ignore", reason="r", actor_name="anna", actor_user=anna,
        means="web", applied=1, decided_at=now,
    )  # fmt: skip
    assert seconds_a_process(now) == 30
