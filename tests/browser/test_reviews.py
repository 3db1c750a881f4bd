"""Reviews by keyboard: kept, removed, undone, handed over, and the replay of an end."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from exceptions_app.models.exception import ProcessException
from exceptions_app.triage.decide import respond
from tests.browser.estate import stand
from tests.make import SYSTEM
from truscan.models.process import Process

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page

pytestmark = pytest.mark.browser


def test_a_campaign_by_keyboard(page: Page, tmp_path: Path) -> None:
    policy, now = stand(tmp_path, 4), timezone.now()
    listed = Process.objects.filter(on_symantec_list=False)
    respond(
        actor=SYSTEM,
        processes=list(listed.values_list("pk", flat=True)),
        policies=[policy],
        response="ignore",
        reason="business application",
        now=now,
        review_on=now.date(),
    )
    page.goto("/")
    page.get_by_role("link", name="Reviews").click()
    cards = page.locator("[data-review]")
    expect(cards).to_have_count(4)
    expect(cards.nth(0)).to_be_focused()
    page.keyboard.press("k")
    expect(page.get_by_text("is kept until")).to_be_visible()
    expect(cards).to_have_count(3)
    page.keyboard.press("j")
    expect(cards.nth(1)).to_be_focused()
    page.keyboard.press("r")
    expect(cards).to_have_count(2)
    page.keyboard.press("u")
    expect(page.get_by_text("Undone: 1 put back.")).to_be_visible()
    expect(cards).to_have_count(3)
    page.keyboard.press("e")
    owner = page.get_by_label("Owner").first
    expect(owner).to_be_focused()
    owner.fill("administrator")
    page.get_by_role("button", name="Save").first.click()
    expect(page.get_by_text("is saved; its review is")).to_be_visible()
    kept = ProcessException.objects.filter(owner__username="administrator", retired_at=None)
    assert kept.count() == 1
    page.keyboard.press("?")
    expect(page.get_by_role("heading", name="Keys")).to_be_visible()
    page.keyboard.press("Escape")
    if folder := os.environ.get("PICTURES"):
        page.screenshot(path=f"{folder}/wide.png")
        page.set_viewport_size({"width": 420, "height": 900})
        page.emulate_media(color_scheme="dark")
        page.screenshot(path=f"{folder}/narrow.png")
        page.set_viewport_size({"width": 1280, "height": 800})
    page.get_by_role("link", name="what its end will do").first.click()
    expect(page.get_by_role("heading", name="If it is removed")).to_be_visible()
