from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from exceptions_app.export.content import Package
from exceptions_app.export.findings import ExportRefused
from exceptions_app.export.limits import MOST_ENTRIES
from exceptions_app.export.targets import TARGETS, export, warnings
from tests.exceptions_app.export.revisions import (
    place,
    policy_package,
    published,
    rule,
    sha1,
    sha256,
)

BY_HASH = ("sepm-rest-v1", "sepm-rest-v2", "fingerprints")


def refusal(package: Package, target: str) -> ExportRefused:
    with pytest.raises(ExportRefused) as refused:
        export(package, target)
    return refused.value


@pytest.mark.parametrize("target", TARGETS)
def test_it_works(target: str) -> None:
    assert export(policy_package(rule("a.exe", "terminate", sha256("a"))), target)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize(
    ("code", "make"),
    [
        (
            "conflict",
            lambda: policy_package(
                rule("a.exe", "ignore", sha256("a"), sha1("a")),
                rule("b.exe", "terminate", sha1("a")),
            ),
        ),
        (
            "conflict",
            lambda: policy_package(
                rule("a.exe", "quarantine"),
                rule("A.EXE", "terminate", path="%PROGRAMFILES%\\CONTOSO\\a.exe"),
            ),
        ),
        ("undecided", lambda: policy_package(rule("a.exe", "observe", sha256("a")))),
        ("ignore_without_hash", lambda: policy_package(rule("a.exe", "ignore"))),
        ("bad_hash", lambda: policy_package(rule("a.exe", "ignore", "sha1:abc"))),
    ],
)
def test_it_rejects_wrong_rules(target: str, code: str, make: Callable[[], Package]) -> None:
    (finding,) = refusal(make(), target).findings
    assert finding.code == code
    assert finding.policy == "Sales"
    assert ".exe" in finding.process.lower()
    assert finding.way_out


@pytest.mark.parametrize("target", TARGETS)
def test_it_rejects_more_entries_than_sepm_states(target: str) -> None:
    package = policy_package(rule("a.exe", "terminate", sha256("a")))
    (entry,) = package.sets[0].entries
    too_many = replace(package.sets[0], entries=(entry,) * (MOST_ENTRIES + 1))
    assert [f.code for f in refusal(replace(package, sets=(too_many,)), target).findings] == [
        "too_many"
    ]


@pytest.mark.parametrize("target", BY_HASH)
def test_targets_by_hash_reject_every_entry_without_one(target: str) -> None:
    package = policy_package(
        rule("a.exe", "terminate", sha256("a")),
        rule("b.exe", "terminate"),
        rule("c.exe", "quarantine"),
    )
    found = refusal(package, target).findings
    assert [(f.code, f.process) for f in found] == [("no_hash", "b.exe"), ("no_hash", "c.exe")]


@pytest.mark.parametrize("target", BY_HASH)
def test_it_rejects_a_name_of_which_nothing_is_legal(target: str) -> None:
    package = policy_package(rule("a.exe", "terminate", sha256("a")), name="*/?")
    assert [f.code for f in refusal(package, target).findings] == ["illegal_name"]


def test_it_rejects_two_policies_under_one_name() -> None:
    one = published("Sales", [rule("a.exe", "ignore", sha256("a"))])
    other = published("SALES", [rule("b.exe", "ignore", sha256("b"))])
    package = replace(policy_package(), places=(place("Sales"),), sets=(one, other))
    assert [f.code for f in refusal(package, "bundle").findings] == ["same_name"]


def test_it_tells_every_finding() -> None:
    package = policy_package(rule("a.exe", "ignore"), rule("b.exe", "observe", sha256("b")))
    refused = refusal(package, "bundle")
    assert [f.code for f in refused.findings] == ["ignore_without_hash", "undecided"]
    assert "and 1 more" in str(refused)


@pytest.mark.parametrize(("count", "warned"), [(399, False), (400, True), (501, True)])
def test_many_hashes_are_warned_of(count: int, warned: bool) -> None:
    rules = [rule(f"{n}.exe", "ignore", f"sha256:{n:064x}") for n in range(1, count + 1)]
    found = warnings(policy_package(*rules), "bundle")
    assert ("many_hashes" in {f.code for f in found}) is warned


def test_the_same_hash_twice_with_one_response_is_no_conflict() -> None:
    package = policy_package(
        rule("a.exe", "ignore", sha256("a")), rule("copy.exe", "ignore", sha1("b"), sha256("a"))
    )
    assert export(package, "sepm-rest-v2")
