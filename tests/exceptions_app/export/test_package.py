from __future__ import annotations

from datetime import timedelta

import pytest

from exceptions_app.errors import NotFound
from exceptions_app.export.checks import warnings_about
from exceptions_app.export.findings import ExportRefused, NothingPublished
from exceptions_app.export.package import (
    location_called,
    package_for_group,
    package_for_policy,
)
from exceptions_app.models.policy import Policy
from tests.exceptions_app.export.revisions import NOW, publish_rows, put_on, rule, sha256
from tests.make import make_group
from truscan.models.estate import Group, Location

pytestmark = pytest.mark.django_db

IGNORE = rule("a.exe", "ignore", sha256("a"))


def make_policy(name: str, group: Group, location: Location | None = None) -> Policy:
    policy = Policy.objects.create(name=name)
    put_on(policy, group, location)
    return policy


def make_location(group: Group, name: str) -> Location:
    return Location.objects.create(group=group, name=name, name_key=name.casefold())


def test_it_works() -> None:
    group = make_group("My Company\\Sales")
    revision = publish_rows(make_policy("Sales", group), [IGNORE])
    package = package_for_group(group, now=NOW)
    (one,) = package.sets
    (place,) = package.places
    assert (one.policy, one.number, one.sha256) == ("Sales", 1, revision.sha256)
    assert [entry.name for entry in one.entries] == ["a.exe"]
    assert (place.group, place.owner_group, place.inherited) == (group.path, group.path, False)


def test_a_child_gets_what_its_parent_has() -> None:
    child = make_group("My Company\\Sales\\Laptops")
    assert child.parent is not None
    publish_rows(make_policy("Sales", child.parent), [IGNORE])
    (place,) = package_for_group(child, now=NOW).places
    assert (place.owner_group, place.inherited) == ("My Company\\Sales", True)
    assert place.inheritance_known is False


def test_a_location_with_a_policy_of_its_own() -> None:
    group = make_group("My Company\\Sales")
    office, vpn = make_location(group, "Office"), make_location(group, "VPN")
    publish_rows(make_policy("Sales", group), [IGNORE])
    publish_rows(make_policy("Outside", group, vpn), [rule("a.exe", "terminate", sha256("a"))])
    package = package_for_group(group, now=NOW)
    assert [(p.location, p.policy) for p in package.places] == [
        (None, "Sales"),
        ("Office", "Sales"),
        ("VPN", "Outside"),
    ]
    assert [one.policy for one in package.sets] == ["Outside", "Sales"]
    assert [p.policy for p in package_for_group(group, vpn, now=NOW).places] == ["Outside"]
    assert [p.location for p in package_for_group(group, office, now=NOW).places] == ["Office"]


def test_a_location_is_found_without_regard_to_case_and_inherited() -> None:
    child = make_group("My Company\\Sales\\Laptops")
    assert child.parent is not None
    vpn = make_location(child.parent, "VPN")
    assert location_called(child, "vpn") == vpn
    with pytest.raises(NotFound, match="Its locations: VPN"):
        location_called(child, "Office")


def test_a_policy_is_exported_with_all_its_places() -> None:
    child = make_group("My Company\\Sales\\Laptops")
    assert child.parent is not None
    policy = make_policy("Sales", child.parent)
    publish_rows(policy, [IGNORE])
    places = package_for_policy(policy, now=NOW).places
    assert [(p.group, p.inherited) for p in places] == [
        ("My Company\\Sales", False),
        ("My Company\\Sales\\Laptops", True),
    ]


def test_the_newest_revision_is_exported_with_the_one_before() -> None:
    policy = make_policy("Sales", make_group("My Company\\Sales"))
    publish_rows(policy, [IGNORE], [], [rule("b.exe", "ignore", sha256("b"))])
    (one,) = package_for_policy(policy, now=NOW).sets
    assert (one.number, one.previous_number, one.previous) == (3, 2, ())


def test_a_rule_expires_at_its_moment() -> None:
    policy = make_policy("Sales", make_group("My Company\\Sales"))
    publish_rows(policy, [{**IGNORE, "expires_at": NOW.isoformat()}])
    (before,) = package_for_policy(policy, now=NOW - timedelta(seconds=1)).sets
    (after,) = package_for_policy(policy, now=NOW).sets
    assert (len(before.entries), len(after.entries), len(after.expired)) == (1, 0, 1)


def test_it_rejects_what_was_never_published() -> None:
    group = make_group("My Company\\Sales")
    with pytest.raises(NothingPublished, match="No policy is in force on My Company"):
        package_for_group(group, now=NOW)
    policy = make_policy("Sales", group)
    with pytest.raises(NothingPublished, match=r"“Sales” on My Company.Sales has no published"):
        package_for_group(group, now=NOW)
    with pytest.raises(NothingPublished, match="Publish it"):
        package_for_policy(policy, now=NOW)


def test_a_place_that_was_never_published_is_told() -> None:
    group = make_group("My Company\\Sales")
    vpn = make_location(group, "VPN")
    publish_rows(make_policy("Sales", group), [IGNORE])
    make_policy("Outside", group, vpn)
    places = package_for_group(group, now=NOW).places
    assert [(p.policy, p.revision) for p in places] == [("Sales", 1), ("Outside", None)]


def test_a_policy_that_is_nowhere_in_force_is_exported_with_a_warning() -> None:
    policy = Policy.objects.create(name="Spare")
    publish_rows(policy, [IGNORE])
    package = package_for_policy(policy, now=NOW)
    assert package.places == ()
    assert [one.code for one in warnings_about(package)] == ["nowhere"]


def test_it_rejects_conflicts() -> None:
    policy = make_policy("Sales", make_group("My Company\\Sales"))
    publish_rows(policy, [IGNORE, rule("b.exe", "terminate", sha256("a"))])
    with pytest.raises(ExportRefused):
        package_for_policy(policy, now=NOW)


def test_a_name_stays_as_published_until_it_is_published_again() -> None:
    policy = make_policy("Sales", make_group("My Company\\Sales"))
    publish_rows(policy, [IGNORE])
    policy.name = "Sales and Service"
    policy.save()
    package = package_for_policy(policy, now=NOW)
    assert package.sets[0].policy == package.places[0].policy == "Sales"
