from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest

from tests.make import NOW, SYSTEM, make_group
from truscan.models.ramp import RampEvent, RampPlan, ScanPolicy, ScanPolicyUse
from truscan.ramp.in_force import last_changes, levels_in_force

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

pytestmark = pytest.mark.django_db


def make_plan(group_path: str, track: str = "trojans") -> RampPlan:
    policy = ScanPolicy.objects.create(name=f"AV {group_path} {track}")
    ScanPolicyUse.objects.create(scan_policy=policy, group=make_group(group_path))
    return RampPlan.objects.create(
        scan_policy=policy, track=track, start_on=date(2026, 1, 1), days=75
    )


def confirm(plan: RampPlan, level: str, days_ago: int, kind: str = "confirmed") -> None:
    RampEvent.objects.create(
        plan=plan,
        kind=kind,
        level=level,
        at=NOW - timedelta(days=days_ago),
        actor_name=SYSTEM.name,
        means=SYSTEM.means.value,
    )


def test_it_works_for_the_group_and_those_that_inherit() -> None:
    plan = make_plan("My Company\\Sales")
    below = make_group("My Company\\Sales\\Field")
    apart = make_group("My Company\\Sales\\Apart", inherits=False)
    confirm(plan, "10", 20)
    confirm(plan, "20", 5)
    rows = {r.group_id: r for r in levels_in_force(NOW)}
    assert rows[below.pk].level == "20"
    assert apart.pk not in rows
    assert make_group("My Company").pk not in rows


def test_a_step_back_is_a_change_and_the_past_is_kept() -> None:
    plan = make_plan("My Company\\Sales")
    group = make_group("My Company\\Sales")
    confirm(plan, "20", 20)
    confirm(plan, "10", 5, "back")
    assert [r.level for r in levels_in_force(NOW)] == ["10"]
    assert [r.level for r in levels_in_force(NOW - timedelta(days=6))] == ["20"]
    assert last_changes(NOW) == {group.pk: NOW - timedelta(days=5)}


def test_an_ended_plan_leaves_its_level_until_the_next_confirms_one() -> None:
    plan = make_plan("My Company\\Sales")
    confirm(plan, "40", 20)
    RampPlan.objects.filter(pk=plan.pk).update(ended_at=NOW - timedelta(days=10))
    after = RampPlan.objects.create(
        scan_policy=plan.scan_policy, track="trojans", start_on=date(2026, 2, 1), days=75
    )
    assert [(r.plan_id, r.level) for r in levels_in_force(NOW)] == [(plan.pk, "40")]
    confirm(after, "10", 2)
    assert [(r.plan_id, r.level) for r in levels_in_force(NOW)] == [(after.pk, "10")]
    assert set(last_changes(NOW).values()) == {NOW - timedelta(days=2)}
    assert [r.level for r in levels_in_force(NOW - timedelta(days=3))] == ["40"]


def test_many_plans_cost_as_many_queries_as_one(
    django_assert_num_queries: Callable[[int], AbstractContextManager[object]],
) -> None:
    for n in range(4):
        confirm(make_plan(f"My Company\\Group {n}"), "10", 5)
    with django_assert_num_queries(4):
        assert len(levels_in_force(NOW)) == 4


def test_an_unconfirmed_plan_says_nothing() -> None:
    make_plan("My Company\\Sales")
    assert levels_in_force(NOW) == []
    assert last_changes(NOW) == {}
