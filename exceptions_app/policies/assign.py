"""Making policies, and putting them on groups and locations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from exceptions_app.errors import BadValue, Inherits, NotShared, PolicyDiffers
from exceptions_app.models.policy import Policy, PolicyAssignment
from exceptions_app.policies.cover import cover_groups
from exceptions_app.policies.effective import inheriting_from, policies_in_force
from exceptions_app.policies.locks import lock_policies, own_tree
from exceptions_app.policies.placed import note_inheritance, note_placement
from truscan import audit
from truscan.models.estate import Group

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from truscan.access.actor import Actor
    from truscan.models.estate import Location

# POLICY-FORMATS 7: the longest name and description that SEPM takes.
NAME_LENGTH = 255
DESCRIPTION_LENGTH = 1024


@transaction.atomic
def create_policy(
    *,
    actor: Actor,
    name: str,
    groups: Sequence[Group] = (),
    location: Location | None = None,
    shared: bool = True,
    description: str = "",
    now: datetime | None = None,
) -> Policy:
    """The policy of that name, made if it is new, and assigned to the groups (or to the location
    of the one group). Idempotent. Raises PolicyDiffers if the name is taken by one that is shared
    where this one is not, or the other way round, or by one that the person may not see: a name
    must not open what is outside his groups. See `assign` for what it raises.
    """
    name, description = name.strip(), description.strip()
    if not name or len(name) > NAME_LENGTH or len(description) > DESCRIPTION_LENGTH:
        raise BadValue(
            f"Give a name of 1 to {NAME_LENGTH} characters"
            f" and a description of at most {DESCRIPTION_LENGTH}."
        )
    if not shared and len(groups) > 1:
        raise NotShared("A policy that is not shared belongs to one group: choose one.")
    own_tree()
    policy = Policy.objects.filter(name__iexact=name).first()
    if policy is None:
        policy = Policy.objects.create(name=name, shared=shared, description=description)
        made = {"name": name, "shared": shared, "description": description}
        audit_later = True
    elif not _is_seen(policy, actor):
        raise PolicyDiffers(f"{name} exists outside your groups: choose another name.")
    elif policy.shared != shared:
        kind = "shared" if policy.shared else "not shared"
        raise PolicyDiffers(f"{policy.name} exists and is {kind}: use it so, or another name.")
    else:
        made, audit_later = {}, False
    for group in groups:
        assign(actor=actor, policy=policy, group=group, location=location, now=now)
    if audit_later:
        audit.record("policy.created", actor=actor, obj=policy, after=made)
    return policy


def _is_seen(policy: Policy, actor: Actor) -> bool:
    return actor.user is None or Policy.objects.visible_to(actor.user).contains(policy)


def turns_inheritance_off(group: Group) -> bool:
    """True if assigning here ends an inheritance that was only assumed: dialogs say so first."""
    return group.inherits_now and not group.inherits_known


@transaction.atomic
def assign(
    *,
    actor: Actor,
    policy: Policy,
    group: Group,
    location: Location | None = None,
    now: datetime | None = None,
) -> PolicyAssignment:
    """Put the policy on the group or on one of its locations, in place of the one before.

    An inheritance that was only assumed is turned off, and the ledger says so; where it is known
    to be on, Inherits is raised and names the group that owns the policy. Raises NotShared for a
    second place of a policy that is not shared, BadValue for a location of another group.
    Coverage of the group and of those that inherit from it is computed anew.
    """
    own_tree()
    group = Group.objects.select_for_update(no_key=True).get(pk=group.pk)
    _check_place(policy, group, location)
    current = PolicyAssignment.objects.filter(group=group, location=location).first()
    if current is not None and current.policy_id == policy.pk and not group.inherits_now:
        return current
    was = current.policy.name if current else None
    said = {"policy": policy.name, "location": location.name if location else None}
    ends_inheritance, now = group.inherits_now, now or timezone.now()
    if ends_inheritance:
        Group.objects.filter(pk=group.pk).update(inherits=False, inherits_known=True)
        said["inheritance"] = "turned off, it was assumed on"
    touched = inheriting_from([group.pk])
    lock_policies({policy.pk, *_policies_of(touched), *([current.policy_id] if current else [])})
    assignment, _ = PolicyAssignment.objects.update_or_create(
        group=group, location=location, defaults={"policy": policy}
    )
    cover_groups(touched, now)
    event = audit.record(
        "policy.assigned", actor=actor, obj=group, before={"policy": was}, after=said
    )
    note_placement(group=group, location=location, policy=policy, at=now, event=event)
    if ends_inheritance:
        note_inheritance(group=group, inherits=False, was=True, at=now, event=event)
    return assignment


@transaction.atomic
def unassign(
    *,
    actor: Actor,
    group: Group,
    location: Location | None = None,
    reason: str = "",
    now: datetime | None = None,
) -> bool:
    """Take the policy off the group or location; False if none was on it."""
    own_tree()
    current = PolicyAssignment.objects.filter(group=group, location=location).first()
    if current is None:
        return False
    touched = inheriting_from([group.pk])
    lock_policies({*_policies_of(touched), current.policy_id})
    said = {"policy": current.policy.name, "location": location.name if location else None}
    current.delete()
    now = now or timezone.now()
    cover_groups(touched, now)
    event = audit.record("policy.unassigned", actor=actor, obj=group, before=said, reason=reason)
    note_placement(group=group, location=location, policy=None, at=now, event=event)
    return True


def _check_place(policy: Policy, group: Group, location: Location | None) -> None:
    if location is not None and location.group_id != group.pk:
        raise BadValue(f"{location.name} is a location of another group: add it to {group} first.")
    if group.inherits_now and group.inherits_known:
        raise Inherits(_owner_sentence(group))
    place = Q(group=group, location=location)
    elsewhere = policy.assignments.exclude(place).first()
    if not policy.shared and elsewhere is not None:
        raise NotShared(
            f"{policy.name} is not shared and belongs to {elsewhere.group}:"
            " make another policy for this place."
        )


def _owner_sentence(group: Group) -> str:
    here = policies_in_force([group.pk])[0]
    owner = Group.objects.filter(pk=here.from_group_id or 0).first() or group.parent
    return (
        f"{group} inherits its policy from {owner}: assign it there,"
        " or turn inheritance off in SEPM and here first."
    )


def _policies_of(group_ids: Iterable[int]) -> set[int]:
    places = policies_in_force(list(group_ids))
    return {place.policy_id for place in places if place.policy_id is not None}
