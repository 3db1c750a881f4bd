"""Which policy is in force where, and with which rules: plain values in, plain values out.

A group that inherits has its parent's result, location by location (by name, since a sub-group
inherits the locations of its parent: guide pp. 48-53); a group that does not has what is assigned
to the location, else what is assigned to the group. Assigning replaces, nothing is ever merged.
Results are immutable and shared by all groups that inherit them.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class GroupFacts:
    """A group: `locations` are its own, name key to id; `assigned` location id (None: the group
    itself) to policy id. `inherits` is False at the root."""

    id: int
    parent_id: int | None
    inherits: bool
    locations: Mapping[str, int] = field(default_factory=dict)
    assigned: Mapping[int | None, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Origin:
    """The policy of a place, and the group that it comes from; None = none is known."""

    policy_id: int | None
    from_group_id: int | None
    inherited: bool


@dataclass(frozen=True, slots=True)
class Places:
    """What holds in one group: for itself, and by name key for each location (with its id)."""

    group: Origin
    locations: Mapping[str, tuple[int, Origin]]


@dataclass(frozen=True, slots=True)
class Rule:
    """One exception: `origin_id` is the row that it was compiled from. One that needs a second
    person and has none yet is not approved."""

    process_id: int
    response: str
    origin_id: int
    expires_at: datetime | None = None
    is_approved: bool = True


class Why(StrEnum):
    """Why an exception is in no set."""

    EXPIRED = "expired"
    WAITS = "waits for approval"


@dataclass(frozen=True, slots=True)
class EffectiveSet:
    """The rules of one place, by process, and where their policy comes from; `left_out` are its
    exceptions that do not hold, by the row, and why."""

    origin: Origin
    rules: Mapping[int, Rule]
    left_out: Mapping[int, Why]


UNKNOWN = Origin(None, None, inherited=False)
NO_RULES: Mapping[int, Rule] = MappingProxyType({})
NOTHING_LEFT_OUT: Mapping[int, Why] = MappingProxyType({})


def resolve(groups: Iterable[GroupFacts]) -> dict[int, Places]:
    """Places of every group. A parent that is not among the groups counts as unknown."""
    by_id = {group.id: group for group in groups}
    done: dict[int, Places] = {}
    passed_on: dict[int, Places] = {}
    for group_id in by_id:
        waiting: list[int] = []
        at: int | None = group_id
        while at is not None and at in by_id and at not in done:
            waiting.append(at)
            at = by_id[at].parent_id if by_id[at].inherits else None
        for waiting_id in reversed(waiting):
            group = by_id[waiting_id]
            if group.inherits and group.parent_id is not None:
                done[waiting_id] = _inherited(group, group.parent_id, done, passed_on)
            else:
                done[waiting_id] = _own(group)
    return done


def _own(group: GroupFacts) -> Places:
    def assigned(location_id: int | None) -> Origin | None:
        policy_id = group.assigned.get(location_id)
        return None if policy_id is None else Origin(policy_id, group.id, inherited=False)

    whole = assigned(None) or UNKNOWN
    locations = {key: (pk, assigned(pk) or whole) for key, pk in group.locations.items()}
    return Places(whole, MappingProxyType(locations))


def _inherited(
    group: GroupFacts, parent_id: int, done: dict[int, Places], passed_on: dict[int, Places]
) -> Places:
    """The parent's places as this group shows them: its own ids for locations of the same name."""
    if parent_id not in passed_on:
        passed_on[parent_id] = _pass_on(done.get(parent_id, Places(UNKNOWN, {})))
    given = passed_on[parent_id]
    if not group.locations:
        return given
    locations = dict(given.locations)
    for key, pk in group.locations.items():
        locations[key] = (pk, locations[key][1] if key in locations else given.group)
    return Places(given.group, MappingProxyType(locations))


def _pass_on(places: Places) -> Places:
    marked = {
        origin: origin if origin.policy_id is None else replace(origin, inherited=True)
        for origin in {places.group, *(origin for _, origin in places.locations.values())}
    }
    locations = {key: (pk, marked[origin]) for key, (pk, origin) in places.locations.items()}
    return Places(marked[places.group], MappingProxyType(locations))


def effective_sets(
    places: Mapping[int, Places], rules: Mapping[int, Sequence[Rule]], at: datetime
) -> dict[tuple[int, int | None], EffectiveSet]:
    """The set of every (group id, location id or None) at a moment; `rules` are by policy id, at
    most one for a process.

    One mapping of rules per policy and one set per origin, immutable and shared by all places that
    have it: 10,000 groups cost no more memory than their policies.
    """
    policies = {policy_id: _held(of_policy, at) for policy_id, of_policy in rules.items()}
    none = (NO_RULES, NOTHING_LEFT_OUT)
    shared: dict[Origin, EffectiveSet] = {}

    def of(origin: Origin) -> EffectiveSet:
        found = shared.get(origin)
        if found is None:
            has_policy = origin.policy_id is not None
            held = policies.get(origin.policy_id or 0, none) if has_policy else none
            found = shared[origin] = EffectiveSet(origin, *held)
        return found

    sets: dict[tuple[int, int | None], EffectiveSet] = {}
    for group_id, here in places.items():
        sets[group_id, None] = of(here.group)
        for location_id, origin in here.locations.values():
            sets[group_id, location_id] = of(origin)
    return sets


def _held(rules: Sequence[Rule], at: datetime) -> tuple[Mapping[int, Rule], Mapping[int, Why]]:
    held: dict[int, Rule] = {}
    left_out: dict[int, Why] = {}
    for rule in rules:
        if rule.expires_at is not None and rule.expires_at <= at:
            left_out[rule.origin_id] = Why.EXPIRED
        elif not rule.is_approved:
            left_out[rule.origin_id] = Why.WAITS
        else:
            held[rule.process_id] = rule
    return MappingProxyType(held), MappingProxyType(left_out)
