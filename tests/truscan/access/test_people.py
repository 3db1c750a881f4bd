from __future__ import annotations

import pytest

from tests.make import SYSTEM, make_group, make_user
from truscan.access.actor import Actor
from truscan.access.people import (
    PeopleError,
    create_person,
    grant_role,
    new_password,
    revoke_role,
    set_active,
)
from truscan.models.access import RoleGrant
from truscan.models.audit import AuditEvent

pytestmark = pytest.mark.django_db


def test_it_works() -> None:
    make_user("owner", "administrator")
    user, password = create_person(actor=SYSTEM, username="analyst", email="a@example.org")
    grant_role(actor=SYSTEM, user=user, role="analyst", group=make_group("My Company"))
    assert user.check_password(password)
    codes = list(AuditEvent.objects.order_by("id").values_list("code", flat=True))
    assert codes == ["person.created", "role.granted"]
    assert password not in str(list(AuditEvent.objects.values()))


def test_it_rejects_a_name_that_differs_only_in_case() -> None:
    make_user("Owner", "administrator")
    with pytest.raises(PeopleError, match="already"):
        create_person(actor=SYSTEM, username="owner")


def test_a_group_administrator_gives_roles_only_in_his_subtree() -> None:
    make_user("owner", "administrator")
    sales = make_group("My Company\\Sales")
    manager = Actor.on_web(make_user("manager", "administrator", sales))
    other = make_user("other")
    grant_role(actor=manager, user=other, role="approver", group=sales)
    for group in (None, make_group("My Company\\IT")):
        with pytest.raises(PeopleError):
            grant_role(actor=manager, user=other, role="viewer", group=group)


def test_the_last_administrator_stays() -> None:
    owner = make_user("owner", "administrator")
    grant = RoleGrant.objects.get(user=owner)
    with pytest.raises(PeopleError, match="nobody"):
        revoke_role(actor=SYSTEM, grant=grant)
    with pytest.raises(PeopleError, match="nobody"):
        set_active(actor=SYSTEM, user=owner, active=False)
    with pytest.raises(PeopleError, match="nobody"):
        grant_role(actor=SYSTEM, user=owner, role="viewer")


def test_an_equal_grant_changes_nothing() -> None:
    owner = make_user("owner", "administrator")
    grant_role(actor=SYSTEM, user=owner, role="administrator")
    assert not AuditEvent.objects.exists()


def test_a_new_password_replaces_the_old_one() -> None:
    owner = make_user("owner", "administrator")
    password = new_password(actor=SYSTEM, user=owner)
    owner.refresh_from_db()
    assert owner.check_password(password)
    assert not owner.check_password("a long enough password")
