"""A suggestion seen and taken; a rule written, simulated, signed, acting on an import, undone."""

from __future__ import annotations

import io
import os
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from exceptions_app.models.decision import Decision
from exceptions_app.policies.assign import create_policy
from exceptions_app.rules.act import tick
from exceptions_app.suggest.refresh import refresh
from exceptions_app.triage.decide import respond
from tests.browser.estate import GROUP, POLICY, log_file
from tests.browser.test_accessibility import violations
from tests.make import SYSTEM, make_group, make_site
from truscan.ingest.job import accept_file
from truscan.models.process import Process

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page

pytestmark = pytest.mark.browser


def read_in(path: Path, count: int) -> None:
    """A log of so many tools; a later one holds those of the one before."""
    content = log_file(path / f"agt_proactive-{count}.log", count).read_bytes()
    accept_file(actor=SYSTEM, name=f"{count}.log", stream=io.BytesIO(content), site=make_site())


def picture(page: Page, name: str) -> None:
    if folder := os.environ.get("PICTURES"):
        page.screenshot(path=f"{folder}/{name}.png", full_page=name.endswith("whole"))


def accessible(page: Page, name: str) -> None:
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        found = violations(page)
        assert found == [], found
        picture(page, f"{name}-{scheme}")


def test_a_suggestion_is_seen_and_taken_and_a_rule_is_signed_and_acts(
    page: Page, tmp_path: Path
) -> None:
    read_in(tmp_path, 42)
    policy = create_policy(actor=SYSTEM, name=POLICY, groups=[make_group(GROUP)])
    tools = Process.objects.filter(on_symantec_list=False).order_by("name")
    decided = list(tools.values_list("pk", flat=True)[:40])
    respond(
        actor=SYSTEM, processes=decided, policies=[policy], response="ignore",
        reason="bought software", now=timezone.now(),
    )  # fmt: skip
    refresh(timezone.now())

    page.goto("/?q=tool")
    row = page.locator("[data-row]").first
    expect(row).to_contain_text("Suggestion: Ignore")
    expect(page.locator("#evidence")).to_contain_text("40 of 40 decisions here")
    accessible(page, "inbox")
    page.keyboard.press("s")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Nothing is decided until you press OK")
    assert dialog.get_by_label("Reason").input_value().startswith("As suggested (93 %)")
    accessible(page, "dialog")
    assert Decision.objects.count() == 1
    dialog.get_by_role("button", name="OK").click()
    expect(page.get_by_text("Ignore: 1 exception in the draft.")).to_be_visible()
    page.goto("/suggestions/")
    expect(page.get_by_text("40 of 40 judged")).to_be_visible()
    accessible(page, "suggestions")

    page.goto("/rules/")
    page.get_by_role("link", name="Write a rule").click()
    page.get_by_label("Company").fill("contoso, ltd.")
    page.get_by_label("program folder").check()
    page.get_by_label(POLICY).check()
    page.get_by_label("Reason").fill("Its maker was asked.")
    page.get_by_label("Name", exact=True).fill("Contoso tools")
    accessible(page, "rule-form")
    page.get_by_role("button", name="Save and simulate").click()
    expect(page.get_by_text("Signed now, it would decide 1 at once")).to_be_visible()
    accessible(page, "rule")
    page.get_by_role("button", name="Sign it and switch it on").click()
    expect(page.get_by_text("decides what matches it from now on")).to_be_visible()
    tick(timezone.now())
    read_in(tmp_path, 44)
    tick(timezone.now())
    page.reload()
    acts = page.get_by_role("button", name="Undo decision")
    expect(acts).to_have_count(2)
    page.goto("/?q=tool")
    expect(page.get_by_text("No process matches")).to_be_visible()
    page.goto("/rules/")
    expect(page.get_by_role("cell", name="On", exact=True)).to_be_visible()
    accessible(page, "rules")
    page.get_by_role("link", name="Contoso tools").click()
    acts.first.click()
    expect(page.get_by_text("Undone: 2 put back.")).to_be_visible()
    tick(timezone.now())
    page.get_by_role("button", name="Switch off").click()
    expect(page.get_by_text("is off. What it decided stays")).to_be_visible()
    page.set_viewport_size({"width": 420, "height": 900})
    picture(page, "rule-narrow")
    assert Decision.objects.filter(means="rule").count() == 2
