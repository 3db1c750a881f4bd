"""Rules from files into a draft: hostile files first, then counts, one decision, one undo."""

from __future__ import annotations

import io
import json
from base64 import b64encode
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.core.management import CommandError, call_command
from django.test import Client

from exceptions_app.export import canonical
from exceptions_app.export.package import package_for_policy
from exceptions_app.export.targets import export
from exceptions_app.importing.read import MOST_BYTES, read_rules
from exceptions_app.importing.rules import ImportRefused
from exceptions_app.models.decision import Decision
from exceptions_app.models.exception import ProcessException
from exceptions_app.policies.publish import publish
from exceptions_app.triage.undo import undo
from tests.exceptions_app.acts import give, make_policy
from tests.exceptions_app.export.revisions import policy_package, rule, sha1, sha256
from tests.exceptions_app.web.estate import make_seen
from tests.make import NOW, SYSTEM, make_group, make_process, make_user
from tests.tokens import Caller
from truscan.models.audit import AuditEvent
from truscan.models.counts import ProcessSummary
from truscan.models.process import Process

if TYPE_CHECKING:
    from pytest_django.fixtures import Settings

A, B, C = (digit * 63 + "1" for digit in "abc")


def body(**configuration: Any) -> bytes:
    return json.dumps({"name": "Old", "enabled": True, "configuration": configuration}).encode()


def file_rule(hash_: str, action: str, **more: Any) -> dict[str, Any]:
    return {"processfile": {"sha2": hash_.upper(), "name": "old.exe"}, "action": action, **more}


KEY = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
WRONG = {
    "algorithm": "Ed25519",
    "public_key": b64encode(KEY.public_key().public_bytes_raw()).decode(),
    "value": b64encode(KEY.sign(b"another text")).decode(),
}


def bundle_bytes(**changes: Any) -> bytes:
    package = policy_package(
        rule("erp.exe", "ignore", sha256("a"), sha1("a")), rule("n", "terminate")
    )
    document = json.loads(export(package, "bundle")["bundle.json"])
    document |= changes
    if "content_sha256" not in changes:
        content = {key: value for key, value in document.items() if key != "content_sha256"}
        document["content_sha256"] = canonical.sha256(content)
    return canonical.compact(document)


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        (b"", "names no column of hashes"),
        (b"\xff\xfe{\x00", "not UTF-8"),
        (b"[" * 100_000, "no readable JSON"),
        (b'{"a": 1}', "neither a policy file"),
        (b'{"configuration": []}', "neither a policy file"),
        (body(rules_of_2030=[]), "rules_of_2030"),
        (body(applications={"sha2": A}), "no list"),
        (body(applications=[{"action": "IGNORE"}]), "no processfile"),
        (body(applications=[file_rule("xyz", "IGNORE")]), "no SHA-256"),
        (body(denylistrules=[file_rule("0" * 64, "BLOCK")]), "no SHA-256"),
        (b'{"format": "truscan-policy/9"}', "truscan-policy/1 is read"),
        (b'{"format": "truscan-policy/1"}', "breaks its schema"),
        (bundle_bytes(content_sha256="0" * 64), "was changed after it was written"),
        (bundle_bytes(signature=WRONG), "signature of the policy file is wrong"),
        (bundle_bytes(signature=WRONG | {"public_key": "A" * 43 + "="}), "signature .* is wrong"),
        (bundle_bytes(signature={"value": ""}), "breaks its schema"),
        (body(files=[{"path": "\0"}]), "character that is none"),
        (body(files=[{"path": "\ud800"}]), "character that is none"),
        (body(files=[{"size": float("inf")}]), "number that is none"),
        (body(knownrisks=["x" * (4 << 20)]), "more than 4 MB"),
        (b"sha256,response\n" + A.encode() + b",maybe\n", "Line 2 has no response"),
        (b"sha256,response\nabc,ignore\n", "Line 2: 'abc' is no SHA-256"),
        (b'sha256,response\n"' + b"x" * 200_000 + b'",ignore', "Line 2: .* is no SHA-256"),
    ],
)
def test_what_is_not_understood_is_refused_whole(sent: bytes, told: str) -> None:
    with pytest.raises(ImportRefused, match=told):
        read_rules(io.BytesIO(sent))


def test_a_huge_file_is_not_read_to_its_end() -> None:
    class Endless(io.RawIOBase):
        given = 0

        def read(self, size: int = -1) -> bytes:
            assert 0 < size <= MOST_BYTES + 1
            self.given += size
            return b"{" * size

    stream = Endless()
    with pytest.raises(ImportRefused, match="more than 32 MB"):
        read_rules(cast("IO[bytes]", stream))
    assert stream.given == MOST_BYTES + 1


