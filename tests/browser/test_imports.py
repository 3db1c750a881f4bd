"""Handing in log files on the page: many, dropped, wrong, unclear, taken back, read again."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser.estate import log_file
from tests.samples_at_hand import BROKEN, dump_file
from truscan.models.detection import Detection
from truscan.models.log_import import LogImport

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
# Words that no alias resembles: only a person can tell what they are.
CSV = (
    "Zeitpunkt;Programmdatei;Rechner;Ereignisart\n"
    "2026-03-01 10:00:00;C:\\Tools\\one.exe;EX-1;Potential risk found\n"
    "2026-03-01 11:00:00;C:\\Tools\\two.exe;EX-2;Potential risk found\n"
)
MEANING = {
    "Zeitpunkt": "event_at",
    "Programmdatei": "file_path",
    "Rechner": "computer",
    "Ereignisart": "event",
}
# A drop as the file manager does it: the browser makes the files, the page gets the event.
DROP = """(zone, files) => {
  const data = new DataTransfer();
  for (const [name, text] of files) data.items.add(new File([text], name));
  for (const kind of ["dragenter", "dragover", "drop"])
    zone.dispatchEvent(new DragEvent(kind, { dataTransfer: data, cancelable: true }));
}"""
# What the person was told while the file went over.
TOLD = """() => {
  window.told = [];
  new MutationObserver(() => window.told.push(document.querySelector("[data-told]").textContent))
    .observe(document.querySelector("[data-told]"), { childList: true, characterData: true });
  window.addEventListener("pagehide", () => sessionStorage.setItem("told", window.told.join("|")));
}"""


def hand_in(page: Page, *paths: Path) -> None:
    page.goto("/imports/")
    page.set_input_files("input[type=file]", [str(path) for path in paths])
    page.get_by_role("button", name="Import").click()


def written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def test_it_takes_several_files_and_shows_how_far_they_are(page: Page, tmp_path: Path) -> None:
    one, two = tmp_path / "first.log", tmp_path / "second.log"
    log_file(one, 3)
    log_file(two, 5, "My Company\\Research")
    page.goto("/imports/")
    page.set_input_files("input[type=file]", [str(one), str(two)])
    expect(page.locator("[data-names]")).to_have_text("first.log, second.log")
    page.evaluate(TOLD)
    with page.expect_navigation():
        page.get_by_role("button", name="Import").click()
    rows = page.locator("#import-rows tbody tr")
    expect(rows).to_have_count(2)
    expect(rows.nth(0)).to_contain_text("Done")
    expect(rows.nth(1)).to_contain_text("Done")
    assert "Handed over" in page.evaluate("sessionStorage.getItem('told')")
    assert Detection.objects.count() == 10


def test_it_takes_files_that_are_dropped(page: Page, tmp_path: Path) -> None:
    text = log_file(tmp_path / "dropped.log", 2).read_text()
    page.goto("/imports/")
    page.locator("[data-drop]").evaluate(DROP, [["dropped.log", text]])
    expect(page.locator("[data-names]")).to_have_text("dropped.log")
    page.get_by_role("button", name="Import").click()
    expect(page.locator("#receipt")).to_contain_text("Done")
    assert LogImport.objects.get().name == "dropped.log"


def test_a_picture_is_refused_and_the_reason_told(page: Page, tmp_path: Path) -> None:
    good = log_file(tmp_path / "good.log", 2)
    hand_in(page, written(tmp_path / "holiday.png", PNG))
    told = page.locator("#receipt .note.stop, #messages .toast.error")
    expect(told).to_contain_text("PNG")
    assert Detection.objects.count() == 0
    hand_in(page, written(tmp_path / "holiday2.png", PNG + b"1"), good)
    expect(page.locator("#import-rows")).to_contain_text("good.log")
    assert Detection.objects.count() == 3


def test_an_unknown_table_asks_and_goes_on(page: Page, tmp_path: Path) -> None:
    hand_in(page, written(tmp_path / "export.csv", CSV.encode()))
    expect(page.locator("#receipt")).to_contain_text("needs an answer")
    for column, field in MEANING.items():
        page.get_by_label(f"Meaning of {column}").select_option(field)
    page.get_by_role("button", name="Go on reading").click()
    expect(page.locator("#receipt")).to_contain_text("Done")
    assert LogImport.objects.get().inserted == 2
    hand_in(page, written(tmp_path / "later.csv", CSV.replace("03-01", "03-02").encode()))
    expect(page.locator("#receipt")).to_contain_text("Done")
    assert Detection.objects.count() == 4


def test_what_was_rejected_can_be_fetched(page: Page, tmp_path: Path) -> None:
    hand_in(page, dump_file(tmp_path / "agt_proactive.log", "My Company\\Sales"))
    expect(page.locator("main")).to_contain_text("Rejected lines")
    with page.expect_download() as waiting:
        page.get_by_role("link", name="list (CSV)").click()
    assert b"5" in waiting.value.path().read_bytes()
    with page.expect_download() as waiting:
        page.get_by_role("link", name="raw lines").click()
    assert waiting.value.path().read_bytes().strip() == BROKEN.encode()


def test_an_import_is_taken_back(page: Page, tmp_path: Path) -> None:
    hand_in(page, log_file(tmp_path / "agt_proactive.log", 3))
    expect(page.locator("#receipt")).to_contain_text("Done")
    page.get_by_text("Withdraw this import").click()
    page.get_by_role("button", name="Withdraw").click()
    expect(page.locator("#receipt")).to_contain_text("Withdrawn")
    assert Detection.objects.count() == 0
    page.goto("/")
    expect(page.locator("tr[data-row]")).to_have_count(0)


def test_an_import_is_read_again_in_another_zone(page: Page, tmp_path: Path) -> None:
    hand_in(page, log_file(tmp_path / "agt_proactive.log", 3))
    expect(page.locator("#receipt")).to_contain_text("UTC")
    before = Detection.objects.latest("event_at").event_at
    page.get_by_text("Read again with another").click()
    page.get_by_label("Time zone of the log").fill("Atlantic/Reykjavik")
    page.get_by_role("button", name="Read again").click()
    expect(page.locator("#receipt")).to_contain_text("Atlantic/Reykjavik")
    expect(page.locator("#receipt")).to_contain_text("Done")
    assert Detection.objects.count() == 4
    page.get_by_text("Read again with another").click()
    page.get_by_label("Time zone of the log").fill("Asia/Tokyo")
    page.get_by_role("button", name="Read again").click()
    expect(page.locator("#receipt")).to_contain_text("Asia/Tokyo")
    moved = before - Detection.objects.latest("event_at").event_at
    assert moved.total_seconds() == 9 * 3600
    page.get_by_text("Read again with another").click()
    page.get_by_label("Time zone of the log").fill("Mars/Olympus")
    page.get_by_role("button", name="Read again").click()
    expect(page.locator("#messages")).to_contain_text("no time zone named")
    assert Detection.objects.count() == 4
