"""What people settle between them on ramp pages: an order of cohorts, and an override that is
taken back or refused."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from tests.browser.test_ramp_evidence import wrong_in_every_look
from tests.make import SYSTEM, make_group, make_process, make_sighting, make_user
from tests.truscan.ramp.test_override import flooded
from truscan.models.ramp import RampPlan
from truscan.ramp.actions import confirm_level

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.contrib.auth.models import User
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser


def test_cohorts_are_accepted_and_overrides_taken_back_or_refused(
    open_as: Callable[[User | None], Page], settings: Any
) -> None:
    settings.RAMP_SECOND_PERSON = True
    now = timezone.now()
    since = now - timedelta(days=12)
    plan = flooded(now, start_on=since.date(), now=since)
    confirm_level(actor=SYSTEM, plan=plan, level="10", now=since)
    anna, bert = (open_as(make_user(name, "administrator")) for name in ("anna", "bert"))

    # Anna takes her own override back, and asks again.
    anna.goto(f"/ramp/{plan.pk}/")
    ask_override(anna, "The audit waits")
    expect(anna.get_by_text("Another approver has to sign it")).to_be_visible()
    wrong = wrong_in_every_look(anna)
    anna.get_by_role("button", name="Withdraw your override").click()
    expect(anna.locator("#messages")).to_contain_text("The override is withdrawn.")
    ask_override(anna, "The audit still waits")

    # Bert refuses it by keyboard, and Anna reads why.
    bert.goto(f"/ramp/{plan.pk}/")
    expect(bert.get_by_text("“The audit still waits”").first).to_be_visible()
    bert.get_by_text("Refuse it").focus()
    bert.keyboard.press("Enter")
    wrong += wrong_in_every_look(bert)
    bert.get_by_label("Why is it refused?").fill("Six tools are nobody's")
    bert.keyboard.press("Enter")
    expect(bert.locator("#messages")).to_contain_text("The override is refused.")
    anna.goto(f"/ramp/{plan.pk}/")
    happened = anna.get_by_role("region", name="What happened")
    expect(happened.get_by_text("Six tools are nobody's")).to_be_visible()
    expect(anna.get_by_text("Ask for an override")).to_be_visible()
    wrong += wrong_in_every_look(anna)

    # What changed while the proposal was read is looked at again; then it is accepted.
    for name, digits in (("Lab", "a"), ("Shop", "bcd")):
        group = make_group(f"My Company\\{name}", client_count=9)
        for digit in digits:
            process = make_process(f"{name} {digit}.exe", digit)
            make_sighting(process, group, first_at=since, last_at=now, potential_occurrences=4)
    anna.goto("/ramp/cohorts/?count=2")
    expect(anna.get_by_role("heading", name="Cohort 2")).to_be_visible()
    anna.get_by_label("The first one begins").fill((now + timedelta(days=3)).date().isoformat())
    make_group("My Company\\Depot", client_count=4)
    anna.get_by_role("button", name="Accept and plan").click()
    expect(anna.get_by_text("look at the proposal again")).to_be_visible()
    expect(anna.get_by_role("row", name="Depot")).to_be_visible()
    wrong += wrong_in_every_look(anna)
    anna.get_by_role("button", name="Accept and plan").click()
    expect(anna.locator("#messages")).to_contain_text("2 plans are made, one for each cohort.")
    expect(anna.get_by_role("link", name="AV cohort 2")).to_be_visible()
    wrong += wrong_in_every_look(anna)
    made = RampPlan.objects.exclude(pk=plan.pk).order_by("start_on")
    uses = [row.scan_policy.uses.order_by("pk") for row in made]
    # Of the depot nothing was read yet, so it waits.
    assert [[use.group.name for use in found] for found in uses] == [["Lab"], ["Shop", "Depot"]]
    assert wrong == []


def ask_override(page: Page, reason: str) -> None:
    page.get_by_text("Ask for an override").click()
    page.get_by_label("Why should the level be raised").fill(reason)
    page.get_by_role("button", name="Ask for it").click()
    expect(page.locator("#messages")).to_contain_text("The override is asked for.")
