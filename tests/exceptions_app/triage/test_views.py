"""Saved views: whose they are, what they count, where a role begins."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone

from exceptions_app.errors import BadValue, ViewInUse
from exceptions_app.models.view import InboxView, ViewCount
from exceptions_app.triage.view_counts import counts_of, refresh
from exceptions_app.triage.views import (
    change_view,
    delete_view,
    problems,
    restore_view,
    save_view,
    set_landing,
)
from tests.exceptions_app.web.estate import make_seen
from tests.make import NOW, SYSTEM, make_group, make_user
from tests.tokens import Caller
from truscan.models.audit import AuditEvent

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.test import Client

pytestmark = pytest.mark.django_db
SALES = "My Company\\Sales"


def save(owner: User, name: str, query: str = "") -> InboxView:
    return save_view(actor=SYSTEM, owner=owner, name=name, query=query, now=NOW)


def share(user: User, view: InboxView, is_shared: bool = True) -> InboxView:
    return change_view(actor=SYSTEM, user=user, view=view, now=NOW, is_shared=is_shared)


@pytest.mark.parametrize(
    "query",
    [
        "level=11",
        "nothing=1",
        "q=a%00b",
        "q=" + "x" * 5000,
        "group=Nowhere",
        "after=x",
        "sort=last",
    ],
)
def test_it_rejects_a_filter_that_the_inbox_would_not_ask(query: str) -> None:
    owner = make_user("owner", "administrator")
    if query == "sort=last":  # belongs to the page: taken off, not refused
        assert save(owner, "x", query).query == ""
        return
    with pytest.raises(BadValue):
        save(owner, "x", query)
    assert not InboxView.objects.exists()


def test_it_works_for_one_shared_by_an_approver_of_the_group(client: Client) -> None:
    sales, lab = make_group(SALES), make_group("My Company\\Lab")
    make_seen("a.exe", "a", (sales,))
    make_seen("b.exe", "b", (sales, lab))
    make_seen("c.exe", "c", (lab,))
    approver = make_user("approver", "approver", sales)
    analyst, elsewhere = make_user("analyst", "analyst", sales), make_user("lab", "analyst", lab)
    owner = make_user("owner", "administrator")
    open_all, narrow = save(approver, "Open"), save(approver, "Sales", f"group={SALES}&q=")
    assert narrow.query == "group=My+Company%5CSales"
    assert save(approver, "Sales", f"group={SALES}") == narrow
    with pytest.raises(BadValue, match="names no group"):
        share(approver, open_all)
    with pytest.raises(BadValue, match="Only an approver of the group"):
        share(analyst, save(analyst, "Own", f"group={SALES}"))
    share(approver, narrow)
    seen = InboxView.objects.all()
    assert set(seen.visible_to(analyst)) == {narrow, InboxView.objects.get(owner=analyst)}
    assert not seen.visible_to(elsewhere).exists()
    assert not seen.visible_to(make_user("outsider")).exists()

    # Unknown until the tick counted; then one count per scope, of that scope.
    everything = share(owner, save(owner, "Everything"))
    assert counts_of([everything], analyst, NOW) == {}
    counts_of([everything], owner, NOW)
    assert ViewCount.objects.filter(count=None, counted_at=None).count() == 2
    assert [refresh(NOW), refresh(NOW)] == [2, 0]
    assert counts_of([everything], approver, NOW)[everything.pk].count == 2
    assert counts_of([everything], owner, NOW)[everything.pk].count == 3
    later = NOW + timedelta(minutes=2)
    make_seen("d.exe", "d", (sales,))
    assert counts_of([everything], owner, later)[everything.pk].count == 3
    assert refresh(later) == 2
    assert counts_of([everything], owner, later)[everything.pk].counted_at == later
    assert refresh(NOW + timedelta(days=3)) == 0
    assert not ViewCount.objects.exists()

    # Where analysts begin; the whole inbox stays in reach, and the view cannot vanish meanwhile.
    set_landing(actor=SYSTEM, role="analyst", view=narrow)
    client.force_login(analyst)
    assert client.get("/")["Location"] == f"/?{narrow.asks}"
    assert 'href="/?state=open"' in client.get("/?state=open").text
    for refused in (lambda: share(approver, narrow, False), lambda: drop(narrow)):
        with pytest.raises(ViewInUse, match="analyst"):
            refused()
    client.force_login(elsewhere)
    assert client.get("/").status_code == 200
    assert client.get(f"/views/{narrow.pk}/").status_code == 404

    # A filter that holds no longer says so, where it is opened and where people begin.
    sales.path, sales.path_key = "My Company\\Sold", "my company\\sold"
    sales.save()
    assert "no group" in problems([narrow], analyst, NOW)[narrow.pk]
    client.force_login(analyst)
    assert "cannot be asked any more" in client.get(f"/views/{narrow.pk}/").text
    assert "cannot be asked any more" in client.get("/").text
    set_landing(actor=SYSTEM, role="analyst", view=None)
    drop(narrow)
    assert narrow not in seen.visible_to(approver)
    assert restore_view(actor=SYSTEM, view=narrow) in seen.visible_to(approver)
    codes = set(AuditEvent.objects.values_list("code", flat=True))
    told = {"created", "changed", "landing_set", "deleted", "restored"}
    assert codes >= {f"view.{word}" for word in told}


def drop(view: InboxView) -> None:
    delete_view(actor=SYSTEM, view=view, now=timezone.now())


def test_its_rest_twin_has_the_same_rules() -> None:
    sales = make_group(SALES)
    caller = Caller(make_user("approver", "approver", sales))
    body = {"name": "Sales", "query": f"group={SALES}", "sort": "detections"}
    r = caller.post("views/", body, key="one")
    assert (r.status_code, r.json()["count"], r.json()["problem"]) == (201, None, "")
    assert caller.post("views/", body, key="one").json()["id"] == r.json()["id"]
    assert caller.post("views/", {"name": "x", "query": "level=11"}).status_code == 400
    path = f"/api/v1/views/{r.json()['id']}/"
    changed = caller.client.patch(path, {"is_shared": True}, content_type="application/json")
    assert changed.json()["is_shared"] is True
    assert caller.client.delete(path).status_code == 204
    assert caller.get(f"views/{r.json()['id']}/").status_code == 404
    assert caller.post(f"views/{r.json()['id']}/restore/").json()["name"] == "Sales"
    assert [row["name"] for row in caller.get("views/").json()["results"]] == ["Sales"]
