from __future__ import annotations

import itertools
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.core.cache import cache
from django.template import Context, Template

from tests.make import NOW, make_group, make_process, make_sighting, make_user
from truscan.models.access import RoleGrant
from truscan.models.counts import ProcessSummary
from truscan.web.charts import Series, bars, ceiling, sparkline
from truscan.web.frame import open_processes

if TYPE_CHECKING:
    from django.test import Client

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_old_counts() -> None:
    cache.clear()


def test_sign_in_page_opens_without_a_session(client: Client) -> None:
    r = client.get("/accounts/login/")
    assert r.status_code == 200
    assert "Sign in" in r.text
    assert "style=" not in r.text


def test_a_page_without_a_session_leads_to_sign_in(client: Client) -> None:
    assert client.get("/settings/").headers["Location"].startswith("/accounts/login/")


def test_unknown_address_is_a_page_of_the_house(client: Client) -> None:
    client.force_login(make_user("owner", "administrator"))
    r = client.get("/nowhere/")
    assert r.status_code == 404
    assert "Open the inbox" in r.text


def test_rail_counts_only_open_processes_of_ones_own_groups() -> None:
    sales, lab = make_group("My Company\\Sales"), make_group("My Company\\Lab")
    for digit, group in (("a", sales), ("b", lab)):
        process = make_process(digit=digit)
        make_sighting(process, group)
        ProcessSummary.objects.create(process=process, first_at=NOW, last_at=NOW)
    assert open_processes(make_user("owner", "viewer")) == 2
    assert open_processes(make_user("member", "viewer", sales)) == 1
    assert open_processes(make_user("outsider")) == 0


def test_a_scope_too_wide_to_look_at_whole_is_counted_as_exactly(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whatever is looked at first: each process once, those on Symantec's list never."""
    tops = [make_group(f"My Company\\{name}") for name in ("Sales", "Lab", "Shop")]
    for digit in "abcd":
        process = make_process(digit=digit, on_symantec_list=digit == "d")
        for group in tops[: 3 if digit in "ad" else 1]:
            make_sighting(process, group)
    make_sighting(make_process(digit="e"), make_group("My Company\\Elsewhere"))
    member = make_user("member", "viewer", tops[0])
    for top in tops[1:]:
        RoleGrant.objects.create(user=member, role="viewer", group=top)
    for cap, looked_at in itertools.product((1, 2, 3, 9), range(1, 9)):
        monkeypatch.setattr("truscan.web.frame.CAP", cap)
        monkeypatch.setattr("truscan.web.frame.LOOKED_AT", looked_at)
        cache.clear()
        assert open_processes(member) == min(3, cap + 1), (cap, looked_at)


def test_rail_shows_govern_to_the_administrator_only(client: Client) -> None:
    client.force_login(make_user("owner", "administrator"))
    assert "People" in client.get("/settings/").text
    client.force_login(make_user("member", "viewer", make_group("My Company\\Sales")))
    r = client.get("/settings/").text
    assert "Ledger" not in r
    assert "People" not in r


def show(text: str, **ctx: object) -> str:
    return Template("{% load house %}" + text).render(Context(ctx))


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (2, "now"),
        (70, "70 s"),
        (840, "14 min"),
        (7200, "2 h"),
        (86400 * 3, "3 d"),
        (-300, "in 5 min"),
    ],
)
def test_times_are_relative_with_the_exact_time_on_hover(seconds: int, text: str) -> None:
    r = show("{{ at|ago:now }}", at=NOW - timedelta(seconds=seconds), now=NOW)
    assert f">{text}</time>" in r
    assert "UTC" in r


def test_an_unknown_number_is_not_zero() -> None:
    assert show("{{ n|thousands }}", n=None) == "unknown"
    assert show("{{ n|thousands }}", n=4812) == "4,812"
    assert show("{{ n|capped }}", n=10_001) == "10,000+"


def test_what_is_shortened_keeps_the_whole_for_copying() -> None:
    path = "%PROGRAMFILES%\\" + "x" * 90 + "\\erp.exe"
    r = show("{{ p|short_path }}", p=path)
    assert path in r
    assert "…" in r
    assert 'data-copy="' in show("{{ h|short_hash }}", h="a" * 64)


def test_a_log_cannot_write_markup_into_the_page() -> None:
    assert "<script" not in show("{{ p|short_path }}{{ p|short_hash }}", p="<script>alert(1)")
    drawn = bars(["<b>"], [Series("<i>", [3])], title="<script>")
    assert "<script>" not in drawn
    assert "<b>" not in drawn


def test_a_mark_is_colour_and_word_and_letter() -> None:
    r = show("{{ r|mark }}", r="quarantine")
    assert "mark quarantine" in r
    assert ">q<" in r
    assert "Quarantine" in r


@pytest.mark.parametrize(("value", "top"), [(0, 1), (1, 1), (3, 5), (10, 10), (4812, 5000)])
def test_scale_ends_at_a_round_number(value: float, top: int) -> None:
    assert ceiling(value) == top


def test_a_day_without_data_is_a_gap() -> None:
    assert sparkline([1, None, 2], "trend").count("M") == 2
