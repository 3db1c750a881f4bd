"""The whole job as an analyst does it: logs in, triage, policy files out, ramp confirmed."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from tests.samples_at_hand import dump_file
from truscan.models.log_import import LogImport

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

POLICY = "Sales exceptions"
GROUP = "My Company\\Sales"


def import_log(page: Page, path: Path) -> None:
    page.goto("/imports/")
    page.set_input_files("input[type=file]", str(path))
    page.get_by_role("button", name="Import").click()
    expect(page.get_by_text("Lines read")).to_be_visible()
    expect(page.locator("#receipt")).to_contain_text("Done")


def open_dialog(page: Page, name: str, response: str) -> None:
    page.goto("/?q=" + name)
    page.get_by_label(f"Select {name}").check()
    page.locator(f".selection button[value={response}]").click()
    expect(page.locator("#decide-form")).to_be_visible()


def decide(page: Page, name: str, response: str, reason: str) -> None:
    open_dialog(page, name, response)
    page.fill("#reason", reason)
    page.locator("#decide-form").get_by_role("button", name="OK").click()
    expect(page.locator("#decide-form")).to_have_count(0)
    expect(page.locator("#messages")).to_contain_text("Undo")


def downloaded(page: Page, target: str) -> bytes:
    with page.expect_download() as waiting:
        page.get_by_role("link", name=target, exact=True).first.click()
    return waiting.value.path().read_bytes()


def test_from_a_log_file_to_policy_files_and_a_confirmed_level(page: Page, tmp_path: Path) -> None:
    log = dump_file(tmp_path / "agt_proactive.log", GROUP)
    import_log(page, log)
    row = LogImport.objects.get()
    assert (row.inserted, row.ignored, row.rejected) == (3, 1, 1)

    open_dialog(page, "erpclient.exe", "ignore")
    page.fill("#new_policy", POLICY)
    page.fill("#reason", "business application")
    page.locator("#decide-form").get_by_role("button", name="OK").click()
    expect(page.locator("#messages")).to_contain_text("Undo")
    decide(page, "svch0st.exe", "terminate", "masquerades as a system process")
    page.goto("/")
    expect(page.get_by_text("erpclient.exe")).to_have_count(0)

    page.goto("/policies/")
    page.get_by_role("link", name=POLICY).click()
    page.get_by_role("link", name="Publish").click()
    expect(page.get_by_text(GROUP).first).to_be_visible()
    page.get_by_role("button", name="Publish revision 1").click()
    expect(page.get_by_text("revision 1").first).to_be_visible()

    see_the_bundle(json.loads(downloaded(page, "Policy file")))
    see_the_rest_package(downloaded(page, "SEPM 14 REST, version 2"))
    see_the_worksheet(downloaded(page, "SEP 11 worksheet"))
    run_the_ramp(page)


def see_the_bundle(bundle: dict[str, object]) -> None:
    text = json.dumps(bundle)
    assert bundle["format"] == "truscan-policy/1"
    assert "a1" * 32 in text
    assert '"ignore"' in text
    assert '"terminate"' in text
    assert "business application" in text


def see_the_rest_package(content: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        found = {name.rpartition("/")[2]: archive.read(name) for name in archive.namelist()}
    body = json.loads(found["policy.json"])
    allowed = body["configuration"]["applications"]
    denied = body["configuration"]["denylistrules"]
    assert [rule["action"] for rule in allowed] == ["IGNORE"]
    assert [rule["action"] for rule in denied] == ["BLOCK"]
    assert allowed[0]["processfile"]["name"] == "erpclient.exe"


def see_the_worksheet(content: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        (name,) = [n for n in archive.namelist() if n.endswith(".csv")]
        rows = list(csv.reader(io.StringIO(archive.read(name).decode("utf-8-sig"))))
    text = "\n".join(",".join(row) for row in rows)
    assert "erpclient.exe" in text
    assert "svch0st.exe" in text


def run_the_ramp(page: Page) -> None:
    page.goto("/ramp/new/")
    page.fill("[name=scan_policy]", "AV Sales")
    page.select_option("[name=track]", "trojans")
    page.fill("[name=more_groups]", GROUP)
    page.fill("[name=start_on]", (timezone.now() - timedelta(days=1)).date().isoformat())
    page.fill("[name=days]", "75")
    page.fill("[name=zone]", "Europe/Berlin")
    page.get_by_role("button", name="Create plan").click()
    expect(page.get_by_role("img").first).to_be_visible()
    page.get_by_role("button", name="Confirm level 10").or_(
        page.get_by_role("link", name="Confirm level 10")
    ).first.click()
    page.locator("#act-confirm button[type=submit]").click()
    expect(page.locator("main")).to_contain_text("Level confirmed")
    page.goto("/groups/")
    page.get_by_role("link", name="Sales", exact=True).click()
    expect(page.locator("main")).to_contain_text("Level 10")
