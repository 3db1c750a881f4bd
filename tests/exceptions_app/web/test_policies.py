from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.db import connection
from django.urls import reverse

from exceptions_app.models.decision import Decision
from exceptions_app.models.policy import Policy, Revision
from exceptions_app.policies.publish import publish
from tests.exceptions_app.acts import give, make_policy
from tests.exceptions_app.web.estate import make_seen
from tests.make import NOW, SYSTEM, make_group, make_user

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.test import Client

    from truscan.models.estate import Group

pytestmark = pytest.mark.django_db


@pytest.fixture
def sales() -> Group:
    return make_group("My Company\\Sales")


@pytest.fixture
def approver(client: Client, sales: Group) -> User:
    user = make_user("approver", "approver", sales)
    client.force_login(user)
    return user


@pytest.fixture
def policy(sales: Group) -> Policy:
    """Revision 1 has erpclient; the draft changes it, and adds a tool."""
    policy = make_policy("Sales exceptions", sales.path)
    erp = make_seen("erpclient.exe", "a", (sales,))
    old = make_seen("oldtool.exe", "b", (sales,))
    give(erp, policy, "quarantine")
    give(old, policy, "ignore")
    publish(actor=SYSTEM, policy=policy, now=NOW)
    return policy


def page_of(client: Client, policy: Policy) -> str:
    return client.get(reverse("policy", args=[policy.pk])).content.decode()


def test_an_empty_list_says_what_to_do_first(client: Client) -> None:
    client.force_login(make_user("owner", "administrator"))
    assert "No policy yet" in client.get("/policies/").content.decode()


def test_the_list_tells_what_clients_run(client: Client, approver: User, policy: Policy) -> None:
    assert "revision 1 published" in client.get("/policies/").content.decode()
    give(make_seen("new.exe", "c", ()), policy, "terminate", now=NOW + timedelta(hours=1))
    page = client.get("/policies/").content.decode()
    assert "unpublished changes; clients still run revision 1" in page


def test_the_list_shows_only_policies_of_ones_groups(client: Client, approver: User) -> None:
    make_policy("Secret exceptions", "My Company\\Engineering")
    assert "Secret exceptions" not in client.get("/policies/").content.decode()


def test_the_page_marks_what_publishing_would_add_change_and_remove(
    client: Client, approver: User, policy: Policy, sales: Group
) -> None:
    erp = policy.exceptions.get(process__name="erpclient.exe")
    old = policy.exceptions.get(process__name="oldtool.exe")
    give(erp.process, policy, "ignore")
    give(make_seen("new.exe", "c", (sales,)), policy, "terminate")
    client.post(reverse("exception-retire", args=[policy.pk]), {"exception": old.pk})
    page = page_of(client, policy)
    assert "3 unpublished changes; clients still run revision 1" in page
    for sign, word in (("+", "added"), ("~", "changed"), ("−", "removed")):
        assert f'title="{word}">{sign}</span>' in page


def test_an_approver_publishes_and_the_revision_offers_its_exports(
    client: Client, approver: User, policy: Policy, sales: Group
) -> None:
    give(make_seen("new.exe", "c", (sales,)), policy, "terminate")
    address = reverse("policy-publish", args=[policy.pk])
    assert "Publish revision 2" in client.get(address).content.decode()
    r = client.post(address, {"note": "weekly\0"})
    assert r.url == reverse("revision", args=[policy.pk, 2])  # type: ignore[attr-defined]
    assert Revision.objects.get(policy=policy, number=2).note == "weekly"
    page = client.get(r.url).content.decode()  # type: ignore[attr-defined]
    assert reverse("revision-export", args=[policy.pk, "worksheet"]) in page
    old = client.get(reverse("revision", args=[policy.pk, 1])).content.decode()
    assert "A later revision is in force" in old
    assert "/export/" not in old


def test_publishing_without_a_change_returns_the_latest(
    client: Client, approver: User, policy: Policy
) -> None:
    r = client.post(reverse("policy-publish", args=[policy.pk]), {})
    assert r.url == reverse("revision", args=[policy.pk, 1])  # type: ignore[attr-defined]


def test_who_does_not_administer_all_its_groups_neither_publishes_nor_reads_their_names(
    client: Client, approver: User, policy: Policy
) -> None:
    make_policy("Sales exceptions", "My Company\\Secret project")
    page = page_of(client, policy)
    assert "1 group outside your scope" in page
    assert "Secret project" not in page
    assert "Publish…" not in page
    assert client.post(reverse("policy-publish", args=[policy.pk])).status_code == 403


def test_removing_an_exception_can_be_undone(
    client: Client, approver: User, policy: Policy
) -> None:
    pk = policy.exceptions.get(process__name="oldtool.exe").pk
    r = client.post(reverse("exception-retire", args=[policy.pk]), {"exception": pk}, follow=True)
    decision = Decision.objects.get(kind="retire")
    assert reverse("decision-undo", args=[decision.pk]) in r.content.decode()
    client.post(reverse("decision-undo", args=[decision.pk]))
    assert policy.exceptions.filter(process__name="oldtool.exe", retired_at=None).exists()


