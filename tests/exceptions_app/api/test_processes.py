from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.exceptions_app.acts import give, make_policy
from tests.exceptions_app.web.estate import make_seen
from tests.make import make_group, make_user
from tests.tokens import Caller

if TYPE_CHECKING:
    from truscan.models.estate import Group

pytestmark = pytest.mark.django_db


@pytest.fixture
def sales() -> Group:
    return make_group("My Company\\Sales")


@pytest.fixture
def viewer(sales: Group) -> Caller:
    return Caller(make_user("viewer", "viewer", sales))


def names(r: object) -> list[str]:
    return [row["name"] for row in r.json()["results"]]  # type: ignore[attr-defined]


def test_it_lists_processes_of_ones_groups_newest_first(viewer: Caller, sales: Group) -> None:
    make_seen("one.exe", "a", (sales,))
    make_seen("two.exe", "b", (sales,))
    make_seen("secret.exe", "c", (make_group("My Company\\Engineering"),))
    assert names(viewer.get("processes/")) == ["two.exe", "one.exe"]


def test_the_filters_of_the_inbox_hold_here_too(viewer: Caller, sales: Group) -> None:
    erp = make_seen("erpclient.exe", "a", (sales,))
    make_seen("tool.exe", "b", (sales,))
    give(erp, make_policy("Sales exceptions", sales.path))
    assert names(viewer.get("processes/?state=open")) == ["tool.exe"]
    assert names(viewer.get("processes/?state=decided")) == ["erpclient.exe"]
    assert names(viewer.get("processes/?q=erp")) == ["erpclient.exe"]
    assert names(viewer.get(f"processes/?hash={'A' * 63}1")) == ["erpclient.exe"]
    assert names(viewer.get("processes/?name=TOOL.exe")) == ["tool.exe"]
    assert len(names(viewer.get("processes/"))) == 2, "every state unless one is asked for"


@pytest.mark.parametrize("query", ["state=gone", "group=Nowhere", "level=7", "hash=%00"])
def test_it_rejects_a_filter_that_means_nothing(viewer: Caller, query: str) -> None:
    assert viewer.get(f"processes/?{query}").status_code == 400


def test_one_process_is_found_in_any_state(viewer: Caller, sales: Group) -> None:
    erp = make_seen("erpclient.exe", "a", (sales,))
    give(erp, make_policy("Sales exceptions", sales.path))
    assert viewer.get(f"processes/{erp.pk}/?state=open").json()["id"] == erp.pk


def test_pages_follow_a_cursor_that_newcomers_do_not_shift(viewer: Caller, sales: Group) -> None:
    for digit in "abc":
        make_seen(f"{digit}.exe", digit, (sales,))
    first = viewer.get("processes/?page_size=2").json()
    make_seen("d.exe", "d", (sales,))
    rest = viewer.client.get(first["next"]).json()
    assert [row["name"] for row in first["results"] + rest["results"]] == [
        "c.exe",
        "b.exe",
        "a.exe",
    ]


def test_sightings_tell_what_is_open_where(viewer: Caller, sales: Group) -> None:
    erp = make_seen("erpclient.exe", "a", (sales, make_group("My Company\\Engineering")))
    rows = viewer.get(f"sightings/?process={erp.pk}&open=true").json()["results"]
    assert [row["group_path"] for row in rows] == [sales.path]
    assert viewer.get("sightings/?open=false").json()["results"] == []
