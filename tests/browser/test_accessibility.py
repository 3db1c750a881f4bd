"""Every page against WCAG 2.2 AA with axe-core, light and dark, wide and narrow.

axe.min.js is axe-core 4.14.1 of Deque Systems, unchanged, under the Mozilla Public License 2.0
(axe.LICENSE.txt).
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal
from urllib.parse import quote

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from exceptions_app.policies.publish import publish
from exceptions_app.triage.decide import respond
from tests.browser.estate import GROUP, stand
from tests.make import SYSTEM
from truscan.models.estate import Group
from truscan.models.log_import import LogImport
from truscan.models.process import Process

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

AXE = (Path(__file__).parent / "axe.min.js").read_text()
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
RUN = """async (rules) => {
  const frame = () => new Promise((done) => requestAnimationFrame(done));
  await frame();
  await frame();
  const found = await axe.run(document, { runOnly: rules, resultTypes: ["violations"] });
  return found.violations.flatMap((v) => v.nodes.map((n) => `${v.id}: ${n.html.slice(0, 160)}`));
}"""
SPILLS = "document.documentElement.scrollWidth > window.innerWidth"
Scheme = Literal["light", "dark"]
SIZES = {"wide": (1440, 900), "narrow": (600, 900)}
LOOKS: list[tuple[Scheme, str]] = [("light", "wide"), ("dark", "wide"), ("light", "narrow")]


@pytest.fixture
def addresses(page: Page, tmp_path: Path) -> list[str]:
    """The main pages of an estate with a published policy, a draft, a plan and rejected lines."""
    policy = stand(tmp_path, 4)
    now = timezone.now()
    tools = list(Process.objects.filter(name__startswith="tool").order_by("name"))
    for process, word in zip(tools, ("ignore", "quarantine", "terminate"), strict=False):
        respond(
            actor=SYSTEM,
            processes=[process.pk],
            policies=[policy],
            response=word,
            reason="seen before",
            now=now,
        )
        if word == "ignore":
            publish(actor=SYSTEM, policy=policy, now=now)
    group, receipt = Group.objects.get(path=GROUP), LogImport.objects.get()
    return [
        "/", "/?q=nothinglikeit", "/?state=cannot", "/detections/", "/policies/", "/policies/new/",
        f"/policies/{policy.pk}/", f"/policies/{policy.pk}/publish/",
        f"/policies/{policy.pk}/revisions/1/", f"/policies/{policy.pk}/revisions/1/go-back/",
        f"/policies/{policy.pk}/revisions/1/compare/1/", "/groups/", f"/groups/{group.pk}/",
        f"/groups/{group.pk}/effective/", "/lint/", "/approvals/", f"/policies/{policy.pk}/ask/",
        "/reviews/?tab=unused", f"/reviews/{policy.exceptions.earliest('pk').pk}/end/",
        "/ramp/",
        "/ramp/new/", plan(page), "/imports/", f"/imports/{receipt.pk}/", "/people/", "/tokens/",
        "/settings/", "/settings/reminders/", "/sites/", f"/sites/{receipt.site_id}/", "/ledger/",
        "/accounts/email/",
        f"/processes/{tools[0].pk}/", f"/processes/{tools[3].pk}/where/computers/",
        f"/processes/decide/?process={tools[3].pk}&response=ignore",
        f"/processes/{tools[0].pk}/why/?group={quote(GROUP)}", "/arrival/", "/arrival/import/",
        "/arrival/clients/", f"/policies/{policy.pk}/arrival/", f"/policies/{policy.pk}/import/",
        f"/policies/{policy.pk}/template/", "/sepm/", "/webhooks/",
    ]  # fmt: skip


def plan(page: Page) -> str:
    page.goto("/ramp/new/")
    page.fill("[name=scan_policy]", "AV Sales")
    page.fill("[name=more_groups]", GROUP)
    page.fill("[name=start_on]", timezone.now().date().isoformat())
    page.fill("[name=days]", "75")
    page.fill("[name=zone]", "UTC")
    page.get_by_role("button", name="Create plan").click()
    page.wait_for_url(lambda url: url.rstrip("/")[-1].isdigit())
    return page.url


def violations(page: Page) -> list[str]:
    page.evaluate(AXE)
    found: list[str] = page.evaluate(RUN, RULES)
    return found


def test_every_page_is_accessible_in_every_look(page: Page, addresses: list[str]) -> None:
    wrong: list[str] = []
    for address in addresses:
        page.goto(address)
        page.evaluate(AXE)
        for scheme, size in LOOKS:
            width, height = SIZES[size]
            page.set_viewport_size({"width": width, "height": height})
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            look = f"{address} {scheme} {size}"
            wrong += [f"{look}: {each}" for each in page.evaluate(RUN, RULES)]
            if page.evaluate(SPILLS):
                wrong.append(f"{look}: wider than the window")
    assert wrong == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_dialogs_and_messages_are_accessible(page: Page, tmp_path: Path, scheme: Scheme) -> None:
    stand(tmp_path, 3)
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    page.goto("/")
    expect(page.locator("#evidence")).to_contain_text("tool00.exe")
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()
    wrong = violations(page)
    page.keyboard.press("Escape")
    page.keyboard.press("i")
    expect(page.locator("#reason")).to_be_focused()
    wrong += violations(page)
    page.fill("#reason", "seen before")
    page.locator("#decide-form").get_by_role("button", name="OK").click()
    expect(page.locator("#messages .toast")).to_be_visible()
    assert wrong + violations(page) == []


def test_the_keyboard_reaches_the_work_first(page: Page, tmp_path: Path) -> None:
    stand(tmp_path, 2)
    page.goto("/groups/")
    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_text("Skip to the work")
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
