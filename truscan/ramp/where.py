"""Where the scan policies of many plans are in force: two queries, whatever the number of plans."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass

from truscan.models.estate import Group
from truscan.models.ramp import ScanPolicyUse


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
