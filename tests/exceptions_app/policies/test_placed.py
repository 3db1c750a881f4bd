"""Any date: what a place was ordered then, rebuilt from history, and proven."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta
from importlib import import_module
from typing import TYPE_CHECKING

import pytest
from django.db import DatabaseError, connection, transaction
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exceptions_app.errors import ExceptionsError
from exceptions_app.models.placement import InheritanceChange, Placement
from exceptions_app.policies.assign import assign, unassign
from exceptions_app.policies.effective import draft_sets, policies_in_force
from exceptions_app.policies.estate_edits import add_location, set_inheritance
from exceptions_app.policies.history import in_force_at
from exceptions_app.policies.placed import set_at
from exceptions_app.policies.publish import publish
from tests.cases import cases
from tests.exceptions_app.acts import give, make_policy
from tests.make import NOW, SYSTEM, make_group, make_process, make_user
from tests.tokens import Caller

if TYPE_CHECKING:
    from django.test import Client

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def test_a_date_tells_what_was_in_force_where_and_proves_it() -> None:
    top, sub = make_group("Global"), make_group("Global\\Sales")
    old, new = make_policy("Old"), make_policy("New")
    lasting, brief = make_process("a.exe", "a"), make_process("b.exe", "b")
    give(lasting, old)
    give(brief, old, "terminate", expires_at=NOW + 2 * DAY)
    first = publish(actor=SYSTEM, policy=old, now=NOW)
    assign(actor=SYSTEM, policy=old, group=top, now=NOW)
    assign(actor=SYSTEM, policy=new, group=sub, now=NOW + 3 * DAY)
    publish(actor=SYSTEM, policy=new, now=NOW + 4 * DAY)

    nothing = set_at(sub, None, NOW - DAY)
    assert (nothing.policy, nothing.entries) == (None, ())
    inherited = set_at(sub, None, NOW + DAY)
    assert (inherited.revision, inherited.path) == (first, (sub, top))
    assert [entry["response"] for entry in inherited.entries] == ["ignore", "terminate"]
    assert inherited.doubts == ()
    assert inherited.sha256 == hashlib.sha256(inherited.text.encode()).hexdigest()
    assert json.loads(inherited.text)["from_group"] == "Global"
    assert len(set_at(sub, None, NOW + 2 * DAY).entries) == 1, "expired by then"
    unpublished = set_at(sub, None, NOW + 3 * DAY)
    assert (unpublished.policy, unpublished.revision) == (new, None)
    assert set_at(sub, None, NOW + DAY).text == inherited.text, "the past does not move"


def test_page_and_rest_show_a_day(client: Client) -> None:
    top, policy = make_group("Global"), make_policy("Old")
    give(make_process("a.exe", "a"), policy)
    publish(actor=SYSTEM, policy=policy, now=NOW)
    assign(actor=SYSTEM, policy=policy, group=top, now=NOW)
    give(make_process("b.exe", "b"), policy, expires_at=NOW + DAY)
    assert len(draft_sets(top.pk, NOW)[None].rules) == 2
    user = make_user("viewer", "viewer", top)
    client.force_login(user)
    address = reverse("group-effective", args=[top.pk])
    text = client.get(address, {"on": "2026-03-02"}).content.decode()
    assert "a.exe" in text
    assert "1 rule for this place; 1 more has expired" in client.get(address).content.decode()
    assert set_at(top, None, NOW).sha256 in text
    assert "knows of none" in client.get(address, {"on": "2026-03-01"}).content.decode()
    for wrong in ({"on": "9999-12-31"}, {"on": "x"}, {"location": "Nowhere"}):
        assert client.get(address, wrong).status_code == 302
    told = Caller(user).get(f"groups/{top.pk}/effective/?at=2026-03-02T09:00:00Z").json()
    assert (told["policy"], told["doubts"]) == ("Old", [])
    assert told["sha256"] == hashlib.sha256(told["content"].encode()).hexdigest()


UNGUARDED = """
ALTER TABLE exceptions_app_placement DISABLE TRIGGER placement_append_only;
ALTER TABLE exceptions_app_inheritancechange DISABLE TRIGGER inheritance_append_only;
"""


def test_what_was_changed_behind_our_back_is_doubted() -> None:
    top, policy = make_group("Global"), make_policy("Old")
    assign(actor=SYSTEM, policy=policy, group=top, now=NOW)
    set_inheritance(actor=SYSTEM, group=make_group("Global\\Sub"), inherits=False, now=NOW)
    for table in (Placement, InheritanceChange):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            table.objects.all().delete()
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(UNGUARDED)
    Placement.objects.update(audit_event=None)
    assert "older than its history" in set_at(top, None, NOW).doubts[0]


def test_the_past_is_taken_over_from_the_ledger() -> None:
    """What the migration writes is what the acts wrote, but for the moment, which is the line's."""
    from_ledger = import_module("exceptions_app.migrations.0012_placement").FROM_LEDGER
    top, sub = make_group("Global"), make_group("Global\\Sales")
    office = add_location(actor=SYSTEM, group=sub, name="Office", now=NOW)
    one, two = make_policy("One"), make_policy("Two")
    for policy, group, location in ((one, top, None), (two, top, None), (one, sub, office)):
        assign(actor=SYSTEM, policy=policy, group=group, location=location)
    unassign(actor=SYSTEM, group=sub, location=office)
    set_inheritance(actor=SYSTEM, group=sub, inherits=True)

    def told() -> list[list[tuple[object, ...]]]:
        placed = Placement.objects.order_by("audit_event")
        changed = InheritanceChange.objects.order_by("audit_event")
        return [
            list(placed.values_list("group", "location", "policy", "audit_event")),
            list(changed.values_list("group", "inherits", "was", "audit_event")),
        ]

    written = told()
    assert [len(rows) for rows in written] == [4, 2]
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(UNGUARDED)
        Placement.objects.all().delete()
        InheritanceChange.objects.all().delete()
        cursor.execute(from_ledger)
    assert told() == written


