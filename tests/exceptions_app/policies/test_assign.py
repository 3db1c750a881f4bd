from __future__ import annotations

import pytest

from exceptions_app.errors import BadValue, Inherits, NotShared, PolicyDiffers
from exceptions_app.models.policy import Policy, PolicyAssignment
from exceptions_app.policies.assign import assign, create_policy, turns_inheritance_off, unassign
from exceptions_app.policies.effective import InForce, groups_touched, policies_in_force
from exceptions_app.policies.estate_edits import add_location, set_client_count, set_inheritance
from tests.exceptions_app.acts import give, make_policy
from tests.make import NOW, SYSTEM, make_group, make_process, make_sighting
from truscan.models.audit import AuditEvent
from truscan.models.counts import FOREVER, NEVER

pytestmark = pytest.mark.django_db


def test_it_makes_and_assigns_once() -> None:
    group = make_group("Global\\Sales")
    first = create_policy(actor=SYSTEM, name=" Sales ", groups=[group])
    again = create_policy(actor=SYSTEM, name="SALES", groups=[group])
    assert first == again
    assert first.name == "Sales"
    assert PolicyAssignment.objects.count() == 1
    codes = list(AuditEvent.objects.order_by("id").values_list("code", flat=True))
    assert codes == ["policy.assigned", "policy.created"]


def test_it_rejects_names_that_no_manager_takes() -> None:
    for name in ("", "  ", "x" * 256):
        with pytest.raises(BadValue):
            create_policy(actor=SYSTEM, name=name)


def test_it_rejects_the_same_name_of_another_kind() -> None:
    create_policy(actor=SYSTEM, name="Sales")
    with pytest.raises(PolicyDiffers):
        create_policy(actor=SYSTEM, name="sales", shared=False)


def test_assigning_replaces_and_never_merges() -> None:
    group = make_group("Global")
    make_policy("Old", "Global")
    new = make_policy("New", "Global")
    assert PolicyAssignment.objects.get().policy == new
    assert [place.policy_id for place in policies_in_force([group.pk])] == [new.pk]


def test_assigning_turns_an_assumed_inheritance_off_and_says_so() -> None:
    sub = make_group("Global\\Sales")
    make_policy("Top", "Global")
    assert turns_inheritance_off(sub)
    assign(actor=SYSTEM, policy=make_policy("Own"), group=sub)
    sub.refresh_from_db()
    assert (sub.inherits, sub.inherits_known) == (False, True)
    event = AuditEvent.objects.filter(object_type="group").first()
    assert event is not None
    assert event.after is not None
    assert event.after["inheritance"] == "turned off, it was assumed on"


def test_it_refuses_where_inheritance_is_known_and_names_the_owner() -> None:
    sub = make_group("Global\\Sales\\East")
    make_policy("Top", "Global")
    set_inheritance(actor=SYSTEM, group=sub, inherits=True)
    with pytest.raises(Inherits, match="from Global:"):
        assign(actor=SYSTEM, policy=make_policy("Own"), group=sub)


def test_a_policy_that_is_not_shared_has_one_place() -> None:
    group = make_group("Global")
    office = add_location(actor=SYSTEM, group=group, name="Office")
    own = create_policy(actor=SYSTEM, name="Own", groups=[group], location=office, shared=False)
    assert assign(actor=SYSTEM, policy=own, group=group, location=office).location == office
    with pytest.raises(NotShared, match="belongs to Global"):
        assign(actor=SYSTEM, policy=own, group=group)
    with pytest.raises(NotShared):
        create_policy(
            actor=SYSTEM, name="Two", groups=[group, make_group("Global\\Plant")], shared=False
        )


def test_it_rejects_a_location_of_another_group() -> None:
    office = add_location(actor=SYSTEM, group=make_group("Global\\Sales"), name="Office")
    with pytest.raises(BadValue, match="another group"):
        assign(
            actor=SYSTEM,
            policy=make_policy("Own"),
            group=make_group("Global\\Plant"),
            location=office,
        )


def test_policies_in_force_tells_where_from() -> None:
    top, sub = make_group("Global"), make_group("Global\\Sales")
    vpn = add_location(actor=SYSTEM, group=top, name="VPN")
    policy, outside = make_policy("Top", "Global"), make_policy("Outside")
    assign(actor=SYSTEM, policy=outside, group=top, location=vpn)
    assert policies_in_force([sub.pk]) == [
        InForce(sub.pk, None, policy.pk, top.pk, inherited=True),
        InForce(sub.pk, vpn.pk, outside.pk, top.pk, inherited=True),
    ]
    assert policies_in_force()[0] == InForce(top.pk, None, policy.pk, top.pk, inherited=False)
    assert policies_in_force([]) == []
    assert groups_touched([outside]) == {top.pk, sub.pk}
    assert groups_touched([make_policy("Nowhere")]) == set()


def test_the_number_of_queries_does_not_grow(django_assert_num_queries: object) -> None:
    make_policy("Top", "Global")
    ids = [make_group(f"Global\\Sales\\{n}").pk for n in range(20)]
    with django_assert_num_queries(3):  # type: ignore[operator]
        assert len(policies_in_force(ids)) == 20


def test_coverage_needs_every_location() -> None:
    group = make_group("Global")
    process = make_process()
    sighting = make_sighting(process, group)
    top, outside = make_policy("Top", "Global"), make_policy("Outside")
    give(process, top)
    vpn = add_location(actor=SYSTEM, group=group, name="VPN")
    sighting.refresh_from_db()
    assert (sighting.covered_until, sighting.covered_locations) == (FOREVER, [0, vpn.pk])
    assign(actor=SYSTEM, policy=outside, group=group, location=vpn)
    sighting.refresh_from_db()
    assert (sighting.covered_until, sighting.covered_locations) == (NEVER, [0])
    give(process, outside)
    sighting.refresh_from_db()
    assert sighting.covered_until == FOREVER
    unassign(actor=SYSTEM, group=group)
    sighting.refresh_from_db()
    assert (sighting.covered_until, sighting.covered_locations) == (NEVER, [vpn.pk])


def test_turning_inheritance_off_and_on_moves_coverage_below() -> None:
    sub, below = make_group("Global\\Sales"), make_group("Global\\Sales\\East")
    process = make_process()
    sighting = make_sighting(process, below)
    give(process, make_policy("Top", "Global"))
    sighting.refresh_from_db()
    assert sighting.covered_until == FOREVER
    set_inheritance(actor=SYSTEM, group=sub, inherits=False)
    sighting.refresh_from_db()
    assert sighting.covered_until == NEVER
    set_inheritance(actor=SYSTEM, group=sub, inherits=True)
    sighting.refresh_from_db()
    assert sighting.covered_until == FOREVER
    with pytest.raises(BadValue, match="top of its tree"):
        set_inheritance(actor=SYSTEM, group=make_group("Global"), inherits=True)


def test_an_unknown_number_of_clients_stays_unknown() -> None:
    group = make_group("Global")
    assert set_client_count(actor=SYSTEM, group=group, count=40, now=NOW).client_count == 40
    row = set_client_count(actor=SYSTEM, group=group, count=None, now=NOW)
    assert (row.client_count, row.client_count_at) == (None, None)
    with pytest.raises(BadValue):
        set_client_count(actor=SYSTEM, group=group, count=-1, now=NOW)


def test_unassigning_nothing_says_so() -> None:
    assert not unassign(actor=SYSTEM, group=make_group("Global"))
    assert not Policy.objects.exists()
