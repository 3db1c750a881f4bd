"""Every policy in every target as one zip: what is in it, what is left out, who may have it."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from exceptions_app.export.everything import NAME, write_everything
from exceptions_app.export.package import package_for_policy, package_per_policy
from exceptions_app.models.policy import Policy
from tests.exceptions_app.export.revisions import NOW, publish_rows, put_on, rule, sha1, sha256
from tests.make import make_group, make_user
from tests.tokens import Caller
from truscan.models.estate import Group

pytestmark = pytest.mark.django_db


def make_published(name: str, group: str, *revisions: list[dict[str, Any]]) -> Policy:
    policy = Policy.objects.create(name=name)
    put_on(policy, make_group(group))
    publish_rows(policy, *revisions)
    return policy


def make_two() -> tuple[Policy, Policy]:
    sales = make_published(
        "Sales",
        "My Company\\Sales",
        [rule("gone.exe", "ignore", sha256("e"))],
        [rule("a.exe", "terminate", sha256("a"))],
        [rule("a.exe", "terminate", sha256("a")), rule("b.exe", "ignore", sha1("b"))],
    )
    labs = make_published(
        "Labs/EMEA", "My Company\\Labs", [rule("n.exe", "quarantine"), rule("c.exe", "ignore")]
    )
    return sales, labs


def members(body: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def test_the_zip_proves_itself_and_tells_what_it_leaves_out() -> None:
    make_two()
    wrong = make_published("Wrong", "My Company\\Wrong", [rule("i.exe", "ignore")])
    packages = package_per_policy(Policy.objects.values_list("pk", flat=True), now=NOW)
    bodies = []
    for _ in range(2):
        out = io.BytesIO()
        write_everything(packages, out)
        bodies.append(out.getvalue())
    assert bodies[0] == bodies[1]
    files = members(bodies[0])
    lines = [line.split("  ") for line in files["SHA256SUMS"].decode().splitlines()]
    sums = {name: sum_ for sum_, name in lines}
    assert sums.keys() == files.keys() - {"SHA256SUMS"}
    assert all(hashlib.sha256(files[name]).hexdigest() == sum_ for name, sum_ in sums.items())
    manifest = json.loads(files["manifest.json"])
    assert {(p["name"], p["revision"]) for p in manifest["policies"]} == {
        ("Labs/EMEA", 1),
        ("Sales", 3),
        ("Wrong", 1),
    }
    assert {(p["group"], p["policy"]) for p in manifest["in_force"]} == {
        ("My Company\\Sales", "Sales"),
        ("My Company\\Labs", "Labs/EMEA"),
        ("My Company\\Wrong", "Wrong"),
    }
    refused = {(one["policy"], one["target"]) for one in manifest["left_out"]}
    assert {target for policy, target in refused if policy == "Sales"} == set()
    assert {target for policy, target in refused if policy == "Wrong"} >= {"bundle", "worksheet"}
    of_sales = package_for_policy(Policy.objects.get(name="Sales"), now=NOW)
    assert packages[1] == of_sales, "the same as exported alone"
    assert json.loads(files["policies/Sales/bundle/bundle.json"])["kind"] == "policy"
    assert not any(name.startswith(f"policies/{wrong.name}/") for name in files)


def test_the_change_since_any_earlier_revision(tmp_path: Path) -> None:
    sales, _ = make_two()
    told: dict[str, Any] = {}
    for since in (None, 1):
        out = tmp_path / str(since)
        more = ["--since", str(since)] if since else []
        call_command(
            "export_policy", "--policy", "Sales", "--target", "sepm-rest-v2", "--out", str(out),
            *more, stdout=io.StringIO(),
        )  # fmt: skip
        lists = json.loads((out / "patch.json").read_bytes())["configuration"]
        told[str(since)] = {
            (array, one["processfile"]["name"]): one["deleted"]
            for array, rules in lists.items()
            for one in rules
        }
    assert told["None"] == {("applications", "b.exe"): False}
    assert told["1"] == {
        ("applications", "gone.exe"): True,
        ("applications", "b.exe"): False,
        ("denylistrules", "a.exe"): False,
    }
    for number in ("3", "9"):
        with pytest.raises(CommandError, match="no revision"):
            call_command(
                "export_policy", "--policy", "Sales", "--target", "sepm-rest-v2", "--out",
                str(tmp_path / "no"), "--since", number,
            )  # fmt: skip
    assert not (tmp_path / "no").exists()
    tool = Caller(make_user("tool", "viewer"), ("read",))
    r = tool.get(f"policies/{sales.pk}/export/?target=sepm-rest-v2&since=1")
    assert b"gone.exe" in r.content


def test_page_and_interface_give_what_the_person_sees_whole(tmp_path: Path) -> None:
    make_two()
    call_command("export_policy", "--all", "--out", str(tmp_path), stdout=io.StringIO())
    whole = (tmp_path / NAME).read_bytes()
    assert list(tmp_path.iterdir()) == [tmp_path / NAME]
    owner, clerk = (
        make_user("owner", "viewer"),
        make_user("clerk", "viewer", Group.objects.get(path="My Company\\Sales")),
    )
    for user, body in ((owner, whole), (clerk, None)):
        client = Client()
        client.force_login(user)
        page = b"".join(client.get("/policies/export/"))
        asked = Caller(user, ("read",)).get("policies/everything/")
        assert b"".join(asked) == page
        assert body in (None, page)
    manifest = json.loads(members(page)["manifest.json"])
    assert [one["name"] for one in manifest["policies"]] == ["Sales"]
