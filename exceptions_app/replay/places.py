"""Where the clients of a ramp plan's scan policy are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from truscan.models.estate import Location
from truscan.models.ramp import ScanPolicyUse
from truscan.ramp.evidence import groups_in_force

if TYPE_CHECKING:
    from collections.abc import Collection

    from truscan.models.ramp import RampPlan


HERE = 0  # the group itself, without its locations


def places_of_plan(
    plan: RampPlan, groups: Collection[int] | None = None
) -> list[tuple[int, int | None]]:
    """(group, location or HERE for the group itself) where the plan's scan policy holds.

    Inheriting sub-groups are included; a location that another scan policy has taken is not.
    `groups` narrows it to what a person sees.
    """
    held = groups_in_force(plan.scan_policy)
    ids = {pk for pk, _ in held if groups is None or pk in groups}
    taken = set(
        ScanPolicyUse.objects.exclude(scan_policy=plan.scan_policy)
        .filter(group__in=ids, location__isnull=False)
        .values_list("location_id", flat=True)
    )
    by_group: dict[int, dict[str, int]] = {}
    rows = Location.objects.filter(group__in=ids).values_list("group_id", "name_key", "pk")
    for group_id, key, pk in rows:
        by_group.setdefault(group_id, {})[key] = pk
    places: list[tuple[int, int | None]] = []
    for group_id, held_key in held:
        if group_id not in ids:
            continue
        own = by_group.get(group_id, {})
        if held_key is not None:
            places += [(group_id, own[held_key])] if held_key in own else []
            continue
        free = sorted(pk for pk in own.values() if pk not in taken)
        places += [(group_id, HERE), *((group_id, pk) for pk in free)]
    return places
