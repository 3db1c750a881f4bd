from __future__ import annotations

from datetime import timedelta
from itertools import product
from typing import TYPE_CHECKING, Any

import pytest
from django.core.cache import cache
from django.db import connection

from exceptions_app.triage import listing
from exceptions_app.triage.inbox import InboxFilter
from exceptions_app.web import inbox
from tests.exceptions_app.web.estate import make_seen
from tests.make import NOW, make_group, make_user
from tests.tokens import Caller
from truscan import in_time
from truscan.models.counts import FOREVER

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.test import Client

pytestmark = pytest.mark.django_db

QUESTIONS: tuple[dict[str, str], ...] = (
    {},
    {"state": "all"},
    {"state": "decided"},
    {"state": "observed"},
    {"state": "cannot"},
    {"state": "decided", "q": "tool"},
    {"state": "observed", "since": "7"},
    {"state": "all", "level": "50", "event_type": "potential_risk"},
    {"group": "My Company\\Sales"},
    {"q": "nothing of this name"},
    {"level": "no level"},
    {"risk_class": "possibly_legitimate", "since": "30"},
    {"event_type": "forced"},
)


@pytest.fixture(autouse=True)
def _no_old_counts() -> None:
    cache.clear()


@pytest.fixture
def member() -> User:
    """Of Sales, with processes of every state there and in Lab."""
    sales, lab = make_group("My Company\\Sales"), make_group("My Company\\Lab")
    states: tuple[dict[str, Any], ...] = (
        {},
        {"covered_until": FOREVER},
        {"observed_until": FOREVER},
        {"level_min": 10, "level_max": 50, "potential_occurrences": 3},
    )
    for n in range(12):
        groups = ((sales,), (lab,), (sales, lab))[n % 3]
        seen = {"last_at": NOW - timedelta(days=n), **states[n % 4]}
        make_seen(f"tool{n:02}.exe", "a", groups, hash=f"{n:02x}" * 32, sighting=seen,
                  on_symantec_list=n == 9)  # fmt: skip
    return make_user("member", "analyst", sales)


def test_both_ways_list_the_same(member: User, monkeypatch: pytest.MonkeyPatch) -> None:
    people = (member, make_user("owner", "administrator"))
    found = 0
    for user, question, sort in product(people, QUESTIONS, ("last", "oldest", "name")):
        told = []
        for few, few_processes in ((0, -1), (5_000, -1), (0, 2_000)):
            monkeypatch.setattr(listing, "FEW", few)
            monkeypatch.setattr(listing, "FEW_PROCESSES", few_processes)
            asked = InboxFilter({**question, "sort": sort}, user=user, now=NOW)
            rows = listing.listing_of(asked).rows.order_by(asked.order, "pk")
            told.append([row.pk for row in rows])
        assert told[0] == told[1] == told[2], (question, sort)
        found += len(told[0])
    assert found > 100


def test_many_of_a_wide_scope_are_counted_when_the_list_is_there(
    client: Client, member: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listing, "FEW", 1)
    monkeypatch.setattr("exceptions_app.triage.inbox_page.PAGE", 2)
    client.force_login(member)
    page = client.get("/", {"state": "all"}).text
    assert 'hx-get="/inbox/count/?state=all" hx-trigger="load"' in page
    assert "more than 50" in page
    told = client.get("/inbox/count/", {"state": "all"}).text
    assert '<span class="num">8</span> processes' in told
    assert "All 8 matching" in told
    # It is known now, and where little matches it is counted at once.
    assert '<span class="num">8</span> processes' in client.get("/", {"state": "all"}).text
    assert "hx-get" not in client.get("/inbox/count/", {"group": "Nowhere"}).text
    monkeypatch.setattr(listing, "FEW", 5_000)
    assert '<span class="num">2</span> observed' in client.get("/", {"state": "observed"}).text


def test_a_list_that_takes_too_long_says_which_filters_it_had(
    client: Client, member: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slowly(*args: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(2)")

    monkeypatch.setattr(inbox, "ANSWER_MS", 20)
    monkeypatch.setattr(inbox, "page_of", slowly)
    client.force_login(member)
    page = client.get("/", {"level": "50", "q": "tool", "sort": "company"})
    assert page.status_code == 200
    for text in ("Not answered within five seconds", "“Level: 50”", "company, hash: tool”"):
        assert text in page.text
    assert 'href="?level=50&amp;q=tool"' in page.text
    assert "data-row" not in page.text


def test_rest_says_so_too(member: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(ask: object, limit_ms: int) -> None:
        raise in_time.TooSlow

    monkeypatch.setattr("exceptions_app.api.processes.in_time", refuse)
    api = Caller(member)
    for place in ("", "newcomers/?mark=0.0"):
        r = api.get(f"processes/{place}")
        assert (r.status_code, r.headers["Content-Type"]) == (503, "application/problem+json")
        assert "not answered within 5 seconds" in r.json()["detail"]


def test_a_question_is_stopped_and_others_keep_their_limit() -> None:
    def slowly() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(2)")

    with pytest.raises(in_time.TooSlow):
        in_time.in_time(slowly, 20)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = '7s'")
        assert in_time.in_time(lambda: "told", 20) == "told"
        cursor.execute("SHOW statement_timeout")
        assert cursor.fetchone() == ("7s",)
