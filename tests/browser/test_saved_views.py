"""One walk: save a filter, see it counted, rename, share, begin there, delete, restore."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from exceptions_app.triage.view_counts import refresh
from tests.browser.estate import stand
from tests.browser.test_accessibility import violations

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page

pytestmark = pytest.mark.browser


def test_a_view_from_its_filter_to_a_landing_page(page: Page, tmp_path: Path) -> None:
    stand(tmp_path, 3)
    page.goto("/?q=tool01")
    page.get_by_role("button", name="Save as view").click()
    rail = page.get_by_role("navigation", name="Main")
    own = rail.get_by_role("link", name="tool01")
    expect(own).to_have_attribute("aria-current", "page")
    expect(own).to_contain_text("unknown")
    refresh(timezone.now())
    rail.get_by_role("link", name="All views").click()
    page.locator("main summary").click()
    page.get_by_label("New name of tool01").fill("One tool")
    page.get_by_role("button", name="Rename").click()
    expect(rail.get_by_role("link", name="One tool")).to_contain_text("1")
    page.locator("main summary").click()
    page.get_by_role("link", name="Change the filter of One tool").click()
    page.locator("#q").fill("tool0")
    page.locator("#q").press("Enter")
    expect(page.locator("main")).to_contain_text("You are changing what One tool asks")
    assert violations(page) == []
    page.get_by_role("button", name="Save the filter").click()
    expect(page).to_have_url(re.compile(r"/\?q=tool0$"))
    expect(rail.get_by_role("link", name="One tool")).to_contain_text("unknown")
    page.goto("/views/")
    page.locator("main summary").click()
    page.get_by_role("button", name="Share One tool").click()
    page.get_by_label("Administrator", exact=True).select_option("One tool")
    page.get_by_role("button", name="begin: Administrator").click()
    expect(page.locator("main")).to_contain_text("administrators begin here")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        assert violations(page) == []
    page.goto("/")
    expect(page).to_have_url(re.compile(r"/\?q=tool0$"))
    page.goto("/views/")
    page.get_by_label("Administrator", exact=True).select_option("the inbox")
    page.get_by_role("button", name="begin: Administrator").click()
    page.locator("main summary").click()
    page.get_by_role("button", name="Delete One tool").click()
    page.get_by_role("button", name="Restore One tool").click()
    expect(rail.get_by_role("link", name="One tool")).to_be_visible()
