"""The account that opens the house: made at the first start, its password made anew on request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.auth.models import User
from django.db import transaction

from truscan.access.people import create_person, grant_role, new_password
from truscan.models.access import Role

if TYPE_CHECKING:
    from truscan.access.actor import Actor

NAME = "admin"


@transaction.atomic
def make_administrator(*, actor: Actor, name: str = NAME, renew: bool = False) -> str | None:
    """Have an administrator of the whole estate by that name; his password if it is new.

    With `renew` an account that exists gets a new password and, if it lost it, its role back.
    """
    user = User.objects.filter(username__iexact=name).first()
    if user is not None and not renew:
        return None
    if user is None:
        user, password = create_person(actor=actor, username=name)
    else:
        password = new_password(actor=actor, user=user)
    grant_role(actor=actor, user=user, role=Role.ADMINISTRATOR, group=None)
    return password
