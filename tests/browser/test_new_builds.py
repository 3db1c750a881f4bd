"""New builds of decided processes: one key takes what is ordinary, the rest waits for a person."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from exceptions_app.models.exception import ProcessException
from exceptions_app.triage.decide import respond
from tests.browser.estate import log_file, stand
from tests.browser.test_accessibility import AXE, RULES, RUN
from tests.browser.test_inbox_keyboard import highlighted
from tests.make import SYSTEM, make_site
from truscan.ingest.job import accept_file
from truscan.models.process import Process

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page

pytestmark = pytest.mark.browser


def new_builds_arrive(path: Path) -> None:
    """The first two tools again under other hashes, the second of another company."""
    lines = log_file(path / "builds.log", 2).read_text().splitlines()[:2]
    lines = [re.sub(r"(?<=Application hash: )[^,]{2}", "0B", line) for line in lines]
    lines[1] = lines[1].replace("Contoso, Ltd.", "Somebody Else")
    (path / "builds.log").write_text("\n".join(lines) + "\n")
    with (path / "builds.log").open("rb") as stream:
        accept_file(actor=SYSTEM, name="builds.log", stream=stream, site=make_site())


def test_one_key_takes_a_new_build_and_leaves_another_publisher(page: Page, tmp_path: Path) -> None:
    policy = stand(tmp_path, 3)
    decided = list(Process.objects.filter(name__in=("tool00.exe", "tool01.exe")))
    respond(
        actor=SYSTEM, processes=[p.pk for p in decided], policies=[policy], response="ignore",
        reason="software of the house", now=decided[0].created_at,
    )  # fmt: skip
    new_builds_arrive(tmp_path)
    page.goto("/?state=renewals")
    expect(page.locator("tr[data-row]")).to_have_count(2)
    expect(highlighted(page)).to_contain_text("tool00.exe")
    expect(page.locator("#evidence .renewal")).to_contain_text("Same response for this build")
    page.keyboard.press("r")
    expect(page.locator("#messages")).to_contain_text("Ignore: 1 exception in the draft.")
    expect(highlighted(page)).to_contain_text("tool01.exe")
    expect(page.locator("#evidence .renewal")).to_contain_text("needs a person")
    page.evaluate(AXE)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        assert page.evaluate(RUN, RULES) == []
    page.keyboard.press("r")
    expect(page.locator("#messages")).to_contain_text(
        "the company was Contoso, Ltd., now Somebody Else"
    )
    kept = ProcessException.objects.filter(retired_at=None).exclude(process__in=decided)
    assert [(row.process.name, row.response) for row in kept] == [("tool00.exe", "ignore")]
    page.goto("/?state=renewals")
    expect(page.locator("tr[data-row]")).to_have_count(1)
    expect(page.locator("tr[data-row]")).to_contain_text("Needs a person")
    page.locator("[data-take]").click()
    expect(page.locator("#messages")).to_contain_text("was Contoso, Ltd., now Somebody Else")
