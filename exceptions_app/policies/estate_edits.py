"""What people say of groups: inheritance, number of clients, locations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from exceptions_app.errors import BadValue
from exceptions_app.models.policy import PolicyAssignment
from exceptions_app.policies.cover import cover_groups
from exceptions_app.policies.effective import inheriting_from, policies_in_force
from exceptions_app.policies.locks import lock_policies, own_tree
from exceptions_app.policies.placed import note_inheritance
from truscan import audit
from truscan.models.estate import Group, Location

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from truscan.access.actor import Actor

LOCATION_LENGTH = 256
MOST_CLIENTS = 2_147_483_647  # what the column holds


@transaction.atomic
def set_inheritance(
    *, actor: Actor, group: Group, inherits: bool, reason: str = "", now: datetime | None = None
) -> Group:
    """Say whether the group inherits; from then on it is known, not assumed.

    Own assignments of a group that inherits again stay stored and are not in force. Coverage
    below is computed anew. BadValue for a root, which has nobody to inherit from.
    """
    own_tree()
    row = Group.objects.select_for_update(no_key=True).get(pk=group.pk)
    if row.parent_id is None and inherits:
        raise BadValue(f"{row} is the top of its tree: there is no group to inherit from.")
    before = {"inherits": row.inherits, "known": row.inherits_known}
    after = {"inherits": inherits, "known": True}
    if before == after:
        return row
    touched = {row.pk, *inheriting_from([row.pk])}
    _lock_policies_of(touched)
    row.inherits, row.inherits_known = inherits, True
    row.save(update_fields=["inherits", "inherits_known"])
    now = now or timezone.now()
    cover_groups(sorted(touched), now)
    event = audit.record(
        "group.inheritance_set", actor=actor, obj=row, before=before, after=after, reason=reason
    )
    was = bool(before["inherits"])
    note_inheritance(group=row, inherits=inherits, was=was, at=now, event=event)
    return row


@transaction.atomic
def set_client_count(
    *, actor: Actor, group: Group, count: int | None, now: datetime, reason: str = ""
) -> Group:
    """Enter how many clients the group has; None = not known, which is never zero."""
    if count is not None and not 0 <= count <= MOST_CLIENTS:
        raise BadValue("Give a number of clients from 0 up, or leave it empty if not known.")
    row = Group.objects.select_for_update(no_key=True).get(pk=group.pk)
    before = {"clients": row.client_count}
    if row.client_count == count:
        return row
    row.client_count = count
    row.client_count_at = None if count is None else now
    row.save(update_fields=["client_count", "client_count_at"])
    audit.record(
        "group.clients_set",
        actor=actor,
        obj=row,
        before=before,
        after={"clients": count},
        reason=reason,
    )
    return row


@transaction.atomic
def add_location(*, actor: Actor, group: Group, name: str, now: datetime | None = None) -> Location:
    """The location of that name in the group, made if it is new."""
    name = name.strip()
    if not name or len(name) > LOCATION_LENGTH:
        raise BadValue(f"Give a location name of 1 to {LOCATION_LENGTH} characters.")
    own_tree()
    location, is_new = Location.objects.get_or_create(
        group=group, name_key=name.casefold(), defaults={"name": name}
    )
    if is_new:
        touched = inheriting_from([group.pk])
        _lock_policies_of(touched)
        cover_groups(touched, now or timezone.now())
        audit.record(
            "group.location_added", actor=actor, obj=group, after={"location": location.name}
        )
    return location


def _lock_policies_of(groups: Sequence[int] | set[int]) -> None:
    """All policies that can be in force there before or after: those now, and those assigned."""
    places = policies_in_force(list(groups))
    now = {place.policy_id for place in places if place.policy_id is not None}
    own = PolicyAssignment.objects.filter(group__in=groups).values_list("policy_id", flat=True)
    parents = Group.objects.filter(pk__in=groups).values_list("parent_id", flat=True)
    above = policies_in_force([pk for pk in parents if pk is not None])
    lock_policies({*now, *own, *(place.policy_id for place in above if place.policy_id)})
