"""One walk: take a SEPM body in, publish it, ask why, send an act again."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.exceptions_app.acts import make_policy
from tests.exceptions_app.web.estate import make_seen
from tests.make import make_group

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page

pytestmark = pytest.mark.browser
SALES = "My Company\\Sales"


def test_from_a_file_of_rules_to_why(page: Page, tmp_path: Path) -> None:
    group = make_group(SALES)
    policy = make_policy("Sales exceptions", SALES)
    erp = make_seen("erp.exe", "a", (group,))
    path = tmp_path / "old.json"
    rules = [{"processfile": {"sha2": erp.hash.upper(), "name": "erp.exe"}, "action": "IGNORE"}]
    files = [{"path": "x", "pathvariable": "[NONE]"}]
    path.write_text(json.dumps({"configuration": {"applications": rules, "files": files}}))
    page.goto(f"/policies/{policy.pk}/")
    page.get_by_role("link", name="Take rules in…").click()
    page.get_by_label("File", exact=True).set_input_files(path)
    page.get_by_label("Reason").fill("What the console had")
    page.get_by_role("button", name="Count what it would do").click()
    expect(page.locator("main")).to_contain_text("old.json would do this to the draft")
    expect(page.locator("main")).to_contain_text("other kind, kept as it is")
    shot(page, "import")
    page.get_by_role("button", name="Take them into the draft").click()
    expect(page.locator("main")).to_contain_text("What the console had")
    page.get_by_role("link", name="Publish…").click()
    page.get_by_role("button", name="Publish").first.click()
    page.goto(f"/processes/{erp.pk}/")
    page.get_by_role("link", name="Why…").click()
    page.get_by_role("link", name="Sales").first.click()
    expect(page.locator("main")).to_contain_text("Ignore is in force for")
    expect(page.locator("main")).to_contain_text("What the console had")
    expect(page.locator("main")).to_contain_text("Nobody has fetched revision 1 yet")
    shot(page, "why")


def shot(page: Page, name: str) -> None:
    """A picture for people who want one: SHOTS names the folder."""
    if folder := os.environ.get("SHOTS"):
        page.screenshot(path=f"{folder}/{name}.png", full_page=True)
