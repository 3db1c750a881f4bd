from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from exceptions_app.triage.inbox import InboxFilter
from exceptions_app.triage.inbox_page import page_of
from exceptions_app.web.inbox_levels import add_levels
from tests.exceptions_app.web.estate import make_seen, sign_in
from tests.make import NOW, make_group, make_user
from truscan.ramp.in_force import LevelInForce

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.test import Client
    from pytest_django import DjangoAssertNumQueries

    from truscan.models.estate import Group

pytestmark = pytest.mark.django_db

INLINE = re.compile(r"<script(?![^>]*\ssrc=)|<style|\sstyle=|\son[a-z]+=", re.IGNORECASE)


def test_it_works(client: Client, owner: User, sales: Group) -> None:
    process = make_seen("erpclient.exe", "a", (sales,))
    r = client.get("/")
    assert r.status_code == 200
    assert "erpclient.exe" in r.text
    assert f"/processes/{process.pk}/" in r.text
    assert "without a response" in r.text


def test_pages_hold_no_inline_script_or_style(client: Client, owner: User, sales: Group) -> None:
    """The CSP would drop them; attributes of htmx are no scripts."""
    process = make_seen("erpclient.exe", "a", (sales,))
    for address in (
        "/",
        "/?q=zzz",
        f"/processes/{process.pk}/",
        f"/processes/decide/?process={process.pk}&response=ignore",
        "/detections/",
    ):
        r = client.get(address)
        assert r.status_code == 200, address
        assert not INLINE.search(r.text), (address, INLINE.search(r.text))
        assert "unsafe" not in r.headers["Content-Security-Policy"]


def test_a_log_cannot_write_markup_into_the_inbox(
    client: Client, owner: User, sales: Group
) -> None:
    make_seen("<img src=x>.exe", "a", (sales,), company_name="<b>x", generic_path="C:\\<i>\\x.exe")
    r = client.get("/")
    assert "<img src=x>" not in r.text
    assert "<b>x" not in r.text
    assert "<i>" not in r.text


def test_empty_inbox_says_what_to_do_first(client: Client, owner: User) -> None:
    assert "hand them in" in client.get("/").text


def test_filters_stand_in_the_address_as_chips(client: Client, owner: User, sales: Group) -> None:
    make_seen("erpclient.exe", "a", (sales,))
    r = client.get("/", {"group": "My Company\\Sales", "q": "erp"})
    assert "My Company\\Sales and below" in r.text
    assert 'href="?q=erp"' in r.text
    assert "erpclient.exe" in r.text


def test_a_bad_filter_is_told_and_finds_nothing(client: Client, owner: User, sales: Group) -> None:
    endless = client.get("/", {"q": "x" * 10_000})
    assert (endless.status_code, "at most 200 characters" in endless.text) == (200, True)
    make_seen("erpclient.exe", "a", (sales,))
    r = client.get("/", {"group": "Nowhere"})
    assert "There is no group Nowhere." in r.text
    assert "data-row" not in r.text


def test_group_suggestions_stay_in_scope(client: Client, sales: Group) -> None:
    make_group("My Company\\Lab")
    sign_in(client, "member", "viewer", sales)
    r = client.get("/inbox/groups/", {"group": "company"})
    assert "Sales" in r.text
    assert "Lab" not in r.text


def test_type_suggestions_stay_in_scope(client: Client, sales: Group) -> None:
    lab = make_group("My Company\\Lab")
    make_seen("a.exe", "a", (lab,), summary={"application_type": "Keylogger"})
    make_seen("b.exe", "b", (sales,), summary={"application_type": "Trojan"})
    sign_in(client, "member", "viewer", sales)
    assert 'hx-get="/inbox/types/"' in client.get("/").text
    r = client.get("/inbox/types/")
    assert 'value="Trojan"' in r.text
    assert "Keylogger" not in r.text


def test_number_of_queries_does_not_grow_with_the_rows(
    client: Client,
    owner: User,
    sales: Group,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    for n in range(60):
        make_seen(f"tool{n}.exe", "a", (sales,), hash=f"{n:02x}" * 32)
    client.get("/")
    with django_assert_max_num_queries(34):
        r = client.get("/")
    assert r.text.count("data-row=") == 50
    assert len(r.content) < 92_000


def test_levels_are_those_of_the_groups_where_it_was_seen(owner: User) -> None:
    groups = [make_group(f"My Company\\G{n}") for n in range(4)]
    make_seen("low.exe", "a", (groups[0], groups[3]))
    make_seen("both.exe", "b", tuple(groups))
    make_seen("none.exe", "c", (groups[3],))
    said = ((0, "10"), (1, "30"), (1, "50"), (2, "20"), (2, "High"), (3, "High"))
    levels = [LevelInForce(groups[n].pk, 1, "AV", "trojans", level, NOW) for n, level in said]
    for user, both in ((owner, "level 10–50"), (make_user("m", "viewer", groups[2]), "level 20")):
        found = InboxFilter({"state": "all"}, user=user, now=NOW)
        page = page_of(found)
        add_levels(page, levels, found)
        told = {row.process.name: row.level for row in page.rows}
        assert told["both.exe"] == both
        assert told.get("low.exe", "level 10") == "level 10"
        assert told.get("none.exe", "") == ""
