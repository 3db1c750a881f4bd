"""One walk: hand in a status table, see who is behind and silent, and what does not take effect."""

from __future__ import annotations

import os
import re
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from exceptions_app.arrival import effect_counts
from exceptions_app.policies.publish import publish
from tests.exceptions_app.acts import give, make_policy
from tests.exceptions_app.web.estate import make_seen
from tests.make import SYSTEM, make_computer
from truscan.models.counts import DailyCount
from truscan.models.detection import Action, EventType
from truscan.models.estate import Group

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from playwright.sync_api import Page

    from exceptions_app.models.policy import Policy

pytestmark = pytest.mark.browser
SALES = "My Company\\Sales"


def test_from_a_status_table_to_what_does_not_take_effect(page: Page, tmp_path: Path) -> None:
    now = timezone.now()
    policy = published(now - timedelta(days=9))
    table = tmp_path / "computers.csv"
    table.write_text(status(now))
    page.goto("/arrival/")
    expect(page.locator("main")).to_contain_text("No serial was read yet")
    page.get_by_role("link", name="Import a status table…").first.click()
    page.get_by_label("Table").set_input_files(table)
    page.get_by_role("button", name="Dry run").click()
    expect(page.locator("main")).to_contain_text("What computers.csv would change")
    expect(page.locator("main")).to_contain_text("There is no such group among yours")
    shot(page, "arrival-dry")
    page.get_by_role("button", name="Take it in").click()
    expect(page.locator("main")).to_contain_text("2 of 5 clients run the newest serial")
    expect(page.locator("main")).to_contain_text("Silence is not health")
    row = page.get_by_role("row", name="Sales")
    expect(row).to_contain_text("40 %")
    shot(page, "arrival")
    row.get_by_role("link", name="2", exact=True).click()
    expect(page.locator("tbody tr")).to_have_count(2)
    expect(page.locator("tbody")).to_contain_text("BEHIND-1")
    page.get_by_label("State").select_option("silent")
    page.get_by_role("button", name="Show").click()
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page.locator("tbody")).to_contain_text("SILENT-1")

    effect_counts.tick(now)
    page.goto("/arrival/")
    shot(page, "arrival-failing")
    page.get_by_role("link", name=policy.name).click()
    main = page.locator("main")
    expect(main.get_by_role("heading", name="loud.exe")).to_contain_text("not taking effect")
    expect(main).to_contain_text("understand only SHA-1")
    expect(main.get_by_role("heading", name="keylogger.exe")).to_contain_text("not taking effect")
    expect(main).to_contain_text("one that ran before goes on until then")
    expect(main.get_by_role("heading", name="worm.exe")).to_contain_text("not clear")
    expect(main).not_to_contain_text("quiet.exe")
    shot(page, "policy-arrival")
    main.get_by_role("link", name="14 left", exact=True).click()
    expect(page).to_have_url(re.compile(r"/detections/\?process=\d+&group=My.*&seen_from="))


def published(at: datetime) -> Policy:
    """Five rules of nine days ago; one is quiet and one stops what it should."""
    policy = make_policy("Sales exceptions", SALES)
    group = Group.objects.get(path=SALES)
    make_computer("CURRENT-1", group, last_heard_at=timezone.now())
    left, stopped, unclear = (
        Action.objects.create(name=name, name_key=name.casefold())
        for name in ("Left alone", "Process terminated", "Suspicious")
    )
    for name, digit, response, action in (
        ("quiet.exe", "a", "ignore", None),
        ("loud.exe", "b", "ignore", left),
        ("keylogger.exe", "c", "terminate", left),
        ("trojan.exe", "d", "quarantine", stopped),
        ("worm.exe", "e", "terminate", unclear),
    ):
        process = make_seen(name, digit, (group,))
        give(process, policy, response)
        if action is not None:
            DailyCount.objects.create(
                day=(timezone.now() - timedelta(days=1)).date(), group=group, process=process,
                event_type=EventType.SECURITY_RISK, action=action, rows=2, occurrences=14,
            )  # fmt: skip
    publish(actor=SYSTEM, policy=policy, now=at)
    return policy


def status(now: datetime) -> str:
    new = f"7A5B-{now - timedelta(days=8):%m/%d/%Y %H:%M:%S} 421"
    old = f"7A5B-{now - timedelta(days=30):%m/%d/%Y %H:%M:%S} 005"
    lately, long_ago = (f"{now - timedelta(hours=hours):%Y-%m-%d %H:%M:%S}" for hours in (2, 400))
    rows = [
        ("CURRENT-1", SALES, new, "14.3.8268", lately),
        ("CURRENT-2", SALES, new, "14.3.8268", lately),
        ("BEHIND-1", SALES, old, "11.0.7101", lately),
        ("BEHIND-2", SALES, old, "14.3.8268", lately),
        ("SILENT-1", SALES, new, "14.3.8268", long_ago),
        ("ELSEWHERE", "My Company\\Nowhere", new, "14.3.8268", lately),
    ]
    header = "Computer name,Group,Policy serial number,Client version,Last check-in"
    return "\n".join([header, *(",".join(row) for row in rows)]) + "\n"


def shot(page: Page, name: str) -> None:
    """Pictures for people who want them, both themes: SHOTS names the folder."""
    if folder := os.environ.get("SHOTS"):
        page.screenshot(path=f"{folder}/{name}.png", full_page=True)
        page.emulate_media(color_scheme="dark")
        page.set_viewport_size({"width": 480, "height": 900})
        page.screenshot(path=f"{folder}/{name}-narrow-dark.png", full_page=True)
        page.set_viewport_size({"width": 1280, "height": 720})
        page.emulate_media(color_scheme="light")
