"""Decisions, publishing and export by their own write paths, down to what a stranger reads."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from jsonschema import Draft202012Validator

from exceptions_app.export import bundle
from exceptions_app.export.package import package_for_group, package_for_policy
from exceptions_app.export.targets import export
from exceptions_app.models.policy import Policy
from exceptions_app.policies.assign import create_policy
from exceptions_app.policies.publish import publish
from exceptions_app.triage.decide import respond, retire
from exceptions_app.triage.same_files import link_same_file
from tests.make import NOW, SYSTEM, make_group, make_process, make_sighting
from truscan.models.estate import Group
from truscan.models.process import Process

pytestmark = pytest.mark.django_db


def make_sales() -> tuple[Group, Policy]:
    group = make_group("My Company\\Sales")
    return group, create_policy(actor=SYSTEM, name="Sales", groups=[group])


def decide(policy: Policy, group: Group, response: str, *processes: Process) -> None:
    for process in processes:
        make_sighting(process, group)
    respond(
        actor=SYSTEM,
        processes=[process.pk for process in processes],
        policies=[policy],
        response=response,
        reason="Checked with the owner",
        now=NOW,
        expires_at=NOW + timedelta(days=90) if response == "ignore" else None,
    )


def test_decisions_come_out_in_every_target() -> None:
    group, policy = make_sales()
    erp = make_process("erp.exe", "a", company_name="Contoso", file_size=42)
    old = make_process("erp.exe", hash="b" * 39 + "1", hash_type="sha1")
    link_same_file(actor=SYSTEM, first=erp, second=old)
    decide(policy, group, "ignore", erp)
    decide(policy, group, "terminate", make_process("key.exe", "c"))
    revision = publish(actor=SYSTEM, policy=policy, now=NOW)

    package = package_for_group(group, now=NOW)
    document = json.loads(export(package, "bundle")["bundle.json"])
    Draft202012Validator(bundle.schema()).validate(document)
    (published,) = document["policies"]
    assert published["revision_sha256"] == revision.sha256
    assert [(one["response"], one["process"]["name"]) for one in published["rules"]] == [
        ("ignore", "erp.exe"),
        ("terminate", "key.exe"),
    ]
    assert published["rules"][0]["process"]["size"] == 42
    assert published["rules"][0]["hashes"] == [f"sha256:{erp.hash}", f"sha1:{old.hash}"]
    lists = json.loads(export(package, "sepm-rest-v2")["policy.json"])["configuration"]
    assert len(lists["applications"]) == 2
    assert [one["action"] for one in lists["denylistrules"]] == ["BLOCK"]
    assert old.hash in export(package, "worksheet")["worksheet.csv"].decode()
    assert "key.exe" in export(package, "fingerprints")["fingerprints.txt"].decode()


def test_a_retired_exception_is_deleted_by_the_patch() -> None:
    group, policy = make_sales()
    decide(policy, group, "ignore", make_process("erp.exe", "a"), make_process("b.exe", "b"))
    publish(actor=SYSTEM, policy=policy, now=NOW)
    row = policy.exceptions.get(process__name="b.exe")
    retire(actor=SYSTEM, exceptions=[row.pk], reason="Gone", now=NOW)
    publish(actor=SYSTEM, policy=policy, now=NOW)
    patch = json.loads(export(package_for_policy(policy, now=NOW), "sepm-rest-v2")["patch.json"])
    (rule,) = patch["configuration"]["applications"]
    assert (rule["processfile"]["name"], rule["deleted"]) == ("b.exe", True)


def test_a_draft_is_never_exported() -> None:
    group, policy = make_sales()
    decide(policy, group, "ignore", make_process("erp.exe", "a"))
    publish(actor=SYSTEM, policy=policy, now=NOW)
    before = export(package_for_policy(policy, now=NOW), "bundle")
    decide(policy, group, "terminate", make_process("new.exe", "d"))
    assert export(package_for_policy(policy, now=NOW), "bundle") == before
