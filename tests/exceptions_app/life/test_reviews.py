from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.test import Client

from exceptions_app.life.evidence import reviews_of
from exceptions_app.life.reviews import in_tab, seen_exceptions
from exceptions_app.models.exception import ProcessException
from exceptions_app.policies.publish import publish
from exceptions_app.replay.core import Effect
from exceptions_app.replay.run import replay_end
from tests.exceptions_app.acts import give, make_policy
from tests.exceptions_app.replay.test_replay import count
from tests.exceptions_app.web.estate import make_seen
from tests.make import NOW, SYSTEM, make_computer, make_group, make_process, make_user
from truscan.models.presence import Presence
from truscan.models.process import SameFile

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from pytest_django import DjangoAssertNumQueries

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
OLD, FRESH = NOW - 200 * DAY, NOW - 5 * DAY


def found(user: User, tab: str) -> list[str]:
    return [str(row.process) for row in in_tab(seen_exceptions(user), tab, NOW)]


def test_it_proposes_only_what_evidence_supports() -> None:
    sales, lab = make_group("My Company\\Sales"), make_group("My Company\\Lab")
    policy, silent = make_policy("Sales", sales.path), make_policy("Lab", lab.path)
    owner = make_user("owner", "administrator")
    speaks = make_computer("pc-1", sales, last_heard_at=FRESH)
    mute = make_computer("pc-2", sales, last_heard_at=OLD)
    make_computer("pc-3", lab, last_heard_at=OLD)
    seen = {"first_at": OLD, "last_at": OLD}
    used = make_seen("used.exe", "a", (sales,), sighting={"first_at": OLD, "last_at": FRESH})
    gone = make_seen("gone.exe", "b", (sales,), sighting=seen)
    quiet = make_seen("quiet.exe", "c", (sales,), sighting=seen)
    other = make_seen("linked.exe", "d", (sales,), sighting=seen)
    unseen = make_process("unseen.exe", "e")
    in_lab = make_seen("lab.exe", "f", (lab,), sighting=seen)
    young = make_seen("young.exe", "1", (sales,), sighting=seen)
    SameFile.objects.create(first=used, second=other)
    for process, computer in ((gone, speaks), (gone, mute), (quiet, mute)):
        Presence.objects.create(
            process=process, computer=computer, group=sales, rows=1, occurrences=1, **seen
        )
    for process in (used, gone, quiet, other, unseen):
        give(process, policy, now=OLD)
    give(in_lab, silent, now=OLD)
    give(young, policy, now=FRESH, review_on=NOW.date(), expires_at=NOW + 3 * DAY)
    assert found(owner, "unused") == ["gone.exe", "quiet.exe", "unseen.exe"]
    assert found(owner, "dead") == ["gone.exe"]
    assert [found(owner, tab) for tab in ("due", "expiring")] == [["young.exe"], ["young.exe"]]
    foreign = make_user("foreign", "analyst", lab)
    assert [found(foreign, tab) for tab in ("due", "unused", "all")] == [[], [], ["lab.exe"]]
    (row,) = in_tab(seen_exceptions(owner), "dead", NOW)
    (review,) = reviews_of([row], owner, NOW, 90)
    assert (review.with_it, review.without, review.silent) == (0, 1, 1)
    assert (review.computers, review.since_decision) == (2, 0)


def test_the_page_keeps_removes_and_hands_over(
    django_assert_max_num_queries: DjangoAssertNumQueries, client: Client
) -> None:
    policy, anna = make_policy("Sales", "My Company\\Sales"), make_user("anna", "analyst")
    for digit in "abcd":
        process = make_seen(f"{digit}.exe", digit, (make_group("My Company\\Sales"),))
        give(process, policy, review_on=NOW.date())
    client.force_login(anna)
    client.get("/reviews/")
    with django_assert_max_num_queries(14):
        page = client.get("/reviews/?tab=nonsense&days=-1").content.decode()
    assert page.count("data-review ") == 4
    assert "looked at" in page
    first, second, third, fourth = ProcessException.objects.order_by("pk")
    sent = {"next": "/reviews/?tab=due"}

    def act(row: ProcessException, **data: str) -> str:
        r = client.post(f"/reviews/{row.pk}/", {**sent, **data}, follow=True)
        return r.content.decode()

    assert "a.exe is kept until 2099-01-01." in act(first, answer="keep", review_on="2099-01-01")
    assert "b.exe is removed from the draft" in act(second, answer="remove")
    edited = {"answer": "edit", "owner": "anna", "review_on": "", "expires_on": "2099-02-01"}
    assert "c.exe is saved; its review is on no date." in act(third, why="until the move", **edited)
    row = ProcessException.objects.get(process=third.process, retired_at=None)
    assert (row.owner, row.reason) == (anna, "until the move")
    for wrong, said in (
        ({"answer": "keep", "review_on": "soon"}, "as a date"),
        ({**edited, "owner": "nobody\0", "why": "x"}, "owner: Null characters"),
        ({**edited, "owner": "ghost", "why": "x"}, "ghost is no person here"),
        ({**edited, "why": ""}, "why: This field is required"),
    ):
        assert said in act(fourth, **wrong)
    assert client.post(f"/reviews/{first.pk}/", {"answer": "remove"}).status_code == 404
    assert client.get("/reviews/").content.decode().count("data-review ") == 1
    assert client.get("/reviews/?tab=unused&days=99999").status_code == 200


def test_the_replay_of_an_end_is_of_that_end_only() -> None:
    sales = make_group("My Company\\Sales")
    policy = make_policy("Sales", sales.path)
    ends, stays = make_process("ends.exe", "a"), make_process("stays.exe", "b")
    give(ends, policy, expires_at=NOW + DAY)
    publish(actor=SYSTEM, policy=policy, now=NOW)
    give(stays, policy, "terminate")
    for process in (ends, stays):
        count(NOW.date(), sales, process, 7)
    row = ProcessException.objects.get(process=ends)
    done = replay_end(row.pk, policy.pk, now=NOW)
    assert done.tally(Effect.BACK).occurrences == 7
    assert done.tally(Effect.STOPPED).occurrences == 0
