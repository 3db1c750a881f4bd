from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from exceptions_app.models.policy import Policy
from tests.exceptions_app.export.revisions import publish_rows, put_on, rule, sha256
from tests.make import make_domain, make_group
from truscan.models.estate import Location

pytestmark = pytest.mark.django_db


def make_published(name: str = "Sales", *rules: dict[str, Any]) -> Policy:
    policy = Policy.objects.create(name=name)
    put_on(policy, make_group("My Company\\Sales"))
    publish_rows(policy, list(rules) or [rule("a.exe", "terminate", sha256("a"))])
    return policy


def export(*arguments: str) -> dict[str, Any]:
    out = io.StringIO()
    call_command("export_policy", *arguments, stdout=out)
    told: dict[str, Any] = json.loads(out.getvalue())
    return told


def test_it_works(tmp_path: Path) -> None:
    make_published()
    out = tmp_path / "new" / "folder"
    told = export("--group", "my company\\\\SALES\\", "--target", "bundle", "--out", str(out))
    assert told["files"] == ["bundle.json"]
    assert told["warnings"] == []
    assert json.loads((out / "bundle.json").read_bytes())["subject"]["group"] == "My Company\\Sales"


@pytest.mark.parametrize(
    ("target", "files"),
    [
        ("sepm-rest-v2", ["README.txt", "assign.json", "patch.json", "policy.json"]),
        ("sepm-rest-v1", ["README.txt", "assign.json", "patch.json", "policy.json"]),
        ("worksheet", ["worksheet.csv", "worksheet.html"]),
        (
            "fingerprints",
            [
                "README.txt",
                "fingerprints-v1-sha256.json",
                "fingerprints-v2.json",
                "fingerprints.txt",
            ],
        ),
    ],
)
def test_each_target_of_a_policy(tmp_path: Path, target: str, files: list[str]) -> None:
    make_published()
    assert export("--policy", "sales", "--target", target, "--out", str(tmp_path))["files"] == files
    assert sorted(path.name for path in tmp_path.iterdir()) == files


def test_one_location(tmp_path: Path) -> None:
    policy = make_published()
    group = policy.assignments.get().group
    Location.objects.create(group=group, name="VPN", name_key="vpn")
    of_vpn = ["--location", "vpn", "--target", "bundle", "--out", str(tmp_path)]
    export("--group", group.path, *of_vpn)
    document = json.loads((tmp_path / "bundle.json").read_bytes())
    assert [place["location"] for place in document["in_force"]] == ["VPN"]


def test_a_second_run_writes_the_same_bytes(tmp_path: Path) -> None:
    make_published()
    for name in ("one", "two"):
        export("--policy", "Sales", "--target", "sepm-rest-v2", "--out", str(tmp_path / name))
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()


def test_a_refusal_tells_each_finding_and_writes_nothing(tmp_path: Path) -> None:
    make_published("Sales", rule("a.exe", "terminate"), rule("b.exe", "quarantine"))
    out = tmp_path / "out"
    with pytest.raises(CommandError) as refused:
        export("--policy", "Sales", "--target", "sepm-rest-v2", "--out", str(out))
    first, second = str(refused.value).splitlines()
    assert "Sales · a.exe" in first
    assert "Sales · b.exe" in second
    assert not out.exists()


def test_warnings_are_told(tmp_path: Path) -> None:
    make_published("Sales/EMEA")
    told = export("--policy", "Sales/EMEA", "--target", "sepm-rest-v2", "--out", str(tmp_path))
    assert [one["code"] for one in told["warnings"]] == ["name_changed"]


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--policy", "Nobody"], "no policy"),
        (["--group", "Nowhere"], "no group"),
        (["--group", "My Company\\Sales", "--location", "Moon"], "no location"),
        (["--policy", "Sales", "--location", "VPN"], "--location belongs to --group"),
        (["--group", "My Company\\Sales"], "several domains"),
    ],
)
def test_it_rejects_what_is_not_there(tmp_path: Path, arguments: list[str], why: str) -> None:
    make_published()
    if why == "several domains":
        make_group("My Company\\Sales", make_domain("Other"))
    with pytest.raises(CommandError, match=why):
        export(*arguments, "--target", "bundle", "--out", str(tmp_path))


def test_it_rejects_a_folder_that_is_a_file(tmp_path: Path) -> None:
    make_published()
    path = tmp_path / "file"
    path.write_text("in the way")
    with pytest.raises(CommandError, match="cannot be written"):
        export("--policy", "Sales", "--target", "bundle", "--out", str(path))
