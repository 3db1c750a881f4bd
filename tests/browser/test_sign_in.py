from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.make import make_user

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.contrib.auth.models import User
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser


def test_it_signs_in_by_name_and_password(open_as: Callable[[User | None], Page]) -> None:
    make_user("anna", "analyst")
    page = open_as(None)
    page.goto("/")
    assert "/accounts/login/" in page.url
    page.fill("input[name=login]", "anna")
    page.fill("input[name=password]", "a long enough password")
    page.press("input[name=password]", "Enter")
    page.wait_for_url("**/")
    expect(page.get_by_text("anna").first).to_be_visible()


def test_it_asks_a_visitor_to_sign_in_first(open_as: Callable[[User | None], Page]) -> None:
    page = open_as(None)
    page.goto("/ledger/")
    expect(page.locator("input[name=login]")).to_be_visible()
    assert "next=/ledger/" in page.url


def test_it_opens_the_first_page_for_an_administrator(page: Page) -> None:
    r = page.goto("/")
    assert r is not None
    assert r.status == 200
    assert "default-src 'none'" in r.headers["content-security-policy"]
