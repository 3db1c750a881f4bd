from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from tests.make import SYSTEM, make_group, make_user
from truscan.access.tokens import create_token, find_token
from truscan.models.access import ApiToken, RoleGrant
from truscan.models.audit import AuditEvent

if TYPE_CHECKING:
    from django.test import Client

    from truscan.models.estate import Group

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner(client: Client) -> User:
    user = make_user("owner", "administrator")
    client.force_login(user)
    return user


@pytest.fixture
def sales() -> Group:
    return make_group("My Company\\Sales")


def test_an_account_is_made_with_a_password_that_is_shown_once(client: Client, owner: User) -> None:
    r = client.post("/people/", {"username": "anna", "email": "anna@example.org"})
    shown = r.context["shown"]
    assert shown in r.content.decode()
    assert User.objects.get(username="anna").check_password(shown)
    assert shown not in client.get("/people/").content.decode()
    event = AuditEvent.objects.get(code="person.created")
    assert shown not in f"{event.before}{event.after}"


def test_it_rejects_a_name_that_is_taken(client: Client, owner: User) -> None:
    page = client.post("/people/", {"username": "OWNER"}).content.decode()
    assert "There is already an account named OWNER." in page


def test_a_role_is_given_and_taken_away(client: Client, owner: User, sales: Group) -> None:
    anna = make_user("anna")
    address = reverse("person", args=[anna.pk])
    client.post(address, {"role": "analyst", "group": "my company\\SALES\\"})
    grant = RoleGrant.objects.get(user=anna)
    assert (grant.role, grant.group) == ("analyst", sales)
    client.post(reverse("role-revoke", args=[grant.pk]))
    assert not RoleGrant.objects.filter(user=anna).exists()
    codes = AuditEvent.objects.order_by("id").values_list("code", flat=True)
    assert list(codes) == ["role.granted", "role.revoked"]


def test_the_last_administrator_keeps_his_role(client: Client, owner: User) -> None:
    grant = RoleGrant.objects.get(user=owner)
    r = client.post(reverse("role-revoke", args=[grant.pk]), follow=True)
    assert "give somebody else that role first" in " ".join(r.content.decode().split())
    assert RoleGrant.objects.filter(pk=grant.pk).exists()


def test_a_closed_account_signs_in_no_more(client: Client, owner: User) -> None:
    anna = make_user("anna", "viewer")
    client.post(reverse("person-close", args=[anna.pk]))
    anna.refresh_from_db()
    assert not anna.is_active
    client.post(reverse("person-reopen", args=[anna.pk]))
    anna.refresh_from_db()
    assert anna.is_active


def test_an_administrator_of_one_group_reads_no_names_of_others(
    client: Client, sales: Group
) -> None:
    secret = make_group("My Company\\Secret project")
    bob = make_user("bob", "viewer", secret)
    client.force_login(make_user("sales-admin", "administrator", sales))
    for address in ("/people/", reverse("person", args=[bob.pk])):
        page = client.get(address).content.decode()
        assert "Secret project" not in page
        assert "outside your groups" in page


def test_an_administrator_of_one_group_gives_no_role_elsewhere(
    client: Client, sales: Group
) -> None:
    make_group("My Company\\Engineering")
    make_user("owner", "administrator")
    bob = make_user("bob")
    client.force_login(make_user("sales-admin", "administrator", sales))
    address = reverse("person", args=[bob.pk])
    page = client.post(address, {"role": "viewer", "group": "My Company\\Engineering"})
    assert "You administer no single group" in page.content.decode()
    page = client.post(address, {"role": "administrator", "group": ""})
    assert "ask one of the whole estate" in page.content.decode()
    assert not RoleGrant.objects.filter(user=bob).exists()
    client.post(address, {"role": "viewer", "group": "My Company\\Sales"})
    assert RoleGrant.objects.get(user=bob).group == sales


def test_a_token_is_shown_once_and_works(client: Client, owner: User) -> None:
    r = client.post("/tokens/", {"name": "nightly", "days": 30, "scopes": ["read", "import"]})
    shown = r.context["shown"]
    token = find_token(shown, datetime.now(UTC))
    assert token is not None
    assert (token.user, token.scopes) == (owner, ["import", "read"])
    assert shown not in client.get("/tokens/").content.decode()


@pytest.mark.parametrize(
    ("days", "scopes"), [(0, ["read"]), (367, ["read"]), (30, []), (30, ["root"])]
)
def test_it_rejects_a_token_without_end_or_of_unknown_scope(
    client: Client, owner: User, days: int, scopes: list[str]
) -> None:
    client.post("/tokens/", {"name": "x", "days": days, "scopes": scopes})
    assert not ApiToken.objects.exists()


def test_ones_own_token_is_revoked_and_that_of_another_is_not_there(client: Client) -> None:
    now = datetime.now(UTC)
    anna, bob = make_user("anna", "viewer"), make_user("bob", "viewer")
    made = {"actor": SYSTEM, "name": "t", "scopes": ["read"], "days": 9, "now": now}
    mine, text = create_token(user=anna, **made)  # type: ignore[arg-type]
    theirs, _ = create_token(user=bob, **made)  # type: ignore[arg-type]
    client.force_login(anna)
    assert client.post(reverse("token-revoke", args=[theirs.pk])).status_code == 404
    client.post(reverse("token-revoke", args=[mine.pk]))
    assert find_token(text, now) is None


def test_times_are_shown_in_the_chosen_zone(client: Client, owner: User) -> None:
    assert client.post("/settings/", {"timezone": "Europe/Berlin"}).status_code == 302
    assert 'value="Europe/Berlin"' in client.get("/settings/").content.decode()
    assert "Write it as in" in client.post("/settings/", {"timezone": "Moon"}).content.decode()