@settings(
    max_examples=cases(10),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["assign", "take off", "inherit", "alone"]),
            st.integers(0, 2),
            st.booleans(),
            st.integers(0, 1),
        ),
        max_size=8,
    )
)
def test_every_past_moment_is_what_was_in_force_then(
    acts: list[tuple[str, int, bool, int]],
) -> None:
    """After each act what is in force is written down; at the end each moment still tells it."""
    with transaction.atomic():
        groups = [make_group(path) for path in ("G", "G\\S", "G\\S\\E")]
        office = [
            add_location(actor=SYSTEM, group=group, name="Office", now=NOW) for group in groups
        ]
        policies = [make_policy("One"), make_policy("Two")]
        seen = []
        for day, (act, where, at_office, which) in enumerate(acts, start=1):
            now, group = NOW + day * DAY, groups[where]
            location = office[where] if at_office else None
            try:
                if act == "assign":
                    assign(
                        actor=SYSTEM,
                        policy=policies[which],
                        group=group,
                        location=location,
                        now=now,
                    )
                elif act == "take off":
                    unassign(actor=SYSTEM, group=group, location=location, now=now)
                else:
                    inherits = act == "inherit"
                    set_inheritance(actor=SYSTEM, group=group, inherits=inherits, now=now)
            except ExceptionsError:
                pass
            rows = policies_in_force([one.pk for one in groups])
            seen.append((now, {(r.group_id, r.location_id): r for r in rows}))
        ids = [one.pk for one in groups]
        for now, there in seen:
            assert in_force_at(ids, now) == list(there.values())
            for group, location in zip(groups, office, strict=True):
                for at in (None, location):
                    row = there[group.pk, at.pk if at else None]
                    origin = set_at(group, at, now).origin
                    assert (origin.policy_id, origin.from_group_id, origin.inherited) == (
                        row.policy_id,
                        row.from_group_id,
                        row.inherited,
                    )
        transaction.set_rollback(True)
