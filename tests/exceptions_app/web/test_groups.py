from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from exceptions_app.models.policy import PolicyAssignment
from exceptions_app.policies.estate_edits import set_inheritance
from tests.exceptions_app.acts import make_policy
from tests.exceptions_app.web.estate import make_seen
from tests.make import NOW, SYSTEM, make_computer, make_group, make_user
from truscan.models.audit import AuditEvent
from truscan.models.estate import Computer, Location

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.test import Client

    from truscan.models.estate import Group

pytestmark = pytest.mark.django_db


@pytest.fixture
def sales() -> Group:
    return make_group("My Company\\Sales")


@pytest.fixture
def administrator(client: Client, sales: Group) -> User:
    user = make_user("administrator", "administrator", sales)
    client.force_login(user)
    return user


def test_an_empty_list_says_what_to_do_first(client: Client) -> None:
    client.force_login(make_user("owner", "administrator"))
    assert "No group yet" in client.get("/groups/").content.decode()


def test_the_list_shows_policy_open_items_clients_and_last_heard(
    client: Client, sales: Group, administrator: User
) -> None:
    make_policy("Sales exceptions", sales.path)
    make_seen(groups=(sales,))
    Computer.objects.filter(pk=make_computer("PC1", sales).pk).update(last_heard_at=NOW)
    page = client.get("/groups/").content.decode()
    assert "Sales exceptions" in page
    assert "never published" in page
    assert "1 in logs" in page
    assert "unknown" in page, "the number of clients was never entered"
    assert f"{NOW:%Y-%m-%dT%H:%M:%SZ}" in page


def test_the_list_names_no_group_out_of_scope(
    client: Client, sales: Group, administrator: User
) -> None:
    make_group("My Company\\Secret project")
    page = client.get("/groups/").content.decode()
    assert reverse("group", args=[sales.pk]) in page
    assert "Secret project" not in page


def test_the_list_asks_a_fixed_number_of_queries(client: Client) -> None:
    client.force_login(make_user("owner", "administrator"))
    asked = []
    for numbers in (range(3), range(3, 40)):
        for number in numbers:
            make_policy(f"P{number}", f"My Company\\G{number}")
        client.get("/groups/")
        with CaptureQueriesContext(connection) as queries:
            client.get("/groups/")
        asked.append(len(queries))
    assert asked[0] == asked[1] <= 20


def test_it_finds_groups_by_a_part_of_the_path_without_case(
    client: Client, administrator: User
) -> None:
    make_group("My Company\\Sales\\Field")
    page = client.get("/groups/", {"q": "FIEL"}).content.decode()
    assert "My Company\\Sales\\Field" in page
    assert client.get("/groups/", {"q": "fi\0el"}).status_code == 200


def test_one_page_tells_where_the_policy_is_inherited_from(
    client: Client, sales: Group, administrator: User
) -> None:
    make_policy("Sales exceptions", sales.path)
    below = make_group("My Company\\Sales\\Field")
    page = client.get(reverse("group", args=[below.pk])).content.decode()
    assert "inherited from" in page
    assert "assumed: logs do not tell it" in page


def test_a_policy_from_a_group_out_of_scope_is_named_and_not_linked(
    client: Client, sales: Group, administrator: User
) -> None:
    policy = make_policy("Company exceptions", "My Company")
    page = client.get(reverse("group", args=[sales.pk])).content.decode()
    assert "Company exceptions" in page
    assert reverse("policy", args=[policy.pk]) not in page


def test_an_administrator_assigns_a_policy_and_it_is_audited(
    client: Client, sales: Group, administrator: User
) -> None:
    policy = make_policy("Sales exceptions")
    r = client.post(reverse("group-assign", args=[sales.pk]), {"policy": "sales EXCEPTIONS"})
    assert r.status_code == 302
    assert PolicyAssignment.objects.get(group=sales).policy == policy
    event = AuditEvent.objects.get(code="policy.assigned")
    assert event.actor_name == "administrator"


def test_it_rejects_an_assignment_where_inheritance_is_known_and_says_who_owns_it(
    client: Client, sales: Group, administrator: User
) -> None:
    make_policy("Sales exceptions", "My Company")
    set_inheritance(actor=SYSTEM, group=sales, inherits=True)
    address = reverse("group-assign", args=[sales.pk])
    page = client.post(address, {"policy": "Sales exceptions"}, follow=True).content.decode()
    assert "There is no such policy" in page, "a policy of other groups is not named"
    make_policy("Free")
    page = client.post(address, {"policy": "Free"}, follow=True).content.decode()
    assert "inherits its policy from My Company" in page


def test_an_administrator_takes_a_policy_off(
    client: Client, sales: Group, administrator: User
) -> None:
    make_policy("Sales exceptions", sales.path)
    assignment = PolicyAssignment.objects.get(group=sales)
    client.post(reverse("group-unassign", args=[sales.pk, assignment.pk]))
    assert not PolicyAssignment.objects.exists()


def test_a_forged_assignment_of_another_group_is_not_found(
    client: Client, sales: Group, administrator: User
) -> None:
    make_policy("Other", "My Company\\Engineering")
    other = PolicyAssignment.objects.get()
    r = client.post(reverse("group-unassign", args=[sales.pk, other.pk]))
    assert r.status_code == 404
    assert PolicyAssignment.objects.filter(pk=other.pk).exists()


def test_what_is_said_of_inheritance_is_known_from_then_on(
    client: Client, sales: Group, administrator: User
) -> None:
    client.post(reverse("group-inheritance", args=[sales.pk]), {})
    sales.refresh_from_db()
    assert (sales.inherits, sales.inherits_known) == (False, True)


@pytest.mark.parametrize(("text", "count"), [("1310", 1310), ("0", 0), ("", None)])
def test_clients_are_entered_or_unknown(
    client: Client, sales: Group, administrator: User, text: str, count: int | None
) -> None:
    client.post(reverse("group-clients", args=[sales.pk]), {"clients": text})
    sales.refresh_from_db()
    assert sales.client_count == count


@pytest.mark.parametrize("text", ["many", "-3", "1.5", "9999999999", "٣"])
def test_it_rejects_a_number_of_clients_that_is_none(
    client: Client, sales: Group, administrator: User, text: str
) -> None:
    address = reverse("group-clients", args=[sales.pk])
    page = client.post(address, {"clients": text}, follow=True).content.decode()
    assert "Write the number of clients as digits" in page
    sales.refresh_from_db()
    assert sales.client_count is None


def test_a_location_is_added_once(client: Client, sales: Group, administrator: User) -> None:
    for name in ("Office", "office"):
        client.post(reverse("group-location", args=[sales.pk]), {"name": name})
    assert [one.name for one in Location.objects.all()] == ["Office"]


def test_who_does_not_administer_sees_no_forms(client: Client, sales: Group) -> None:
    make_policy("Sales exceptions", sales.path)
    client.force_login(make_user("approver", "approver", sales))
    page = client.get(reverse("group", args=[sales.pk])).content.decode()
    forms = page.count("<form") - page.count('action="/accounts/logout/"')
    assert forms == 0
