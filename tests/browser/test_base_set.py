"""One walk: choose a base, take its rules over, overrule one, see what the base would bring."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.exceptions_app.acts import give, make_policy
from tests.exceptions_app.web.estate import make_seen
from truscan.models.estate import Group

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser
SALES = "My Company\\Sales"


def test_from_choosing_a_base_to_a_flat_draft(page: Page) -> None:
    base, policy = make_policy("Company base", "My Company"), make_policy("Sales exceptions", SALES)
    group = Group.objects.get(path=SALES)
    worm = make_seen("worm.exe", "c", (group,))
    give(make_seen("erp.exe", "a", (group,)), base)
    give(worm, base, "terminate")
    page.goto(f"/policies/{policy.pk}/")
    main = page.locator("main")
    page.get_by_text("Choose a base").click()
    page.get_by_label("Name of the base policy").fill("company base")
    page.get_by_role("button", name="Save").click()
    expect(main).to_contain_text("2 to write, 0 to remove")
    page.get_by_role("button", name="Take over from the base").click()
    expect(main).to_contain_text("0 to write, 0 to remove")
    expect(main).to_contain_text("From the base set Company base")
    give(worm, policy, "quarantine")
    page.reload()
    expect(main).to_contain_text("1 overruled here")
    expect(page.get_by_role("button", name="Take over from the base")).to_have_count(0)