def test_a_forged_exception_of_another_policy_is_left_alone(
    client: Client, approver: User, policy: Policy
) -> None:
    other = make_policy("Other", "My Company\\Engineering")
    give(make_seen("other.exe", "d", ()), other, "ignore")
    pk = other.exceptions.get().pk
    client.post(reverse("exception-retire", args=[policy.pk]), {"exception": pk})
    assert other.exceptions.filter(pk=pk, retired_at=None).exists()


def test_the_draft_is_searched_by_name_and_hash(
    client: Client, approver: User, policy: Policy
) -> None:
    address = reverse("policy", args=[policy.pk])
    for text in ("OLDT", "bbbb"):
        entries = client.get(address, {"q": text}).context["entries"]
        assert [e.process.name for e in entries] == ["oldtool.exe"]


def test_a_viewer_sees_no_acts(client: Client, policy: Policy, sales: Group) -> None:
    client.force_login(make_user("viewer", "viewer", sales))
    page = page_of(client, policy)
    assert 'method="post"' not in page.replace('method="post" action="/accounts/logout/"', "")
    assert "Publish…" not in page


def test_an_administrator_makes_a_policy_for_his_group(client: Client, sales: Group) -> None:
    client.force_login(make_user("administrator", "administrator", sales))
    asked = {"name": "Sales exceptions", "group": "my company\\sales\\"}
    client.post(reverse("policy-create"), asked)
    assert Policy.objects.get().assignments.get().group == sales


def test_it_rejects_a_policy_for_a_group_of_others(client: Client, sales: Group) -> None:
    make_group("My Company\\Engineering")
    client.force_login(make_user("administrator", "administrator", sales))
    asked = {"name": "Mine", "group": "My Company\\Engineering"}
    page = client.post(reverse("policy-create"), asked).content.decode()
    assert "There is no single group My Company\\Engineering that you administer." in page
    assert not Policy.objects.exists()


def test_a_revision_is_compared_and_stood_up_again(
    client: Client, approver: User, policy: Policy, sales: Group
) -> None:
    give(make_seen("new.exe", "c", (sales,)), policy, "terminate", now=NOW + timedelta(hours=1))
    publish(actor=SYSTEM, policy=policy, now=NOW + timedelta(hours=2))
    compared = client.get(f"/policies/{policy.pk}/revisions/1/compare/2/").content.decode()
    assert "new.exe" in compared
    assert "erpclient.exe" not in compared
    first = reverse("revision", args=[policy.pk, 1])
    assert "Go back to this revision" in client.get(first).content.decode()
    assert "Go back to" not in client.get(reverse("revision", args=[policy.pk, 2])).content.decode()
    address = f"{first}go-back/"
    asked = client.get(address).content.decode()
    assert "new.exe" in asked
    assert "1 place" in asked
    told = client.post(address, {"reason": "new.exe is the ERP client"}, follow=True)
    assert "Revision 3 says what revision 1 said" in told.content.decode()
    again = client.post(address, {"reason": "twice"}, follow=True).content.decode()
    assert "nothing to go back to" in again
    assert Revision.objects.count() == 3


def test_going_back_warns_of_unpublished_changes(
    client: Client, approver: User, policy: Policy, sales: Group
) -> None:
    give(make_seen("new.exe", "c", (sales,)), policy, "terminate", now=NOW + timedelta(hours=1))
    asked = client.get(f"/policies/{policy.pk}/revisions/1/go-back/").content.decode()
    assert "1 unpublished change of the draft is dropped too" in asked
    assert "Clients run these rules already" in asked


def test_what_was_published_on_a_day(client: Client, approver: User, policy: Policy) -> None:
    address = reverse("policy-as-of", args=[policy.pk])
    first = reverse("revision", args=[policy.pk, 1])
    assert client.get(address, {"on": f"{NOW:%Y-%m-%d}"}).headers["Location"] == first
    assert client.get(address, {"on": "9999-12-30"}).headers["Location"] == first
    early = client.get(address, {"on": "2001-01-01"}, follow=True).content.decode()
    assert "was published by 2001-01-01" in early
    for day in ("", "soon", "9999-12-31", "2026-02-30"):
        told = client.get(address, {"on": day}, follow=True).content.decode()
        assert "Give a day" in told


def test_a_revision_that_was_tampered_with_is_told(
    client: Client, approver: User, policy: Policy
) -> None:
    first = reverse("revision", args=[policy.pk, 1])
    assert "it fits text and rules" in client.get(first).content.decode()
    with connection.cursor() as cursor:  # as somebody with the database's password could
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE exceptions_app_revisionentry DISABLE TRIGGER USER")
        cursor.execute("UPDATE exceptions_app_revisionentry SET response = 'terminate'")
        cursor.execute("ALTER TABLE exceptions_app_revisionentry ENABLE TRIGGER USER")
    assert "it does not fit" in client.get(first).content.decode()
