"""What changes brought, on screen and on paper, and the dossier at the end, sealed."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from tests.browser.test_accessibility import LOOKS, RULES, RUN, SIZES, SPILLS, violations
from tests.make import SYSTEM, make_group, make_process, make_sighting
from tests.truscan.ramp.plans import SALES, make_stored
from truscan.models.counts import DailyCount, ProcessSummary
from truscan.models.detection import Action
from truscan.ramp.actions import confirm_level

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from truscan.models.ramp import RampPlan

pytestmark = pytest.mark.browser


def lived() -> RampPlan:
    """Keyloggers, Low for sixty days and High for nine, with reports of the last thirty."""
    now = timezone.now()
    group = make_group(SALES, client_count=3)
    start = now - timedelta(days=69)
    plan = make_stored(group, track="keyloggers", days=60, start_on=start.date(), now=start)
    for level, days in (("low", 69), ("high", 9)):
        confirm_level(actor=SYSTEM, plan=plan, level=level, now=now - timedelta(days=days),
                      reason="on its day")  # fmt: skip
    action = Action.objects.create(name="Left alone", name_key="left alone")
    process = make_process("keys.exe", "k")
    make_sighting(process, group, first_at=now - timedelta(days=30))
    ProcessSummary.objects.create(
        process=process, first_at=now, last_at=now, risk_class="keylogger"
    )
    DailyCount.objects.bulk_create(
        DailyCount(day=now.date() - timedelta(days=n), group=group, process=process, action=action,
                   event_type=kind, rows=1, occurrences=many)
        for n in range(1, 31)
        for kind, many in ((1, 8), (2, 4))
    )  # fmt: skip
    return plan


def wrong_in_every_look(page: Page) -> list[str]:
    wrong = violations(page)
    for scheme, size in LOOKS:
        width, height = SIZES[size]
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        wrong += page.evaluate(RUN, RULES)
        wrong += ["wider than the window"] if page.evaluate(SPILLS) else []
    return wrong


def test_changes_are_compared_printed_and_sealed(page: Page) -> None:
    plan = lived()
    page.goto(f"/ramp/{plan.pk}/")
    page.get_by_role("link", name="What each change brought").click()
    expect(page.get_by_role("img", name="before and after each change")).to_be_visible()
    expect(page.locator("b", has_text="2 levels lie between 2.0 and 2.0")).to_be_visible()
    page.get_by_role("link", name="Ratio of possibly legitimate").click()
    expect(page.get_by_role("img", name="Ratio of possibly legitimate to security risk by group")
           ).to_be_visible()  # fmt: skip
    # The table beside the map, by keyboard.
    page.get_by_text("Groups by levels as table").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("row", name=re.compile("Sales 2.0 2.0"))).to_be_visible()
    wrong = wrong_in_every_look(page)
    page.emulate_media(media="print")
    expect(page.get_by_role("table").filter(has_text="Occurrences at each level")).to_be_visible()
    page.emulate_media(media="screen")
    page.goto(f"/ramp/{plan.pk}/")
    page.get_by_role("link", name="Completion dossier").click()
    expect(page.get_by_text("Every step was taken.")).to_be_visible()
    wrong += wrong_in_every_look(page)
    page.get_by_role("button", name="Seal the dossier").click()
    expect(page.get_by_role("heading", name="Dossier 1: AV Sales")).to_be_visible()
    expect(page.get_by_text("computed anew just now: it fits the text")).to_be_visible()
    wrong += wrong_in_every_look(page)
    with page.expect_download() as told:
        page.get_by_role("link", name="JSON").click()
    assert told.value.suggested_filename == f"ramp-{plan.pk}-dossier-1.json"
    assert wrong == []
