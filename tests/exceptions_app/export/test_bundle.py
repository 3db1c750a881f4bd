from __future__ import annotations

import base64
import json
import runpy
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import given
from jsonschema import Draft202012Validator

from exceptions_app.export import bundle
from exceptions_app.export.content import Package
from tests.exceptions_app.export.any_rules import PACKAGES
from tests.exceptions_app.export.revisions import (
    policy_package,
    rule,
    sales_and_laptops,
    sha1,
    sha256,
)

if TYPE_CHECKING:
    from pytest_django.fixtures import Settings

EXAMPLE = Path(__file__).parents[3] / "docs" / "examples" / "read_policy_file.py"
READ = runpy.run_path(str(EXAMPLE))["read"]


def written(package: Package) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(bundle.files(package)["bundle.json"])
    return document


def test_it_works() -> None:
    document = written(policy_package(rule("erp.exe", "ignore", sha256("a"), sha1("a"))))
    (policy,) = document["policies"]
    (only,) = policy["rules"]
    assert document["format"] == "truscan-policy/1"
    assert policy["name"] == "Sales"
    assert only["response"] == "ignore"
    assert only["hashes"] == [sha256("a"), sha1("a")]
    assert only["matchable"] is True


def test_the_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(bundle.schema())


@given(PACKAGES)
def test_any_names_give_a_valid_whole_document(package: Package) -> None:
    body = bundle.files(package)["bundle.json"]
    document = READ(body.decode())
    Draft202012Validator(
        bundle.schema(), format_checker=Draft202012Validator.FORMAT_CHECKER
    ).validate(document)


def test_a_rule_without_hash_is_marked() -> None:
    rules = written(sales_and_laptops())["policies"][1]["rules"]
    (by_name,) = [one for one in rules if not one["matchable"]]
    assert by_name["process"]["name"] == "byname.exe"
    assert by_name["not_matchable_because"]


def test_the_schema_rejects_ignore_by_name() -> None:
    document = written(policy_package(rule("a.exe", "terminate")))
    document["policies"][0]["rules"][0]["response"] = "ignore"
    assert not Draft202012Validator(bundle.schema()).is_valid(document)


def test_expired_rules_are_left_out_and_told() -> None:
    document = written(sales_and_laptops())
    names = [one["process"]["name"] for one in document["policies"][1]["rules"]]
    assert "old.exe" not in names
    (warning,) = [one for one in document["warnings"] if one["code"] == "expired"]
    assert "old.exe" in warning["text"]


def test_a_stranger_reads_it(tmp_path: Path, settings: Settings) -> None:
    settings.SIGNING_KEY = base64.b64encode(b"k" * 32).decode()
    path = tmp_path / "bundle.json"
    path.write_bytes(bundle.files(sales_and_laptops())["bundle.json"])

    def ask(location: str, file_hash: str) -> str:
        asked = [sys.executable, str(EXAMPLE), str(path), "My Company\\Sales", location, file_hash]
        return subprocess.run(asked, check=True, capture_output=True, text=True).stdout.strip()

    assert ask("", sha256("a")) == "ignore"
    assert ask("Office", sha1("b")) == "quarantine"
    assert ask("VPN", sha256("a")) == "none"
    assert ask("VPN", sha256("f")) == "terminate"
    assert ask("Elsewhere", sha256("c")) == "terminate"


def test_what_the_document_says_of_the_signature_is_so(settings: Settings) -> None:
    settings.SIGNING_KEY = base64.b64encode(b"k" * 32).decode()
    signed = written(sales_and_laptops())
    assert Draft202012Validator(bundle.schema()).is_valid(signed)
    signature = signed.pop("signature")
    del signed["content_sha256"]
    compact = json.dumps(signed, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    key = Ed25519PublicKey.from_public_bytes(base64.b64decode(signature["public_key"]))
    key.verify(base64.b64decode(signature["value"]), compact.encode())


def test_a_stranger_finds_a_changed_file(tmp_path: Path) -> None:
    body = bundle.files(sales_and_laptops())["bundle.json"].replace(b"terminate", b"ignore")
    path = tmp_path / "bundle.json"
    path.write_bytes(body)
    asked = [sys.executable, str(EXAMPLE), str(path), "My Company\\Sales", "", sha256("a")]
    done = subprocess.run(asked, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "changed after it was written" in done.stderr


def test_the_example_is_short() -> None:
    assert len(EXAMPLE.read_text("utf-8").splitlines()) <= 50
