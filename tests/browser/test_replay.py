"""The replay before every act: in the decide dialog, on the publish page, on the policy's, of an
expiry on its card, and of a level; a confirmed-bad process let through stands out."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from exceptions_app.triage.decide import respond
from tests.browser.estate import GROUP, stand
from tests.exceptions_app.acts import give, make_policy
from tests.make import SYSTEM, make_group
from truscan.models.process import Process
from truscan.models.ramp import RampPlan
from truscan.ramp.create import create_plan

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page

pytestmark = pytest.mark.browser


def picture(page: Page, name: str) -> None:
    if folder := os.environ.get("PICTURES"):
        for width, scheme in ((1280, "light"), (420, "dark")):
            page.set_viewport_size({"width": width, "height": 900})
            page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
            page.screenshot(path=f"{folder}/{name}-{width}.png", full_page=True)
        page.set_viewport_size({"width": 1280, "height": 800})
        page.emulate_media(color_scheme="light")


def make_plan() -> RampPlan:
    now = timezone.now()
    return create_plan(
        actor=SYSTEM,
        scan_policy="AV Sales",
        track="trojans",
        uses=[(make_group(GROUP), None)],
        start_on=now.date(),
        days=60,
        now=now - timedelta(days=1),
    )


def test_the_replay_is_shown_before_each_act(page: Page, tmp_path: Path) -> None:
    policy, now = stand(tmp_path, 3), timezone.now()
    tool = Process.objects.get(name="tool00.exe")
    give(tool, make_policy("Strict", "Plant"), "terminate")
    bad = page.get_by_text("Lets 1 confirmed-bad process run")

    page.goto("/?q=tool00.exe")
    page.get_by_label("Select tool00.exe").check()
    page.locator(".selection button[value=ignore]").click()
    dialog = page.locator("#decide-form")
    expect(dialog).to_contain_text("this would have silenced")
    expect(bad).to_be_visible()
    red = page.locator("#decide-form .note.stop")
    assert red.evaluate("e => getComputedStyle(e).borderColor") != page.locator(
        "#decide-form .note:not(.stop)"
    ).first.evaluate("e => getComputedStyle(e).borderColor")
    picture(page, "dialog")
    page.fill("#reason", "business application")
    dialog.get_by_role("button", name="OK").click()
    expect(dialog).to_have_count(0)

    page.goto(f"/policies/{policy.pk}/")
    page.get_by_role("link", name="Publish…").click()
    expect(page.get_by_text("this would have silenced")).to_be_visible()
    expect(bad).to_be_visible()
    picture(page, "publish")
    page.get_by_role("link", name="The whole replay").click()
    expect(page.get_by_role("heading", name="If you publish this draft")).to_be_visible()
    expect(page.get_by_role("heading", name="By day")).to_be_visible()
    expect(bad).to_be_visible()
    picture(page, "policy")
    page.get_by_role("link", name="Back to the policy").click()
    expect(page.get_by_role("link", name="Replay the draft")).to_be_visible()

    respond(
        actor=SYSTEM,
        processes=[Process.objects.get(name="tool01.exe").pk],
        policies=[policy],
        response="ignore",
        reason="on its way out",
        now=now,
        expires_at=now + timedelta(days=9),
    )
    page.goto("/reviews/?tab=expiring")
    expect(page.locator("[data-review]")).to_contain_text("What its end will do")
    expect(page.locator("[data-review] .note")).to_contain_text("logged again")
    picture(page, "expiring")

    plan = make_plan()
    page.goto(f"/ramp/{plan.pk}/")
    page.get_by_role("link", name="Replay of the next level").click()
    expect(page.get_by_role("heading", name="Before you confirm level 10")).to_be_visible()
    expect(page.get_by_text("that are only logged")).to_be_visible()
    picture(page, "level")
