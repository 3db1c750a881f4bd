"""The main flows in a browser that runs no scripts: forms, pages and links do all of it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from exceptions_app.models.exception import ProcessException
from exceptions_app.models.policy import Revision
from tests.browser.conftest import session_of
from tests.browser.estate import GROUP, POLICY, log_file, stand
from tests.make import make_user
from truscan.models.log_import import LogImport

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser


@pytest.fixture
def plain(browser: Browser, live: str) -> Iterator[Page]:
    """A page of an administrator whose browser runs no scripts."""
    context = browser.new_context(base_url=live, java_script_enabled=False)
    context.set_default_timeout(10_000)
    user = make_user("administrator", "administrator")
    context.add_cookies([{"name": "sessionid", "value": session_of(user), "url": live}])
    yield context.new_page()
    context.close()


def choose(page: Page, response: str, *names: str) -> None:
    page.goto("/")
    for name in names:
        page.get_by_label(f"Select {name}").check()
    page.locator(f".selection button[value={response}]").click()


def agree(page: Page, reason: str) -> None:
    page.fill("#reason", reason)
    page.get_by_role("button", name="OK").click()


def test_a_log_is_imported_and_its_receipt_read(plain: Page, tmp_path: Path) -> None:
    plain.goto("/imports/")
    plain.set_input_files("input[type=file]", str(log_file(tmp_path / "agt_proactive.log", 3)))
    plain.get_by_role("button", name="Import").click()
    expect(plain.locator("#receipt")).to_contain_text("Done")
    assert LogImport.objects.get().inserted == 4
    plain.goto("/")
    expect(plain.locator("tr[data-row]")).to_have_count(3)


def test_processes_are_decided_and_undone(plain: Page, tmp_path: Path) -> None:
    stand(tmp_path, 5)
    choose(plain, "ignore", "tool01.exe", "tool03.exe")
    expect(plain.locator("h1")).to_have_text("Decide")
    expect(plain.get_by_label(POLICY)).to_be_checked()
    plain.get_by_role("button", name="Show the consequences").click()
    expect(plain.locator("#consequences")).to_contain_text("Writes 2 exceptions")
    agree(plain, "software of the house")
    expect(plain.locator("#messages")).to_contain_text("2 exceptions in the draft")
    expect(plain.locator("tr[data-row]")).to_have_count(3)
    plain.locator("#messages").get_by_role("button", name="Undo").click()
    expect(plain.locator("#messages")).to_contain_text("Undone")
    expect(plain.locator("tr[data-row]")).to_have_count(5)
    assert not ProcessException.objects.filter(retired_at=None).exists()


def test_what_is_missing_is_asked_for(plain: Page, tmp_path: Path) -> None:
    stand(tmp_path, 2)
    choose(plain, "terminate", "tool00.exe")
    plain.get_by_label(POLICY).uncheck()
    agree(plain, "not wanted here")
    expect(plain.get_by_role("alert")).to_contain_text("Choose at least one policy")
    expect(plain.locator("#reason")).to_have_value("not wanted here")
    assert not ProcessException.objects.exists()


def test_a_process_is_observed(plain: Page, tmp_path: Path) -> None:
    stand(tmp_path, 2)
    choose(plain, "observe", "tool00.exe")
    expect(plain.get_by_label("Sales and below").or_(plain.get_by_label(GROUP))).to_be_checked()
    agree(plain, "wait for the vendor")
    expect(plain.locator("#messages")).to_contain_text("Observed")
    expect(plain.locator("tr[data-row]")).to_have_count(1)


def test_a_policy_is_published_and_downloaded(plain: Page, tmp_path: Path) -> None:
    stand(tmp_path, 2)
    choose(plain, "ignore", "tool00.exe")
    agree(plain, "software of the house")
    plain.goto("/policies/")
    plain.get_by_role("link", name=POLICY).click()
    plain.get_by_role("link", name="Publish").click()
    plain.get_by_role("button", name="Publish revision 1").click()
    expect(plain.get_by_text("revision 1").first).to_be_visible()
    assert Revision.objects.get().number == 1
    with plain.expect_download() as waiting:
        plain.get_by_role("link", name="Policy file", exact=True).first.click()
    assert b"software of the house" in waiting.value.path().read_bytes()


def test_a_ramp_is_planned_and_its_level_confirmed(plain: Page, tmp_path: Path) -> None:
    stand(tmp_path, 2)
    plain.goto("/ramp/new/")
    plain.fill("[name=scan_policy]", "AV Sales")
    plain.select_option("[name=track]", "trojans")
    plain.fill("[name=more_groups]", GROUP)
    plain.fill("[name=start_on]", (timezone.now() - timedelta(days=1)).date().isoformat())
    plain.fill("[name=days]", "75")
    plain.fill("[name=zone]", "Europe/Berlin")
    plain.get_by_role("button", name="Create plan").click()
    plain.get_by_role("link", name="Confirm level 10").click()
    summary = plain.locator("#act-confirm summary")
    if not plain.locator("#act-confirm button[type=submit]").is_visible():
        summary.click()
    plain.locator("#act-confirm button[type=submit]").click()
    expect(plain.locator("main")).to_contain_text("Level confirmed")


def test_filters_and_evidence_are_pages(plain: Page, tmp_path: Path) -> None:
    stand(tmp_path, 5)
    plain.goto("/")
    plain.fill("#q", "tool03")
    plain.get_by_role("button", name="Filter").click()
    expect(plain.locator("tr[data-row]")).to_have_count(1)
    plain.locator("tr[data-row]").get_by_role("link", name="tool03.exe").click()
    expect(plain.locator("h1")).to_have_text("tool03.exe")
    plain.locator(".bar button[value=quarantine]").click()
    expect(plain.get_by_role("radio", name="Quarantine")).to_be_checked()
