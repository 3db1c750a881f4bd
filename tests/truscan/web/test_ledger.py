from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.make import SYSTEM, make_group, make_site, make_user
from truscan import audit
from truscan.access.actor import Actor

if TYPE_CHECKING:
    from django.test import Client

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def owner(client: Client) -> None:
    client.force_login(make_user("owner", "viewer"))


def test_it_shows_acts_newest_first_with_reason_and_values_as_text(client: Client) -> None:
    audit.record("site.created", actor=SYSTEM, obj=make_site(), reason="<b>why</b>")
    audit.record("site.edited", actor=SYSTEM, obj=make_site(), after={"timezone": "UTC"})
    page = client.get("/ledger/").content.decode()
    assert page.index("site.edited") < page.index("site.created")
    assert "&lt;b&gt;why&lt;/b&gt;" in page


def test_it_is_filtered_by_who_and_what(client: Client) -> None:
    audit.record("site.created", actor=SYSTEM, obj=make_site())
    audit.record("group.clients_set", actor=SYSTEM, obj=make_group("My Company"))
    rows = client.get("/ledger/", {"code": "group."}).context["events"]
    assert [row.code for row in rows] == ["group.clients_set"]
    assert client.get("/ledger/", {"actor": "nobody"}).context["events"] == []
    assert client.get("/ledger/", {"since": "yesterday"}).context["events"] == []


def test_older_acts_are_on_the_next_page(client: Client) -> None:
    site = make_site()
    for number in range(101):
        audit.record("site.edited", actor=SYSTEM, obj=site, after={"n": number})
    r = client.get("/ledger/")
    older = client.get("/ledger/", {"before_id": r.context["older"]}).context["events"]
    assert [row.after["n"] for row in older] == [0]


def test_the_means_are_told_in_words(client: Client) -> None:
    audit.record("site.created", actor=Actor.on_command_line(), obj=make_site())
    page = client.get("/ledger/").content.decode()
    assert "<td>command line</td>" in page
    assert "command_line" not in page