def test_bodies_of_both_versions_and_their_faults_are_read() -> None:
    v1 = body(
        applications=[
            file_rule(A, "IGNORE"),
            file_rule(B, "LOG_ONLY", rulestate={"enabled": True, "source": ""}),
        ],
        blacklistrules=[file_rule(C, "BLOCK"), file_rule(B, "REMOVE")],
        files=[{"path": "x", "pathvariable": "[NONE]", "SONAR": True, "sonar": True}],
        extension_list=None,
        mac={"files": [{"path": "y", "pathvariable": "[HOME]"}]},
    )
    v2 = body(
        denylistrules=[file_rule(C, "QUARANTINE")], knownrisks=None,
        extension_list=[{"extensions": ["tmp", "log"]}, {"extensions": ["bak"]}],
    )  # fmt: skip
    found, _ = read_rules(io.BytesIO(v1))
    assert [(one.hash, one.response, one.name) for one in found.rules] == [
        (A, "ignore", "old.exe"),
        (C, "terminate", "old.exe"),
    ]
    assert found.not_ours == {
        "applications LOG_ONLY": 1,
        "blacklistrules REMOVE": 1,
        "files": 1,
        "mac.files": 1,
    }
    found, _ = read_rules(io.BytesIO(v2))
    assert [(one.hash, one.response) for one in found.rules] == [(C, "quarantine")]
    assert found.not_ours == {"extension_list": 3}
    found, _ = read_rules(io.BytesIO(b"\xef\xbb\xbfSHA256;Name\r\n" + A.encode()), "ignore")
    assert [(one.hash, one.response) for one in found.rules] == [(A, "ignore")]
    found, _ = read_rules(io.BytesIO(bundle_bytes()))
    assert [len(one.hash) for one in found.rules] == [64, 40]
    assert found.not_ours == {"rules without a hash": 1}


def run(path: Path, *more: str) -> dict[str, Any]:
    out = io.StringIO()
    call_command("import_policy", str(path), "--policy", "Sales", "--json", *more, stdout=out)
    told: dict[str, Any] = json.loads(out.getvalue())
    return told


@pytest.mark.django_db
def test_counted_then_taken_as_one_decision_and_undone_as_one(tmp_path: Path) -> None:
    group = make_group("My Company\\Sales")
    policy = make_policy("Sales", group.path)
    known, listed = make_seen("a.exe", "a", (group,)), make_seen("l.exe", "d", (group,))
    give(known, policy, "quarantine")
    Process.objects.filter(pk=listed.pk).update(on_symantec_list=True)
    path = tmp_path / "old.json"
    rules = [file_rule(A, "IGNORE"), file_rule(B, "IGNORE"), file_rule(listed.hash, "IGNORE")]
    path.write_bytes(body(applications=rules, denylistrules=[file_rule(C, "BLOCK")]))

    def draft() -> dict[str, str]:
        rows = ProcessException.objects.filter(policy=policy, retired_at=None)
        return dict(rows.values_list("process__hash", "response"))

    before = (draft(), Process.objects.count(), AuditEvent.objects.count())
    told = run(path, "--dry-run")
    counts = {name: told[name] for name in ("created", "updated", "unchanged", "conflicting")}
    assert counts == {"created": 2, "updated": 0, "unchanged": 0, "conflicting": 2}
    assert (draft(), Process.objects.count(), AuditEvent.objects.count()) == before
    assert run(path) | {"decision": None, "dry_run": True} == told
    assert draft() == {A: "quarantine", B: "ignore", C: "terminate"}
    event = AuditEvent.objects.order_by("-pk")[0]
    assert event.code == "decision.imported"
    assert event.after is not None
    assert (event.after["file"], event.after["new_processes"]) == ("old.json", 2)
    again = run(path)
    assert (again["decision"], again["created"], again["unchanged"]) == (None, 0, 2)
    assert run(path, "--replace")["updated"] == 1
    assert draft()[A] == "ignore"

    unseen = Process.objects.get(hash=B)
    assert not ProcessSummary.objects.filter(process=unseen).exists()
    client = Client()
    client.force_login(make_user("owner", "administrator"))
    for address in ("/", f"/processes/{unseen.pk}/", f"/policies/{policy.pk}/"):
        assert client.get(address, follow=True).status_code == 200, address
    publish(actor=SYSTEM, policy=policy, now=NOW)
    lists = json.loads(export(package_for_policy(policy, now=NOW), "sepm-rest-v2")["policy.json"])
    assert len(lists["configuration"]["applications"]) == 2

    for decision in Decision.objects.order_by("-pk")[:2]:
        undo(actor=SYSTEM, decision=decision, now=decision.decided_at)
    assert draft() == {A: "quarantine"}


