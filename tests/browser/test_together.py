"""One walk of people who work together: claim, comment, bulk, a second person, what waits."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from exceptions_app.models.bulk import BulkJob
from exceptions_app.models.exception import ProcessException
from exceptions_app.models.watch import Watch
from exceptions_app.triage import bulk
from tests.browser.estate import stand
from tests.browser.test_accessibility import violations
from tests.make import make_user

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from django.contrib.auth.models import User
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser


def checked(page: Page) -> None:
    """No violation in light and dark, and nothing wider than a narrow window."""
    for scheme, width in (("light", 1440), ("dark", 1440), ("light", 600)):
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
        assert violations(page) == []
        assert not page.evaluate("document.documentElement.scrollWidth > window.innerWidth")
    page.set_viewport_size({"width": 1440, "height": 900})


def test_people_work_together(
    page: Page, open_as: Callable[[User | None], Page], tmp_path: Path, monkeypatch: Any
) -> None:
    stand(tmp_path, 6)
    ben = make_user("ben", "approver")
    page.goto("/class-targets/")
    page.get_by_label("Possibly legitimate").fill("1")
    page.get_by_role("button", name="Save").click()
    checked(page)
    page.goto("/?overdue=yes&sort=oldest")
    expect(page.locator("[data-row]").first).to_contain_text("Overdue")
    page.locator("#evidence").get_by_role("button", name="Claim").click()
    expect(page.locator("#claim")).to_contain_text("You have it until")
    checked(page)
    page.locator("#evidence").get_by_role("link", name=re.compile("tool")).first.click()
    page.locator("#comment-text").press_sequentially("Do you know it, @be")
    page.get_by_role("button", name="@ben").click()
    expect(page.locator("#comment-text")).to_have_value("Do you know it, @ben ")
    checked(page)
    page.locator("#comment-text").press("Control+Enter")
    expect(page.locator(".mention")).to_have_text("@ben")
    other = open_as(ben)
    other.goto("/my-work/")
    expect(other.locator("main")).to_contain_text("Do you know it, @ben")
    other.get_by_role("link", name=re.compile("tool")).click()
    checked(other)

    page.goto("/approvals/rules/")
    page.get_by_label("Response").select_option("Terminate")
    page.get_by_role("button", name="Add").click()
    checked(page)
    page.goto("/")
    page.keyboard.press("t")
    expect(page.locator("#consequences")).to_contain_text("needs a second person")
    page.fill("#reason", "steals passwords")
    checked(page)
    page.locator("#decide-form").get_by_role("button", name="OK").click()
    expect(page.locator("#messages")).to_contain_text("Nothing changes before")
    assert not ProcessException.objects.exists()
    page.goto("/my-work/")
    checked(page)
    other.goto("/my-work/")
    checked(other)
    other.get_by_role("link", name=re.compile("Terminate tool")).click()
    checked(other)
    other.get_by_role("button", name="Approve and do it").click()
    expect(other.locator("main")).to_contain_text("1 written")
    assert ProcessException.objects.get().approver == ben

    monkeypatch.setattr(bulk, "AT_ONCE", 2)
    page.goto("/?q=tool")
    page.locator("[data-matching]").check()
    page.keyboard.press("i")
    expect(page.locator("#consequences")).to_contain_text("A worker writes this")
    page.fill("#reason", "our tools")
    page.locator("#decide-form").get_by_role("button", name="OK").click()
    expect(page.locator("main")).to_contain_text("5 of 5 processes")
    assert BulkJob.objects.get().applied == 5
    checked(page)
    page.get_by_role("button", name="Undo all of it").click()
    expect(page.locator("main")).to_contain_text("5 as they stood before")
    checked(page)
    page.get_by_role("link", name="All bulk decisions").click()
    checked(page)

    page.goto("/?q=tool03")
    page.keyboard.press("o")
    page.get_by_label("so many more computers").fill("3")
    page.get_by_label(re.compile("is a new hash")).check()
    page.fill("#reason", "not known yet")
    checked(page)
    page.locator("#decide-form").get_by_role("button", name="OK").click()
    expect(page.locator("#messages .toast")).to_be_visible()
    assert Watch.objects.get().tripwires == {"computers": 3, "hashes": 1}
    page.goto("/?state=observed")
    checked(page)
    page.keyboard.press("b")
    expect(page.locator("#messages")).to_contain_text("1 back in the inbox")
    assert not Watch.objects.filter(ended_at=None).exists()
    with page.expect_navigation():
        page.keyboard.press("u")
    page.goto(f"/processes/{Watch.objects.get().process_id}/")
    page.get_by_role("button", name="Bring back to the inbox").click()
    expect(page.locator("#messages")).to_contain_text("1 back in the inbox")
