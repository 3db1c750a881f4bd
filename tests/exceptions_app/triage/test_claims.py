"""Claims and ageing: who looks at what, and what waits longer than its class may."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone

from exceptions_app.errors import BadValue, NothingChosen
from exceptions_app.triage.ageing import days_over, set_targets
from exceptions_app.triage.claims import claim, release, standing
from exceptions_app.triage.inbox import InboxFilter
from exceptions_app.triage.my_work import my_work
from tests.exceptions_app.acts import give, make_policy
from tests.exceptions_app.web.estate import make_seen
from tests.make import NOW, SYSTEM, make_group, make_user
from truscan.access.actor import Actor
from truscan.models.audit import AuditEvent

if TYPE_CHECKING:
    from django.test import Client

pytestmark = pytest.mark.django_db


def test_a_claim_has_one_owner_until_it_is_over_or_given_back() -> None:
    group = make_group("Global")
    ids = [make_seen(f"{n}.exe", "a", (group,), hash=f"{n:063x}1").pk for n in (1, 2)]
    ann, bob = make_user("ann", "analyst"), make_user("bob", "analyst")
    first = claim(actor=Actor.on_web(ann), user=ann, processes=ids, now=NOW)
    assert (first.won, first.lost) == (ids, [])
    lost = claim(actor=Actor.on_web(bob), user=bob, processes=ids[:1], now=NOW).lost
    assert [row.user_name for row in lost] == ["ann"]
    later = NOW + timedelta(hours=1)
    assert claim(actor=Actor.on_web(ann), user=ann, processes=ids[:1], now=later).won == ids[:1]
    assert release(actor=Actor.on_web(bob), user=bob, processes=ids, now=later) == 0
    assert release(actor=Actor.on_web(ann), user=ann, processes=ids[1:], now=later) == 1
    assert set(standing(ids, later)) == {ids[0]}
    over = later + timedelta(hours=8)
    assert standing(ids, over) == {}
    assert claim(actor=Actor.on_web(bob), user=bob, processes=ids, now=over).won == ids
    with pytest.raises(NothingChosen):
        claim(actor=SYSTEM, user=ann, processes=[], now=NOW)
    codes = list(AuditEvent.objects.order_by("pk").values_list("code", flat=True))
    assert codes == ["claim.taken", "claim.taken", "claim.released", "claim.taken"]


def test_what_waits_longer_than_its_class_may_is_found_and_told() -> None:
    group, policy = make_group("Global"), make_policy("Top", "Global")
    ages = {"late.exe": 4, "new.exe": 2}
    for digit, (name, days) in zip("ab", ages.items(), strict=True):
        at = NOW - timedelta(days=days)
        more = {"risk_class": "keylogger", "first_at": at}
        make_seen(name, digit, (group,), summary=more)
    other = make_seen("other.exe", "c", (group,), summary={"first_at": NOW - timedelta(days=99)})
    user = make_user("ann", "analyst")

    def overdue() -> list[str]:
        found = InboxFilter({"overdue": "yes", "sort": "oldest"}, user=user, now=NOW)
        return [row.process.name for row in found.qs.order_by(found.order)]

    assert overdue() == []
    assert set_targets(actor=SYSTEM, days={"keylogger": 3}) == {"keylogger": 3}
    set_targets(actor=SYSTEM, days={"keylogger": 3, "unknown": None})
    assert overdue() == ["late.exe"]
    assert my_work(user, NOW).overdue == 1
    set_targets(actor=SYSTEM, days={"possibly_legitimate": 1})
    assert overdue() == ["other.exe", "late.exe"]
    give(other, policy)
    assert overdue() == ["late.exe"]
    assert AuditEvent.objects.filter(code="class_targets.set").count() == 2
    for wrong in ({"moon": 1}, {"keylogger": 0}, {"keylogger": 999}):
        with pytest.raises(BadValue):
            set_targets(actor=SYSTEM, days=wrong)
    at = NOW - timedelta(days=3)
    assert [days_over("k", at, NOW + timedelta(hours=h), {"k": 3}) for h in (0, 1, 25)] == [0, 1, 2]


def test_the_inbox_shows_both_in_words(client: Client) -> None:
    group = make_group("Global")
    process = make_seen("b.exe", "b", (group,), summary={"risk_class": "keylogger"})
    set_targets(actor=SYSTEM, days={"keylogger": 3})
    ann, bob = make_user("ann", "analyst"), make_user("bob", "analyst", group)
    client.force_login(bob)
    client.post("/claims/", {"process": process.pk, "act": "claim"})
    client.force_login(ann)
    html = client.get("/").content.decode()
    assert "Overdue" in html
    assert 'title="Who looks at it">bob<' in html
    assert "bob looks at it" in client.get(f"/processes/{process.pk}/evidence/").content.decode()
    assert "b.exe" not in client.get("/?claim=free").content.decode()
    assert "b.exe" in client.get("/?claim=any&overdue=yes&sort=oldest").content.decode()
    client.force_login(bob)
    assert "b.exe" in client.get("/my-work/").content.decode()
    r = client.post("/claims/", {"process": [process.pk, 10**12], "act": "claim"})
    assert r.status_code == 404
    assert standing([process.pk], timezone.now())[process.pk].user == bob
