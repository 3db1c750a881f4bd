"""The one write path of accounts and roles.

An administrator of the whole estate manages everybody; an administrator of a group subtree gives
and takes roles inside it. The estate always keeps one active administrator of the whole.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import connection, transaction

from truscan import audit
from truscan.access.scope import may_write_groups, sees_whole_estate
from truscan.models.access import Role, RoleGrant

if TYPE_CHECKING:
    from truscan.access.actor import Actor
    from truscan.models.estate import Group


LOCK = 0x7065_6F70  # changes of roles and accounts come one after the other


class PeopleError(Exception):
    """The change is refused; the text says why and what to do next."""


def may_manage(manager: User, group: Group | None) -> bool:
    """Whether this person may give or take a role at that place (None = the whole estate)."""
    if group is None:
        return sees_whole_estate(manager, "administrator")
    return may_write_groups(manager, "administrator", [group.pk])


def _require_manager(actor: Actor, group: Group | None) -> None:
    """The command line is the machine's owner; a person needs the role, and needs it now.

    Waits for every other change of roles: of two administrators who close each other's accounts
    at the same moment, the second finds that he is none any more.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
    if actor.user is None:
        return
    person = User.objects.get(pk=actor.user.pk)
    if not may_manage(person, group):
        raise PeopleError("You are not an administrator there; ask one of the whole estate.")


def _keep_one_administrator() -> None:
    left = RoleGrant.objects.filter(
        role=Role.ADMINISTRATOR, group=None, user__is_active=True
    ).exists()
    if not left:
        raise PeopleError(
            "This would leave nobody who administers the whole estate; give somebody else "
            "that role first."
        )


@transaction.atomic
def create_person(
    *, actor: Actor, username: str, email: str = "", password: str | None = None
) -> tuple[User, str]:
    """A new account and its password, a random one (24 characters) unless given; shown once."""
    if User.objects.filter(username__iexact=username).exists():
        raise PeopleError(f"There is already an account named {username}.")
    password = password or secrets.token_urlsafe(18)
    user = User(username=username, email=email)
    try:
        user.clean_fields(exclude=["password"])
        validate_password(password, user)
    except ValidationError as error:
        raise PeopleError(" ".join(error.messages)) from error
    user.set_password(password)
    user.save()
    audit.record("person.created", actor=actor, obj=user, after={"email": email})
    return user, password


@transaction.atomic
def new_password(*, actor: Actor, user: User) -> str:
    """A new random password; all sessions of the person end with the old one."""
    _require_manager(actor, None)
    password = secrets.token_urlsafe(18)
    user.set_password(password)
    user.save(update_fields=["password"])
    audit.record("person.password_reset", actor=actor, obj=user)
    return password


@transaction.atomic
def grant_role(*, actor: Actor, user: User, role: str, group: Group | None = None) -> RoleGrant:
    """Give a role for a group's subtree; an equal grant is returned as it is."""
    _require_manager(actor, group)
    if role not in Role.values:
        raise PeopleError(f"Choose a role among {', '.join(Role.values)}.")
    grant = RoleGrant.objects.select_for_update().filter(user=user, group=group).first()
    if grant and grant.role == role:
        return grant
    before = {"role": grant.role} if grant else None
    if grant:
        grant.role = role
        grant.save(update_fields=["role"])
        _keep_one_administrator()
    else:
        grant = RoleGrant.objects.create(user=user, role=role, group=group)
    place = group.path if group else "the whole estate"
    audit.record(
        "role.granted", actor=actor, obj=user, before=before, after={"role": role, "place": place}
    )
    return grant


@transaction.atomic
def revoke_role(*, actor: Actor, grant: RoleGrant) -> None:
    """Take a role away."""
    _require_manager(actor, grant.group)
    facts = {"role": grant.role, "place": grant.group.path if grant.group else "the whole estate"}
    user = grant.user
    grant.delete()
    _keep_one_administrator()
    audit.record("role.revoked", actor=actor, obj=user, before=facts)


@transaction.atomic
def set_active(*, actor: Actor, user: User, active: bool) -> None:
    """Close or reopen an account; its tokens stop working with it. Accounts are never deleted."""
    _require_manager(actor, None)
    user.refresh_from_db(fields=["is_active"])
    if user.is_active == active:
        return
    user.is_active = active
    user.save(update_fields=["is_active"])
    _keep_one_administrator()
    code = "person.reopened" if active else "person.closed"
    audit.record(code, actor=actor, obj=user)
