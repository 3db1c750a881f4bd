from __future__ import annotations

import json

import pytest

from exceptions_app.export.findings import ExportRefused
from exceptions_app.export.fingerprints import files, warnings
from tests.exceptions_app.export.revisions import policy_package, rule, sha1, sha256

MD5 = "md5:" + "b" * 31 + "1"


def test_it_works() -> None:
    made = files(policy_package(rule("a.exe", "terminate", sha256("a"), MD5)))
    v1 = json.loads(made["fingerprints-v1-sha256.json"])
    assert v1["hashType"] == "SHA256"
    assert v1["data"] == ["a" * 63 + "1"]
    assert v1["domainId"] == "{domainId}"
    assert json.loads(made["fingerprints-v2.json"])["data"] == [
        {"SHA256": "a" * 63 + "1", "MD5": "b" * 31 + "1"}
    ]
    assert made["fingerprints.txt"].decode().splitlines() == [
        "a" * 63 + "1 %PROGRAMFILES%\\Contoso\\a.exe",
        "b" * 31 + "1 %PROGRAMFILES%\\Contoso\\a.exe",
    ]


def test_only_terminate_is_listed() -> None:
    package = policy_package(
        rule("a.exe", "ignore", sha256("a")),
        rule("b.exe", "quarantine", sha256("b")),
        rule("c.exe", "terminate", sha256("c")),
        rule("d.exe", "terminate", sha1("d")),
    )
    made = b"".join(body for name, body in files(package).items() if name != "README.txt").decode()
    assert "c" * 63 in made
    assert not any(digit * 39 in made for digit in "abd")
    assert {one.code for one in warnings(package)} == {"quarantine_left_out", "no_sha256"}


def test_it_rejects_a_policy_that_terminates_nothing() -> None:
    with pytest.raises(ExportRefused, match="no list to write"):
        files(policy_package(rule("a.exe", "ignore", sha256("a"))))


def test_lists_have_names_of_their_own() -> None:
    made = files(policy_package(rule("a.exe", "terminate", sha256("a"), MD5), name="A/B"))
    names = [json.loads(body)["name"] for name, body in made.items() if name.endswith(".json")]
    assert len(set(names)) == 3
    assert not any(set(name) & set('/\\*?<>:"|') for name in names)


def test_the_readme_says_that_it_is_not_for_truscan() -> None:
    made = files(policy_package(rule("a.exe", "terminate", sha256("a"))))
    assert "another function than TruScan" in made["README.txt"].decode()
