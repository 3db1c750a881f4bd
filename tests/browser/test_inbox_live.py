"""What comes while the list is open: told quietly, put there only when asked for."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from exceptions_app.models.comment import Comment
from tests.browser.estate import log_file, stand
from tests.browser.test_accessibility import AXE, RULES, RUN
from tests.browser.test_inbox_keyboard import decide, highlighted, row
from tests.make import SYSTEM, make_site
from truscan.ingest.job import accept_file

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page

pytestmark = pytest.mark.browser


def more_arrives(path: Path) -> None:
    """late00.exe to late02.exe, detected when the first three tools were."""
    text = log_file(path / "late.log", 3).read_text()
    text = text.replace("tool0", "late0").replace("Contoso tool", "Late tool")
    text = re.sub(r"(?<=Application hash: )[^,]{2}", "0A", text)
    (path / "late.log").write_text(text)
    with (path / "late.log").open("rb") as stream:
        accept_file(actor=SYSTEM, name="late.log", stream=stream, site=make_site())


def test_newcomers_wait_until_they_are_asked_for(page: Page, tmp_path: Path) -> None:
    stand(tmp_path, 8)
    page.clock.install()
    page.goto("/")
    expect(page.locator("#evidence")).to_contain_text("tool00.exe")
    page.keyboard.press("j")
    page.keyboard.press("x")
    line, rows = page.locator("[data-newcomers]"), page.locator("tr[data-row]")
    more_arrives(tmp_path)
    before = [place.bounding_box() for place in rows.all()]
    expect(line).to_be_empty()
    page.clock.fast_forward(21_000)
    expect(line).to_have_text("3 new n")
    assert [place.bounding_box() for place in rows.all()] == before
    expect(highlighted(page)).to_contain_text("tool01.exe")
    expect(page.locator("[data-selected]")).to_have_text("1 selected")
    page.evaluate(AXE)
    assert page.evaluate(RUN, RULES) == []
    page.keyboard.press("n")
    expect(rows).to_have_count(11)
    expect(highlighted(page)).to_contain_text("late0")
    expect(page.locator("[data-selected]")).to_have_text("1 selected")
    expect(page.locator("[data-said]")).to_have_text("3 new processes at the top")
    expect(line).to_be_empty()
    page.clock.fast_forward(21_000)
    expect(line).to_be_empty()
    page.get_by_label("Select tool01.exe").uncheck()
    decide(page, "i")
    expect(page.locator("[data-rate]")).to_contain_text("1 decided · 1.0 decision a minute")
    expect(highlighted(page)).to_contain_text("late01.exe")
    with page.expect_navigation():
        page.keyboard.press("u")
    expect(highlighted(page)).to_contain_text("late01.exe")
    expect(page.locator("[data-rate]")).to_contain_text("1 decided")


def test_comments_and_raw_lines_are_at_hand(page: Page, tmp_path: Path) -> None:
    stand(tmp_path, 2)
    page.goto("/")
    page.keyboard.press("c")
    expect(page.locator("#comment-text")).to_be_focused()
    page.keyboard.type("is this the new client?")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#comments .said")).to_have_text("is this the new client?")
    assert Comment.objects.get().process.name == "tool00.exe"
    page.evaluate(AXE)
    assert page.evaluate(RUN, RULES) == []
    page.keyboard.press("Escape")
    expect(page.locator("#comments-dialog")).to_be_hidden()
    page.keyboard.press("j")
    expect(highlighted(page)).to_contain_text("tool01.exe")
    evidence = page.locator("#evidence")
    expect(evidence).to_contain_text("tool01.exe")
    evidence.get_by_role("link", name="raw").click()
    expect(evidence.locator("#raw")).to_contain_text("Application hash: ")


def test_the_next_evidence_is_there_before_it_is_asked_for(page: Page, tmp_path: Path) -> None:
    stand(tmp_path, 4)
    with page.expect_response(lambda r: r.url.endswith("/evidence/")):
        page.goto("/")
    asked: list[str] = []
    page.on("request", lambda r: asked.append(r.url))
    page.keyboard.press("j")
    expect(page.locator("#evidence")).to_contain_text("tool01.exe")
    place = f"/{row(page, 'tool01.exe').get_attribute('data-row')}/evidence/"
    assert not [url for url in asked if url.endswith(place)]


def test_it_stops_when_nobody_is_signed_in_any_more(page: Page, tmp_path: Path) -> None:
    stand(tmp_path, 2)
    page.clock.install()
    page.goto("/")
    page.context.clear_cookies()
    page.clock.fast_forward(21_000)
    expect(page.locator("[data-newcomers]")).to_have_text("Not live · ask again")
    asked: list[str] = []
    page.on("request", lambda r: asked.append(r.url))
    page.clock.fast_forward(700_000)
    assert asked == []
