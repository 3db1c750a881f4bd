"""Triage by keyboard and by mouse: the hands stay where they are, the list stays where it is."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from exceptions_app.models.exception import ProcessException
from exceptions_app.models.watch import Watch
from exceptions_app.triage.watching import return_due
from tests.browser.estate import LISTED, stand
from truscan.models.process import Process

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Locator, Page

pytestmark = pytest.mark.browser


@pytest.fixture
def inbox(page: Page, tmp_path: Path) -> Page:
    stand(tmp_path, 30)
    page.goto("/")
    expect(page.locator("#evidence")).to_contain_text("tool00.exe")
    return page


def highlighted(page: Page) -> Locator:
    return page.locator("tr[data-row][aria-selected=true]")


def row(page: Page, name: str) -> Locator:
    return page.locator("tr[data-row]", has=page.get_by_role("link", name=name, exact=True))


def decide(page: Page, key: str, reason: str = "seen before") -> None:
    page.keyboard.press(key)
    expect(page.locator("#reason")).to_be_focused()
    page.keyboard.type(reason)
    page.keyboard.press("Tab")
    page.locator("#decide-form").get_by_role("button", name="OK").press("Enter")
    expect(page.locator("#decide-form")).to_have_count(0)


def responses() -> dict[str, str]:
    kept = ProcessException.objects.filter(retired_at=None)
    return dict(kept.values_list("process__name", "response"))


def test_it_moves_selects_and_reads_by_key(inbox: Page) -> None:
    keys = inbox.keyboard
    expect(highlighted(inbox)).to_contain_text("tool00.exe")
    keys.press("j")
    keys.press("j")
    expect(highlighted(inbox)).to_contain_text("tool02.exe")
    said = inbox.locator("[data-said]")
    expect(said).to_have_text("tool02.exe")
    expect(said).to_have_attribute("aria-live", "polite")
    expect(inbox.get_by_role("region", name="Processes").get_by_role("table")).to_be_visible()
    keys.press("k")
    expect(highlighted(inbox)).to_contain_text("tool01.exe")
    expect(inbox.locator("#evidence")).to_contain_text("tool01.exe")
    keys.press("x")
    keys.press("j")
    keys.press("x")
    expect(inbox.locator("[data-selected]")).to_have_text("2 selected")
    keys.press("e")
    expect(inbox.locator("#evidence")).to_be_focused()
    keys.press("/")
    expect(inbox.locator("#q")).to_be_focused()
    keys.press("j")
    expect(inbox.locator("#q")).to_have_value("j")
    keys.press("Escape")
    keys.press("?")
    expect(inbox.locator("#keys")).to_be_visible()
    keys.press("Escape")
    expect(inbox.locator("#keys")).to_be_hidden()


def test_it_decides_by_key_and_the_list_stays(inbox: Page) -> None:
    for _ in range(20):
        inbox.keyboard.press("j")
    inbox.keyboard.press("k")
    inbox.keyboard.press("k")
    expect(highlighted(inbox)).to_contain_text("tool18.exe")
    before = [place.bounding_box() for place in inbox.locator("tr[data-row]").all()]
    decide(inbox, "i")
    expect(row(inbox, "tool18.exe")).to_contain_text("Ignore")
    assert [place.bounding_box() for place in inbox.locator("tr[data-row]").all()] == before
    expect(highlighted(inbox)).to_contain_text("tool19.exe")
    decide(inbox, "q")
    decide(inbox, "t")
    assert responses() == {
        "tool18.exe": "ignore",
        "tool19.exe": "quarantine",
        "tool20.exe": "terminate",
    }
    expect(highlighted(inbox)).to_contain_text("tool21.exe")


def test_it_undoes_by_key_and_by_button(inbox: Page) -> None:
    decide(inbox, "i")
    assert responses() == {"tool00.exe": "ignore"}
    with inbox.expect_navigation():
        inbox.keyboard.press("u")
    expect(inbox.locator("#messages")).to_contain_text("Undone")
    assert responses() == {}
    expect(row(inbox, "tool00.exe")).to_be_visible()
    decide(inbox, "t")
    with inbox.expect_navigation():
        inbox.locator("#messages").get_by_role("button", name="Undo").click()
    expect(inbox.locator("#messages")).to_contain_text("Undone")
    assert responses() == {}


def test_it_decides_by_mouse(inbox: Page) -> None:
    row(inbox, "tool03.exe").locator(".c-count").click()
    expect(inbox.locator("#evidence")).to_contain_text("tool03.exe")
    for name in ("tool01.exe", "tool05.exe"):
        inbox.get_by_label(f"Select {name}").check()
    inbox.locator(".selection button[value=quarantine]").click()
    dialog = inbox.locator("#decide-form")
    expect(dialog.get_by_label("Sales exceptions")).to_be_checked()
    expect(inbox.locator("#consequences")).to_contain_text("Writes 2 exceptions")
    dialog.get_by_role("button", name="OK").click()
    expect(inbox.locator("#reason")).to_be_focused()
    assert responses() == {}
    inbox.fill("#reason", "not needed here")
    dialog.get_by_role("button", name="OK").click()
    expect(inbox.locator("#messages")).to_contain_text("2 exceptions")
    assert responses() == {"tool01.exe": "quarantine", "tool05.exe": "quarantine"}


def test_it_decides_all_that_match(page: Page, tmp_path: Path) -> None:
    stand(tmp_path, 60)
    page.goto("/")
    expect(page.locator("tr[data-row]")).to_have_count(50)
    page.locator("[data-matching]").check()
    expect(page.locator("[data-selected]")).to_have_text("Everything that matches")
    page.locator(".selection button[value=ignore]").click()
    page.fill("#reason", "software of the house")
    page.locator("#decide-form").get_by_role("button", name="OK").click()
    expect(page.locator("#messages")).to_contain_text("60 exceptions")
    assert set(responses().values()) == {"ignore"}
    assert len(responses()) == 60
    page.goto("/")
    expect(page.locator("main")).to_contain_text("Every process has a response")


def test_it_refuses_what_is_on_symantecs_own_list(inbox: Page) -> None:
    inbox.goto("/?state=cannot")
    expect(highlighted(inbox)).to_contain_text(LISTED)
    expect(inbox.locator("#evidence")).to_contain_text("cannot be excepted", ignore_case=True)
    inbox.keyboard.press("i")
    expect(inbox.locator("#decide [role=alert]")).to_contain_text(f"{LISTED} cannot be excepted.")
    expect(inbox.locator("#decide [role=alert]")).to_contain_text("Symantec")
    expect(inbox.locator("#decide-form")).to_have_count(0)
    inbox.keyboard.press("Escape")
    inbox.goto(f"/processes/{Process.objects.get(name=LISTED).pk}/")
    expect(inbox.locator("main")).to_contain_text("cannot be excepted", ignore_case=True)
    expect(inbox.locator(".bar button[value=ignore]")).to_have_count(0)


def test_what_is_observed_goes_aside_and_comes_back(inbox: Page) -> None:
    decide(inbox, "o", "wait for the vendor")
    assert Watch.objects.filter(ended_at=None).count() == 1
    assert responses() == {}
    inbox.goto("/")
    expect(row(inbox, "tool00.exe")).to_have_count(0)
    inbox.goto("/?state=observed")
    expect(row(inbox, "tool00.exe")).to_contain_text("Observe")
    later = timezone.now() + timedelta(days=3)
    inbox.goto("/")
    inbox.keyboard.press("o")
    inbox.fill("#until", (later - timedelta(days=1)).date().isoformat())
    inbox.fill("#reason", "again next week")
    inbox.locator("#decide-form").get_by_role("button", name="OK").click()
    expect(row(inbox, "tool01.exe")).to_contain_text("Observe")
    assert return_due(later) == 1
    inbox.goto("/")
    expect(row(inbox, "tool00.exe")).to_have_count(0)
    expect(row(inbox, "tool01.exe")).to_be_visible()


def test_the_list_is_found_again_as_it_was_left(inbox: Page) -> None:
    inbox.goto("/?event_type=potential_risk&sort=company")
    inbox.keyboard.press("j")
    inbox.keyboard.press("j")
    name = highlighted(inbox).locator("[data-name]").inner_text()
    inbox.keyboard.press("Enter")
    expect(inbox.locator("h1")).to_have_text(name)
    inbox.go_back()
    assert "sort=company" in inbox.url
    expect(highlighted(inbox)).to_contain_text(name)