@pytest.mark.django_db
def test_a_file_that_contradicts_itself_changes_nothing(tmp_path: Path) -> None:
    make_policy("Sales", make_group("My Company\\Sales").path)
    path = tmp_path / "list.csv"
    path.write_text(f"hash,response\n{B},ignore\n{A},ignore\n{A},terminate\n")
    with pytest.raises(CommandError, match="both ignore and terminate"):
        run(path)
    path.write_bytes(body(files=[], extension_list=None, mac={"files": []}))
    with pytest.raises(CommandError, match="no rule for a hash"):
        run(path)
    with pytest.raises(CommandError, match="cannot be read"):
        run(tmp_path / "nowhere")
    assert not Process.objects.exists()


OTHERS: dict[str, Any] = {
    "denylistrules": [file_rule(B, "REMOVE", rulestate={"enabled": True})],
    "extension_list": {"extensions": ["tmp"], "scancategory": "AllScans"},
    "files": [{"path": "x\\", "pathvariable": "[NONE]", "SONAR": True, "sonar": True}],
    "mac": {"files": [{"path": "y", "pathvariable": "[HOME]"}]},
}


@pytest.mark.django_db
def test_rules_of_other_kinds_come_back_untouched_and_undo_drops_them(settings: Settings) -> None:
    settings.SIGNING_KEY = b64encode(b"s" * 32).decode()
    group = make_group("My Company\\Sales")
    policy = make_policy("Sales", group.path)
    ours = [file_rule(A, "IGNORE"), file_rule(C, "LOG_ONLY")]
    sent = body(**OTHERS, applications=ours, certificates=[], knownrisks=None)
    ada = make_user("ada", "analyst", group)
    tool, client = Caller(ada), Client()
    client.force_login(ada)

    def post(content: bytes, query: str = "") -> Any:
        return tool.client.post(
            f"/api/v1/policies/{policy.pk}/import/?name=old.json{query}", content,
            content_type="application/octet-stream",
        )  # fmt: skip

    def exported(target: str = "sepm-rest-v2", name: str = "policy.json") -> dict[str, Any]:
        publish(actor=SYSTEM, policy=policy, now=NOW)
        told: dict[str, Any] = json.loads(export(package_for_policy(policy, now=NOW), target)[name])
        return told

    dry = post(sent, "&dry_run=true")
    assert (dry.status_code, dry.json()["created"], dry.json()["decision"]) == (200, 1, None)
    # The page: a dry run, then the same file by the word that stands for it.
    upload = io.BytesIO(sent)
    upload.name = "old.json"
    page = client.post(f"/policies/{policy.pk}/import/", {"file": upload})
    assert page.context["counted"].as_json().items() <= dry.json().items()
    assert not Decision.objects.exists()
    word = {"kept": page.context["word"], "take": "1"}
    stranger = Client()
    stranger.force_login(make_user("bob", "analyst", group))
    r = stranger.post(f"/policies/{policy.pk}/import/", word)
    assert "too long ago" in r.content.decode()
    assert client.post(f"/policies/{policy.pk}/import/", word).status_code == 302
    again = post(sent).json()
    assert (again["decision"], again["foreign_changed"], again["unchanged"]) == (None, False, 1)

    lists = exported()["configuration"]
    log_only = OTHERS | {"applications": [ours[1]]}
    assert {name: lists[name] for name in OTHERS} == OTHERS
    assert [one["action"] for one in lists["applications"]] == ["IGNORE", "LOG_ONLY"]
    older = exported("sepm-rest-v1")["configuration"]
    assert older["blacklistrules"] == OTHERS["denylistrules"]
    assert "denylistrules" not in older
    bundle = exported("bundle", "bundle.json")
    assert bundle["policies"][0]["foreign_rules"] == log_only
    found, _ = read_rules(io.BytesIO(canonical.compact(bundle)))
    assert (found.foreign, found.signed_by) == (log_only, "this installation")
    # A response of ours for the same hash is the one that holds.
    give(make_process("c.exe", "c"), policy, "terminate")
    lists = exported()["configuration"]
    assert [one["action"] for one in lists["applications"]] == ["IGNORE"]
    assert [one["action"] for one in lists["denylistrules"]] == ["BLOCK", "REMOVE"]

    only_others = post(body(files=OTHERS["files"])).json()
    assert (only_others["created"], only_others["foreign_changed"]) == (0, True)
    assert set(exported()["configuration"]) == {"applications", "denylistrules", "files"}
    elsewhere = Caller(make_user("eve", "analyst", make_group("My Company\\Else")))
    undoing = f"decisions/{only_others['decision']}/undo/"
    assert elsewhere.post(undoing, {}).status_code == 404
    assert tool.post(undoing, {}).status_code == 201
    assert "mac" in exported()["configuration"]
    first = Decision.objects.order_by("pk")[0]
    undo(actor=SYSTEM, decision=first, now=first.decided_at)
    assert set(exported()["configuration"]) == {"denylistrules"}
