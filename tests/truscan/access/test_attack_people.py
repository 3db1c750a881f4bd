"""Nobody gets more by managing people than he was given."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from tests.make import SYSTEM, make_group, make_user
from truscan.access.actor import Actor
from truscan.access.people import PeopleError, new_password, revoke_role, set_active
from truscan.access.scope import has_role_anywhere, read_grants_once
from truscan.access.tokens import create_token, revoke_token
from truscan.models.access import RoleGrant

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from pytest_django.fixtures import DjangoAssertNumQueries

pytestmark = pytest.mark.django_db

SALES = "My Company\\Sales"


def page_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def chief() -> User:
    """Administers Sales, and nothing else."""
    make_user("owner", "administrator")
    make_group("My Company\\IT")
    return make_user("chief", "administrator", make_group(SALES))


@pytest.mark.parametrize("place", ["", "My Company", "My Company\\IT", "My Company\\Sal"])
def test_a_group_administrator_gives_himself_nothing_elsewhere(chief: User, place: str) -> None:
    wanted = {"role": "administrator", "group": place}
    r = page_of(chief).post(reverse("person", args=[chief.pk]), wanted)
    assert r.status_code == 200
    assert chief.role_grants.count() == 1


@pytest.mark.parametrize("act", ["person-close", "person-reopen", "person-password"])
def test_a_group_administrator_takes_over_no_account(chief: User, act: str) -> None:
    owner = RoleGrant.objects.get(group=None).user
    assert page_of(chief).post(reverse(act, args=[owner.pk])).status_code == 403
    with pytest.raises(PeopleError):
        new_password(actor=Actor.on_web(chief), user=owner)
    owner.refresh_from_db()
    assert owner.is_active
    assert owner.check_password("a long enough password")


def test_a_group_administrator_revokes_no_grant_elsewhere(chief: User) -> None:
    other = make_user("other", "viewer", make_group("My Company\\IT"))
    client = page_of(chief)
    whole = RoleGrant.objects.get(group=None)
    assert client.post(reverse("role-revoke", args=[whole.pk])).status_code == 302
    foreign = other.role_grants.get()
    assert client.post(reverse("role-revoke", args=[foreign.pk])).status_code == 404
    assert RoleGrant.objects.filter(pk__in=[whole.pk, foreign.pk]).count() == 2


def test_the_pages_of_people_name_no_foreign_group(chief: User) -> None:
    other = make_user("other", "viewer", make_group("My Company\\IT"))
    client = page_of(chief)
    for address in (reverse("people-list"), reverse("person", args=[other.pk])):
        assert "My Company\\IT" not in client.get(address).content.decode()


def test_a_token_of_another_person_is_not_there(chief: User) -> None:
    owner = RoleGrant.objects.get(group=None).user
    token, _ = create_token(
        actor=SYSTEM, user=owner, name="tooling", scopes=["read"], days=1, now=timezone.now()
    )
    assert page_of(chief).post(reverse("token-revoke", args=[token.pk])).status_code == 404
    assert token.prefix not in page_of(chief).get(reverse("person", args=[owner.pk])).text


def test_a_closed_account_and_a_new_password_end_live_sessions(chief: User) -> None:
    client, page = page_of(chief), reverse("people-list")
    assert client.get(page).status_code == 200
    set_active(actor=SYSTEM, user=chief, active=False)
    assert client.get(page).status_code == 302
    set_active(actor=SYSTEM, user=chief, active=True)
    client = page_of(chief)
    new_password(actor=SYSTEM, user=chief)
    assert client.get(page).status_code == 302


def test_a_role_taken_away_is_gone_with_the_next_request(chief: User) -> None:
    client = page_of(chief)
    assert client.get(reverse("people-list")).status_code == 200
    revoke_role(actor=SYSTEM, grant=chief.role_grants.get())
    assert client.get(reverse("people-list")).status_code == 404


def test_grants_are_read_once_for_the_object_of_a_request_only(
    chief: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(2):
        assert has_role_anywhere(chief, "viewer")
        assert has_role_anywhere(chief, "approver")
    read_grants_once(chief)
    with django_assert_num_queries(1):
        assert has_role_anywhere(chief, "viewer")
        assert has_role_anywhere(chief, "approver")
    chief.role_grants.all().delete()
    fresh = type(chief).objects.get(pk=chief.pk)
    assert not has_role_anywhere(fresh, "viewer")


def test_a_change_of_roles_asks_anew_whatever_was_read_before(chief: User) -> None:
    owner = RoleGrant.objects.get(group=None).user
    make_user("second", "administrator")
    read_grants_once(owner)
    assert has_role_anywhere(owner, "administrator")
    RoleGrant.objects.filter(user=owner).delete()
    with pytest.raises(PeopleError, match="not an administrator"):
        set_active(actor=Actor.on_web(owner), user=chief, active=False)


@pytest.mark.parametrize(
    ("scopes", "status"),
    [(["read"], 403), (["import", "decide", "publish", "ramp"], 403), (["admin"], 400)],
)
def test_a_token_writes_only_by_its_scope(scopes: list[str], status: int) -> None:
    owner = make_user("owner", "administrator")
    _, text = create_token(
        actor=SYSTEM, user=owner, name="x", scopes=scopes, days=1, now=timezone.now()
    )
    r = Client().post(
        reverse("api-policy-list"),
        {"name": ""},
        content_type="application/json",
        headers={"Authorization": f"Bearer {text}"},
    )
    assert r.status_code == status


def test_expired_revoked_and_forged_tokens_are_refused() -> None:
    owner = make_user("owner", "administrator")
    now = timezone.now()
    made = [
        create_token(actor=SYSTEM, user=owner, name="x", scopes=["read"], days=1, now=at)
        for at in (now - timedelta(days=2), now)
    ]
    revoke_token(actor=SYSTEM, token=made[1][0], now=now)
    texts = [text for _, text in made]
    texts += ["tst_\0_x", "tst_" + "a" * 10_000, made[0][1] + " x", ""]
    for text in texts:
        r = Client().get(reverse("api-group-list"), headers={"Authorization": f"Bearer {text}"})
        assert r.status_code == 401, text[:40]


@pytest.mark.django_db(transaction=True)
def test_two_administrators_who_close_each_other_leave_one() -> None:
    first, second = (make_user(name, "administrator") for name in ("first", "second"))
    start = threading.Barrier(2)
    refused: list[str] = []

    def close(actor: User, victim: User) -> None:
        read_grants_once(actor)
        has_role_anywhere(actor, "administrator")
        try:
            start.wait(10)
            set_active(actor=Actor.on_web(actor), user=victim, active=False)
        except PeopleError as error:
            refused.append(str(error))
        finally:
            connection.close()

    threads = [
        threading.Thread(target=close, args=pair) for pair in ((first, second), (second, first))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    left = RoleGrant.objects.filter(role="administrator", group=None, user__is_active=True)
    assert left.count() == 1
    assert len(refused) == 1
