from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from jsonschema import Draft202012Validator

from exceptions_app.export.content import Package
from exceptions_app.export.sepm_rest import files_v1, files_v2, warnings
from tests.exceptions_app.export import sepm_schema
from tests.exceptions_app.export.any_rules import HASH_PACKAGES, rules
from tests.exceptions_app.export.revisions import (
    place,
    policy_package,
    published,
    rule,
    sales_and_laptops,
    sha1,
    sha256,
    with_hashes_only,
)

FILES = {1: files_v1, 2: files_v2}


def body(package: Package, name: str = "policy.json", version: int = 2) -> Any:
    return json.loads(FILES[version](package)[name])


def by_key(found: dict[str, Any]) -> dict[tuple[str, str], str]:
    """(list, hash) -> action of what a server would hold after such a body."""
    return {
        (array, one["processfile"]["sha2"]): one["action"]
        for array, members in found.get("configuration", {}).items()
        for one in members
        if not one.get("deleted")
    }


def test_it_works() -> None:
    made = body(policy_package(rule("erp.exe", "ignore", sha256("a"))))
    assert made["configuration"] == {
        "applications": [
            {
                "action": "IGNORE",
                "processfile": {
                    "company": "Contoso",
                    "name": "erp.exe",
                    "sha2": "A" * 63 + "1",
                    "size": 1048576,
                },
                "rulestate": {"enabled": True, "source": "truscan-tuning"},
            }
        ]
    }
    assert made["name"] == "Sales"
    assert made["enabled"] is True


@pytest.mark.parametrize(("version", "array"), [(1, "blacklistrules"), (2, "denylistrules")])
@pytest.mark.parametrize(
    ("response", "action"), [("quarantine", "QUARANTINE"), ("terminate", "BLOCK")]
)
def test_denied_files_go_where_the_version_wants_them(
    version: int, array: str, response: str, action: str
) -> None:
    made = body(policy_package(rule("a.exe", response, sha256("a"))), version=version)
    assert by_key(made) == {(array, "A" * 63 + "1"): action}


def test_each_hash_of_a_file_gives_a_rule() -> None:
    made = body(policy_package(rule("a.exe", "ignore", sha256("a"), sha1("b"))))
    assert sorted(len(key[1]) for key in by_key(made)) == [40, 64]


@given(HASH_PACKAGES)
def test_any_names_give_bodies_as_described(package: Package) -> None:
    for version, files in FILES.items():
        made = files(package)
        for name, patch in (("policy.json", False), ("patch.json", True)):
            schema = sepm_schema.body(version, patch=patch)
            Draft202012Validator(schema).validate(json.loads(made[name]))


@given(before=rules(by_name=False), after=rules(by_name=False))
def test_the_patch_leads_from_the_revision_before_to_this_one(
    before: list[dict[str, Any]], after: list[dict[str, Any]]
) -> None:
    one = published("Sales", after, before)
    package = replace(policy_package(), sets=(one,))
    first = replace(policy_package(), sets=(published("Sales", before),))
    held = by_key(body(first))
    made = files_v2(package)
    patch = json.loads(made.get("patch.json", b"{}"))
    for array, members in patch.get("configuration", {}).items():
        for member in members:
            key = (array, member["processfile"]["sha2"])
            if member["deleted"]:
                held.pop(key)
            else:
                held[key] = member["action"]
    assert held == by_key(json.loads(made["policy.json"]))


def test_no_change_gives_no_patch() -> None:
    same = [rule("a.exe", "ignore", sha256("a"))]
    package = replace(policy_package(), sets=(published("Sales", same, same),))
    assert "patch.json" not in files_v2(package)


def test_an_expired_rule_is_deleted_even_if_it_was_new() -> None:
    old = rule("a.exe", "ignore", sha256("a"), expires_at="2026-03-02T09:00:00+00:00")
    made = body(policy_package(old), "patch.json")
    assert [one["deleted"] for one in made["configuration"]["applications"]] == [True]


def test_an_empty_policy_has_no_configuration() -> None:
    assert "configuration" not in body(policy_package())


def test_the_description_is_cut_before_the_revision() -> None:
    one = published("Sales", [], description="ü😀" * 600)
    desc = body(replace(policy_package(), sets=(one,)))["desc"]
    assert len(desc.encode("utf-16-le")) // 2 <= 1024
    assert desc.endswith(f"[TruScan revision 1, {one.sha256}]")


def test_an_inherited_place_is_assigned_at_its_owner() -> None:
    puts = body(with_hashes_only(sales_and_laptops()), "assign.json")
    assert [
        (
            put["resolve"]["groupId"]["fullPathName"],
            put["resolve"].get("locationId", {}).get("name"),
        )
        for put in puts
    ] == [("My Company", "Office"), ("My Company\\Sales", None), ("My Company\\Sales", "VPN")]
    assert all(put["method"] == "PUT" and put["body"] == {"id": "{policyId}"} for put in puts)
    assert puts[1]["path"].endswith("/locations/default/policies/exceptions")


def test_places_without_a_published_policy_are_not_assigned() -> None:
    places = (
        place("Sales"),
        place(None, location="VPN"),
        place("New", location="A", revision=None),
    )
    package = replace(policy_package(rule("a.exe", "ignore", sha256("a"))), places=places)
    assert len(body(package, "assign.json")) == 1


def test_short_hashes_and_changed_names_are_warned_of() -> None:
    package = policy_package(rule("a.exe", "ignore", sha1("a")), name="A/B")
    assert {"no_sha256", "name_changed"} <= {one.code for one in warnings(package)}


def test_the_readme_says_what_is_inferred() -> None:
    text = files_v2(policy_package())["README.txt"].decode()
    assert text.index("Inferred") < text.index("BLOCK") < text.index("Not known")
