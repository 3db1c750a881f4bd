"""A plan in the browser: another day by the slider, and a step moved after a look at the dates."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from tests.make import SYSTEM
from tests.truscan.ramp.plans import make_stored
from truscan.ramp.actions import confirm_level
from truscan.ramp.open_days import BUSINESS_DAYS, OpenDays

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser


def test_a_plan_is_visited_and_moved(page: Page) -> None:
    now = timezone.now()
    plan = make_stored(
        start_on=now.date() - timedelta(days=30),
        days=76,
        now=now - timedelta(days=31),
        enforce_after=7,
        watch=14,
        open_days=OpenDays(BUSINESS_DAYS),
    )
    for step in list(plan.steps.all())[:3]:
        at = now - timedelta(days=(now.date() - step.planned_on).days)
        confirm_level(actor=SYSTEM, plan=plan, level=step.level, now=at)
    page.goto("/ramp/")
    expect(page.get_by_role("img", name="side by side")).to_be_visible()
    page.get_by_role("link", name="AV Sales").click()
    slider = page.get_by_role("slider", name="Day of the plan")
    slider.focus()
    slider.press("End")
    expect(page.get_by_text("As it will stand on")).to_be_visible()
    page.get_by_role("link", name="Today").click()
    page.get_by_role("link", name="Move a step").click()
    first = page.locator("#id_on")
    day = now.date() + timedelta(days=20)
    first.fill((day + timedelta(days=-day.weekday() % 7)).isoformat())
    page.get_by_role("button", name="Show what follows").first.click()
    expect(page.get_by_text("Before and after")).to_be_visible()
    page.get_by_label("Reason").fill("Audit week")
    page.get_by_role("button", name="Re-plan").click()
    expect(page.get_by_text("The plan is re-planned.")).to_be_visible()
    assert plan.events.filter(kind="moved", reason="Audit week").count() == 1
