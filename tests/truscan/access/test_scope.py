from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.make import make_group, make_process, make_sighting, make_user
from truscan.access import scope
from truscan.access.scope import (
    groups_held,
    has_role_anywhere,
    may_write_groups,
    read_grants_once,
    sees_whole_estate,
)
from truscan.models.counts import Sighting
from truscan.models.estate import Group
from truscan.models.process import Process

if TYPE_CHECKING:
    from django.contrib.auth.models import User

pytestmark = pytest.mark.django_db


def paths_of(user: User, role: str = "viewer") -> set[str]:
    return {g.path for g in Group.objects.visible_to(user, role)}


def test_it_works_for_a_subtree() -> None:
    sales = make_group("My Company\\Sales")
    make_group("My Company\\Sales\\Field")
    make_group("My Company\\Sales Partners")
    user = make_user("member", "analyst", sales)
    assert paths_of(user) == {"My Company\\Sales", "My Company\\Sales\\Field"}


def test_a_role_includes_those_below_it_and_none_above() -> None:
    sales = make_group("My Company\\Sales")
    user = make_user("member", "analyst", sales)
    assert paths_of(user, "analyst") == {"My Company\\Sales"}
    assert paths_of(user, "approver") == set()
    assert has_role_anywhere(user, "viewer")
    assert not has_role_anywhere(user, "administrator")


def test_an_outsider_sees_nothing() -> None:
    make_sighting(make_process(), make_group("My Company"))
    user = make_user("outsider")
    assert paths_of(user) == set()
    assert not Sighting.objects.visible_to(user).exists()
    assert not Process.objects.visible_to(user).exists()


def test_the_whole_estate_includes_lines_without_a_group() -> None:
    nameless = make_group("My Company").domain.groups.create(name="", path="", path_key="")
    owner = make_user("owner", "viewer")
    member = make_user("member", "viewer", make_group("My Company"))
    assert sees_whole_estate(owner)
    assert nameless in Group.objects.visible_to(owner)
    assert nameless not in Group.objects.visible_to(member)


def test_like_wildcards_in_a_group_name_match_only_themselves() -> None:
    odd = make_group("My Company\\S_les%")
    make_group("My Company\\Sales%\\Below")
    make_group("My Company\\S_les%\\Below")
    user = make_user("member", "viewer", odd)
    assert paths_of(user) == {"My Company\\S_les%", "My Company\\S_les%\\Below"}


def test_writing_needs_the_role_in_every_group() -> None:
    sales, other = make_group("My Company\\Sales"), make_group("My Company\\IT")
    user = make_user("member", "analyst", sales)
    assert may_write_groups(user, "analyst", [sales.pk])
    assert not may_write_groups(user, "analyst", [sales.pk, other.pk])
    assert not may_write_groups(user, "analyst", [sales.pk, 10**9])


def test_a_closed_account_sees_nothing() -> None:
    make_group("My Company")
    user = make_user("member", "administrator")
    user.is_active = False
    user.save()
    assert paths_of(user) == set()


@pytest.mark.parametrize("most", [0, 10])
def test_few_groups_are_named_and_many_are_asked_for(
    monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr(scope, "NAMED_MAX", most)
    sales = make_group("My Company\\Sales")
    make_sighting(make_process("a.exe"), sales)
    make_sighting(make_process("b.exe"), make_group("My Company\\Lab"))
    user = make_user("member", "analyst", sales)
    read_grants_once(user)
    held = groups_held(user)
    assert held == [sales.pk] if most else not isinstance(held, list)
    assert [s.group_id for s in Sighting.objects.visible_to(user)] == [sales.pk]
    assert [p.name for p in Process.objects.visible_to(user)] == ["a.exe"]
    assert not Sighting.objects.visible_to(user, "approver").exists()
