from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.http import QueryDict

from exceptions_app.models.decision import Decision
from exceptions_app.triage.inbox import InboxFilter
from exceptions_app.triage.meanwhile import decided_meanwhile
from exceptions_app.triage.newcomers import Mark, mark_of, newcomers, read_mark
from exceptions_app.triage.undo import undo
from tests.exceptions_app.acts import give, make_policy, watch
from tests.exceptions_app.web.estate import make_seen
from tests.make import NOW, make_group, make_sighting, make_user
from truscan.access.actor import Actor

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.test import Client

    from truscan.models.estate import Group

LATER = NOW + timedelta(hours=1)


def names(user: User, mark: Mark, query: str = "", shown: tuple[int, ...] = ()) -> list[str]:
    found = InboxFilter(QueryDict(query), user=user, now=LATER)
    return sorted(row.process.name for row in newcomers(found, mark, shown))


@pytest.mark.parametrize(
    "text", ["", ".", "1", "1.", ".1", "-1.1", "1.x", "9" * 19 + ".1", "1." + "9" * 18, "²." + "1"]
)
def test_a_mark_that_is_none_of_ours_is_none(text: str) -> None:
    assert read_mark(text) is None


def test_a_mark_is_read_as_it_was_written() -> None:
    mark = Mark(17, NOW + timedelta(microseconds=123456))
    assert read_mark(str(mark)) == mark


@pytest.mark.django_db
def test_what_came_or_came_back_is_new_and_nothing_else(client: Client) -> None:
    sales, lab = make_group("My Company\\Sales"), make_group("My Company\\Lab")
    policy = make_policy("Sales", "My Company\\Sales")
    owner, member = make_user("owner", "administrator"), make_user("member", "analyst", sales)
    known = make_seen("known.exe", "1", (sales,))
    decided = make_seen("decided.exe", "2", (sales,))
    short = make_seen("short.exe", "3", (sales,))
    observed = make_seen("observed.exe", "4", (sales,))
    act = give(decided, policy).decision
    give(short, policy, expires_at=NOW + timedelta(minutes=30))
    watch(observed, sales, until=NOW + timedelta(minutes=20))
    mark = mark_of(NOW)
    assert names(owner, mark) == ["observed.exe", "short.exe"]
    make_sighting(known, lab)
    make_sighting(decided, lab)
    fresh = make_seen("fresh.exe", "5", (lab,))
    expected = ["decided.exe", "fresh.exe", "observed.exe", "short.exe"]
    assert names(owner, mark) == expected
    assert names(owner, mark, shown=(fresh.pk,)) == ["decided.exe", "observed.exe", "short.exe"]
    assert names(owner, mark, "q=fresh") == ["fresh.exe"]
    assert names(member, mark) == ["observed.exe", "short.exe"]
    assert isinstance(act, Decision)
    undo(actor=Actor.on_web(owner), decision=act, now=NOW + timedelta(minutes=5))
    assert names(member, mark) == ["decided.exe", "observed.exe", "short.exe"]
    assert names(member, mark_of(LATER)) == []
    _asked_by_page(client, owner, mark, sales)


def _asked_by_page(client: Client, owner: User, mark: Mark, sales: Group) -> None:
    client.force_login(owner)
    line = client.get("/inbox/newcomers/", {"mark": str(mark), "shown": "0,x,٣"})
    assert '<b class="num">4</b> new' in line.text
    rows = client.get("/inbox/newcomers/", {"mark": str(mark), "rows": "1"})
    assert rows.text.count("data-row=") == 4
    assert 'aria-selected="true"' not in rows.text
    assert client.get("/inbox/newcomers/", {"mark": "x"}).status_code == 400
    assert client.get("/inbox/newcomers/", {"mark": str(mark_of(LATER))}).status_code == 204


@pytest.mark.django_db
def test_others_decisions_since_the_list_was_read_are_told(client: Client) -> None:
    sales = make_group("My Company\\Sales")
    policy = make_policy("Sales", "My Company\\Sales")
    owner, anna = make_user("owner", "administrator"), make_user("anna", "analyst", sales)
    process = make_seen("erp.exe", "1", (sales,))
    mark = mark_of(NOW)
    give(process, policy, "quarantine", actor=Actor.on_web(anna), now=LATER)
    (told,) = decided_meanwhile(owner, [process.pk], mark.at)
    assert (told.response, told.place, told.who) == ("quarantine", "Sales", "anna")
    assert decided_meanwhile(anna, [process.pk], mark.at) == []
    assert decided_meanwhile(owner, [process.pk], LATER) == []
    client.force_login(owner)
    asked: dict[str, str | int] = {"process": process.pk, "response": "ignore", "mark": str(mark)}
    page = client.get("/processes/decide/", asked).text
    assert "Decided since you read the list" in page
    assert "by anna" in page
