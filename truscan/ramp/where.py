"""Where the scan policies of plans are in force."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import connection

from truscan.models.estate import Group, Location
from truscan.models.ramp import RampPlan

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


# All that is read of other policies are the locations that they have in the same groups.
SCOPES = """
WITH RECURSIVE reach AS (
    SELECT u.scan_policy_id, u.group_id, l.name_key
    FROM truscan_scanpolicyuse u LEFT JOIN truscan_location l ON l.id = u.location_id
    WHERE u.scan_policy_id = ANY(%(policies)s)
    UNION
    SELECT r.scan_policy_id, g.id, r.name_key
    FROM reach r JOIN truscan_group g ON g.parent_id = r.group_id AND g.inherits
    WHERE NOT EXISTS (SELECT 1 FROM truscan_scanpolicyuse own WHERE own.group_id = g.id))
SELECT r.scan_policy_id, r.group_id, r.name_key, CASE WHEN r.name_key IS NULL THEN ARRAY(
    SELECT DISTINCT l.name_key
    FROM truscan_scanpolicyuse u JOIN truscan_location l ON l.id = u.location_id
    WHERE u.group_id = r.group_id AND u.scan_policy_id <> r.scan_policy_id) END
FROM reach r ORDER BY r.scan_policy_id, r.group_id, r.name_key
"""


def scopes_of(policy_ids: Collection[int]) -> list[Scope]:
    """The (group, location) pairs of these policies, inheriting sub-groups included, in order of
    their ids. One query, whatever the number of policies.

    A sub-group follows its parent until inheritance is switched off or it has a policy of its
    own (guide pp. 48-56).
    """
    with connection.cursor() as cursor:
        cursor.execute(SCOPES, {"policies": list(policy_ids)})
        rows = cursor.fetchall()
    return [
        Scope(policy_id, group_id, location_key, frozenset(taken or ()))
        for policy_id, group_id, location_key, taken in rows
    ]


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
