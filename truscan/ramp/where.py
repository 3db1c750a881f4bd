"""Where the scan policies of many plans are in force: two queries, whatever the number of plans."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from truscan.models.estate import Group, Location
from truscan.models.ramp import RampPlan, ScanPolicyUse

if TYPE_CHECKING:
    from django.contrib.auth.models import User


@dataclass(frozen=True, slots=True)
class Scope:
    """A group where clients follow the policy; `location_key` None = all its locations but
    `taken`, which other policies have."""

    policy_id: int
    group_id: int
    location_key: str | None
    taken: frozenset[str]


def scopes_of(policy_ids: Collection[int]) -> list[Scope]:
    """The (group, location) pairs of these policies, inheriting sub-groups included.

    A sub-group follows its parent until inheritance is switched off or it has a policy of its
    own (guide pp. 48-56).
    """
    uses = list(
        ScanPolicyUse.objects.order_by("pk").values_list(
            "scan_policy_id", "group_id", "location__name_key"
        )
    )
    children: dict[int, list[int]] = defaultdict(list)
    tree = Group.objects.filter(inherits=True, parent__isnull=False).order_by("pk")
    for pk, parent_id in tree.values_list("pk", "parent_id"):
        children[parent_id or 0].append(pk)
    own = {group_id for _, group_id, _ in uses}
    keys: dict[tuple[int, int], set[str]] = defaultdict(set)
    for policy_id, group_id, key in uses:
        if key is not None:
            keys[group_id, policy_id].add(key)
    found: dict[tuple[int, int, str | None], Scope] = {}
    for policy_id, top, key in uses:
        if policy_id not in policy_ids:
            continue
        pending = [top]
        while pending:
            pk = pending.pop()
            taken = frozenset(
                k for (g, p), ks in keys.items() if g == pk and p != policy_id for k in ks
            )
            found[policy_id, pk, key] = Scope(
                policy_id, pk, key, taken if key is None else frozenset()
            )
            pending += [child for child in children[pk] if child not in own]
    return list(found.values())


def groups_of_plan(pk: int, user: User) -> list[int]:
    """The groups of a plan that the person may see; none if there is no such plan for him."""
    plan = RampPlan.objects.visible_to(user).filter(pk=pk).first()
    if plan is None:
        return []
    ids = {scope.group_id for scope in scopes_of({plan.scan_policy_id})}
    return list(Group.objects.visible_to(user).filter(pk__in=ids).values_list("pk", flat=True))


def places_of(scopes: Sequence[Scope]) -> tuple[list[int], set[tuple[int, int]]]:
    """The location id of each scope, and the (group id, location id) that others have taken.

    0 is all locations; -1 a location from which nothing was ever read.
    """
    keys = {key for scope in scopes for key in (scope.location_key, *scope.taken) if key}
    groups = {scope.group_id for scope in scopes}
    named = Location.objects.filter(name_key__in=keys, group__in=groups) if keys else []
    place = {(location.group_id, location.name_key): location.pk for location in named}
    taken = {
        (scope.group_id, place[scope.group_id, key])
        for scope in scopes
        for key in scope.taken
        if (scope.group_id, key) in place
    }
    locations = [
        place.get((scope.group_id, scope.location_key), -1) if scope.location_key else 0
        for scope in scopes
    ]
    return locations, taken
