from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exceptions_app.policies.compile import (
    UNKNOWN,
    GroupFacts,
    Origin,
    Rule,
    Why,
    effective_sets,
    resolve,
)
from tests.make import NOW


def slow_policy(groups: dict[int, GroupFacts], group_id: int, name: str | None) -> Origin:
    """One place at a time, as the guide tells it: go up while inherited, then look."""
    group = groups[group_id]
    climbed = False
    while group.inherits and group.parent_id is not None:
        climbed = True
        if group.parent_id not in groups:
            return UNKNOWN
        group = groups[group.parent_id]
    place = group.locations.get(name) if name is not None else None
    policy = group.assigned.get(place)
    if policy is None:
        policy = group.assigned.get(None)
    return UNKNOWN if policy is None else Origin(policy, group.id, inherited=climbed)


def slow_names(groups: dict[int, GroupFacts], group_id: int) -> dict[str, int]:
    """Own locations, and those of every group up to the one that owns the policy."""
    group = groups[group_id]
    above: dict[str, int] = {}
    if group.inherits and group.parent_id in groups:
        above = slow_names(groups, group.parent_id)
    return {**above, **group.locations}


@st.composite
def estates(draw: st.DrawFn) -> dict[int, GroupFacts]:
    groups = {}
    for pk in range(1, draw(st.integers(1, 8)) + 1):
        parent = draw(st.one_of(st.none(), st.integers(1, pk - 1))) if pk > 1 else None
        names = draw(st.sets(st.sampled_from(["office", "vpn", "outside"])))
        locations = {name: pk * 10 + n for n, name in enumerate(sorted(names))}
        places = draw(st.sets(st.sampled_from([None, *locations.values()])))
        assigned = {place: draw(st.integers(100, 103)) for place in places}
        inherits = parent is not None and draw(st.booleans())
        groups[pk] = GroupFacts(pk, parent, inherits, locations, assigned)
    return groups


@given(estates(), st.randoms())
def test_it_agrees_with_the_slow_reading(groups: dict[int, GroupFacts], random: object) -> None:
    rows = list(groups.values())
    random.shuffle(rows)  # type: ignore[attr-defined]
    places = resolve(rows)
    assert places.keys() == groups.keys()
    for pk, here in places.items():
        assert here.group == slow_policy(groups, pk, None)
        names = slow_names(groups, pk)
        assert {name: found[0] for name, found in here.locations.items()} == names
        for name, (_, origin) in here.locations.items():
            assert origin == slow_policy(groups, pk, name)


@st.composite
def rule_books(draw: st.DrawFn) -> dict[int, list[Rule]]:
    ends = st.sampled_from([None, NOW - timedelta(days=1), NOW, NOW + timedelta(days=1)])
    return {
        policy: [
            Rule(process, draw(st.sampled_from(["ignore", "terminate"])), policy * 10 + process,
                 draw(ends), draw(st.booleans()))
            for process in draw(st.sets(st.integers(1, 4)))
        ]
        for policy in draw(st.sets(st.integers(100, 103)))
    }  # fmt: skip


@given(estates(), rule_books())
def test_each_place_has_what_the_slow_reading_gives(
    groups: dict[int, GroupFacts], book: dict[int, list[Rule]]
) -> None:
    """Place by place and rule by rule: the policy that counts, without what expired or waits."""
    sets = effective_sets(resolve(groups.values()), book, NOW)
    for pk in groups:
        for name, location in [(None, None), *slow_names(groups, pk).items()]:
            here = sets[pk, location]
            assert here.origin == slow_policy(groups, pk, name)
            told = book.get(here.origin.policy_id, []) if here.origin.policy_id else []
            lasting = [rule for rule in told if not rule.expires_at or rule.expires_at > NOW]
            assert list(here.rules.values()) == [rule for rule in lasting if rule.is_approved]
            waiting = {rule.origin_id: Why.WAITS for rule in lasting if not rule.is_approved}
            expired = {rule.origin_id: Why.EXPIRED for rule in told if rule not in lasting}
            assert here.left_out == {**waiting, **expired}
    assert len({id(here) for here in sets.values()}) == len({one.origin for one in sets.values()})


def test_a_sub_group_has_its_parents_locations_by_name() -> None:
    top = GroupFacts(1, None, False, {"office": 10, "vpn": 11}, {None: 100, 11: 101})
    sub = GroupFacts(2, 1, True, {"vpn": 20}, {})
    places = resolve([sub, top])
    assert places[2].group == Origin(100, 1, inherited=True)
    assert dict(places[2].locations) == {
        "office": (10, Origin(100, 1, inherited=True)),
        "vpn": (20, Origin(101, 1, inherited=True)),
    }


def test_a_group_with_inheritance_off_and_nothing_assigned_is_unknown() -> None:
    top = GroupFacts(1, None, False, {}, {None: 100})
    off = GroupFacts(2, 1, False, {"vpn": 20}, {})
    below = GroupFacts(3, 2, True)
    places = resolve([top, off, below])
    assert places[2].group == UNKNOWN
    assert places[2].locations["vpn"] == (20, UNKNOWN)
    assert places[3].group == UNKNOWN


def test_sets_are_shared_by_all_who_inherit_them() -> None:
    groups = [GroupFacts(1, None, False, {}, {None: 100})]
    groups += [GroupFacts(pk, 1, True) for pk in range(2, 50)]
    rule = Rule(7, "ignore", 1)
    sets = effective_sets(resolve(groups), {100: [rule]}, NOW)
    assert len({id(here) for (pk, _), here in sets.items() if pk > 1}) == 1
    assert sets[1, None].rules is sets[49, None].rules
    assert dict(sets[49, None].rules) == {7: rule}
    assert sets[49, None].origin == Origin(100, 1, inherited=True)
    with pytest.raises(TypeError):
        sets[1, None].rules[8] = rule  # type: ignore[index]
