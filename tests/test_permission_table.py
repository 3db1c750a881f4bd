"""Who gets which answer, for every address of the resolver: a new address needs a row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.db import transaction
from django.urls import URLPattern, get_resolver

from tests.permissions import (
    accounts,
    api,
    api_policies,
    api_ramp,
    api_sepm,
    api_triage,
    imports,
    people,
    policies,
    ramp,
    sepm,
    team,
    triage,
)
from tests.permissions.asking import ask
from tests.permissions.world import World, make_world

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.permissions.row import Row

PAGES = (triage, team, policies, sepm, imports, ramp, people, accounts)
REST = (api, api_triage, api_policies, api_ramp, api_sepm)
ROWS = [row for pages in (*PAGES, *REST) for row in pages.ROWS]

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    """Made once: each question undoes what it did, and all of it goes at the end."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield make_world()
        transaction.set_rollback(True)


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_each_kind_of_person_gets_the_answer_of_the_table(row: Row, world: World) -> None:
    got = {
        kind: ask(world, kind, row.name, row.method, row.args(world.mine, world), data)
        for kind in row.statuses
        for data in [row.data(world.mine, world)]
    }
    assert got == row.statuses


FOREIGN = [row for row in ROWS if row.has_object and row.name not in accounts.NAMES]


@pytest.mark.parametrize("row", FOREIGN, ids=str)
def test_what_is_out_of_scope_is_not_there(row: Row, world: World) -> None:
    data = row.data(world.theirs, world)
    args = row.args(world.theirs, world)
    got = {
        kind: ask(world, kind, row.name, row.method, args, data) for kind in row.foreign_statuses
    }
    assert got == row.foreign_statuses


def patterns(resolver: Any) -> Iterator[URLPattern]:
    for entry in resolver.url_patterns:
        if isinstance(entry, URLPattern):
            yield entry
        else:
            yield from patterns(entry)


def test_the_table_has_every_address_of_the_resolver_and_no_other() -> None:
    there = [pattern.name for pattern in patterns(get_resolver())]
    assert None not in there
    assert len(there) == len(set(there)), "two addresses of one name: reverse() finds only one"
    assert set(there) == {row.name for row in ROWS}


def test_the_table_has_every_method_of_the_api() -> None:
    asked = {(row.name, row.method) for row in ROWS}
    there = {
        (str(pattern.name), method.upper())
        for pattern in patterns(get_resolver())
        for method in getattr(pattern.callback, "actions", None) or {}
        if method != "head"
    }
    assert there - asked == set()
