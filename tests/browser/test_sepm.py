"""One walk: add a server, read, plan, apply, drift, restore."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from exceptions_app.policies.publish import publish
from tests.exceptions_app.acts import give, make_policy
from tests.make import SYSTEM, make_process
from tests.sepm.certificate import make_identity
from tests.sepm.https_server import serving
from tests.sepm.simulated import PASSWORD, USER, Simulated, sepm_id

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page
    from pytest_django.fixtures import Settings

pytestmark = pytest.mark.browser
SALES = "My Company\\Sales"


def test_from_a_new_server_to_a_restored_policy(
    page: Page, settings: Settings, tmp_path: Path
) -> None:
    settings.OUTBOUND_PRIVATE_HOSTS = ["127.0.0.1"]
    sepm = Simulated()
    sepm.group("My Company")
    sepm.group(SALES)
    policy = make_policy("Sales exceptions", SALES)
    give(make_process("a.exe", "a"), policy)
    give(make_process("b.exe", "b"), policy, "terminate")
    publish(actor=SYSTEM, policy=policy, now=timezone.now())
    identity = make_identity(tmp_path, "sepm")
    with serving(sepm, identity) as address:
        walk(page, sepm, address, identity.fingerprint)


def walk(page: Page, sepm: Simulated, address: str, fingerprint: str) -> None:
    page.goto("/sepm/")
    page.get_by_label("Name", exact=True).fill("SEPM one")
    page.get_by_label("Address").fill(address)
    page.get_by_label("Account").fill(USER)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("The server proves itself to").select_option("pin")
    page.get_by_label("SHA-256 fingerprint").fill(fingerprint)
    page.get_by_role("button", name="Add").click()
    page.get_by_role("button", name="Read it").click()
    expect(page.locator("main")).to_contain_text("2 groups")
    page.get_by_role("link", name="The server").click()
    page.get_by_role("button", name="Plan", exact=True).click()
    expect(page.locator("main")).to_contain_text("b.exe")
    page.get_by_role("button", name="Apply to SEPM").click()
    expect(page.locator("main")).to_contain_text("Assigned and read back.")
    pk = sepm_id("made Sales exceptions")
    sepm.rules(pk, "applications").clear()
    page.get_by_role("link", name="The server").click()
    page.get_by_role("button", name="Look for drift").click()
    expect(page.locator("main")).to_contain_text("1 of 1 policies differ")
    page.get_by_role("link", name="The server").click()
    expect(page.locator("main")).to_contain_text("SEPM differs from what was applied")
    page.get_by_role("button", name="Restore: plan it again").click()
    page.get_by_role("button", name="Apply to SEPM").click()
    expect(page.locator("main")).to_contain_text("changed and read back")
    assert len(sepm.rules(pk, "applications")) == 1
