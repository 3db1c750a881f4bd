from __future__ import annotations

import hashlib
import json
from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction

from exceptions_app.errors import Conflict
from exceptions_app.models.policy import Revision, RevisionEntry
from exceptions_app.policies.publish import pending, publish, touched
from exceptions_app.triage.same_files import link_same_file
from tests.exceptions_app.acts import give, make_policy
from tests.make import NOW, SYSTEM, make_group, make_process
from truscan import audit
from truscan.models.process import Process

pytestmark = pytest.mark.django_db

SHA1 = "b" * 39 + "1"


def test_it_writes_a_numbered_revision_in_canonical_form() -> None:
    policy = make_policy("Sales", description="ours")
    give(make_process("b.exe", "b", company_name="Contoso"), policy, "ignore")
    give(make_process("a.exe", "a"), policy, "terminate")
    head = audit.head()
    revision = publish(actor=SYSTEM, policy=policy, now=NOW, note="first")
    assert (revision.number, revision.ledger_head, revision.note) == (1, head, "first")
    assert revision.sha256 == hashlib.sha256(revision.canonical.encode()).hexdigest()
    told = json.loads(revision.canonical)
    assert revision.canonical == audit.canonical_json(told)
    assert told["format"] == "truscan-revision/1"
    assert told["policy"] == {"name": "Sales", "description": "ours", "shared": True}
    assert [entry["process"]["name"] for entry in told["entries"]] == ["a.exe", "b.exe"]
    entry = told["entries"][1]
    assert entry == {
        "process": {
            "name": "b.exe",
            "path": "%PROGRAMFILES%\\Contoso\\b.exe",
            "application_name": "",
            "company": "Contoso",
            "version": "",
            "size": None,
            "application_type": "",
            "signer": "",
        },
        "hashes": ["sha256:" + "b" * 63 + "1"],
        "response": "ignore",
        "reason": "looked at",
        "author": "test",
        "approver": None,
        "decided_at": "2026-03-02T09:00:00Z",
        "review_on": None,
        "expires_at": None,
        "evidence": {},
    }
    assert RevisionEntry.objects.filter(revision=revision).count() == 2


def test_without_a_change_it_returns_the_latest() -> None:
    policy, process = make_policy(), make_process()
    give(process, policy)
    first = publish(actor=SYSTEM, policy=policy, now=NOW)
    assert not pending(policy, NOW)
    Process.objects.filter(pk=process.pk).update(company_name="learned later")
    assert publish(actor=SYSTEM, policy=policy, now=NOW + timedelta(days=1)) == first
    assert Revision.objects.count() == 1


def test_pending_tells_added_changed_and_retired() -> None:
    policy = make_policy()
    kept, turned, ended, new = (make_process(f"{d}.exe", d) for d in "abcd")
    give(kept, policy)
    give(turned, policy)
    give(ended, policy, expires_at=NOW + timedelta(days=1))
    assert pending(policy, NOW).never_published
    assert len(pending(policy, NOW).added) == 3
    publish(actor=SYSTEM, policy=policy, now=NOW)
    give(turned, policy, "quarantine")
    give(new, policy)
    changes = pending(policy, NOW + timedelta(days=2))
    assert [change.name for change in changes.added] == ["d.exe"]
    assert [(c.name, c.before, c.after) for c in changes.changed] == [
        ("b.exe", "ignore", "quarantine")
    ]
    assert [change.name for change in changes.retired] == ["c.exe"]
    revision = publish(actor=SYSTEM, policy=policy, now=NOW + timedelta(days=2))
    assert (revision.number, revision.entries.count()) == (2, 3)


def test_linked_hashes_are_carried_own_first() -> None:
    policy, process = make_policy(), make_process("a.exe", "a")
    older = make_process("a.exe", hash=SHA1, hash_type="sha1")
    give(process, policy)
    link_same_file(actor=SYSTEM, first=older, second=process)
    revision = publish(actor=SYSTEM, policy=policy, now=NOW)
    assert revision.entries.get().hashes == ["sha256:" + "a" * 63 + "1", "sha1:" + SHA1]


def test_it_refuses_one_file_with_two_responses() -> None:
    policy, process = make_policy(), make_process("a.exe", "a")
    older = make_process("a.exe", hash=SHA1, hash_type="sha1")
    give(process, policy, "ignore")
    give(older, policy, "terminate")
    link_same_file(actor=SYSTEM, first=older, second=process)
    with pytest.raises(Conflict, match="Terminate and Ignore"):
        publish(actor=SYSTEM, policy=policy, now=NOW)
    assert not Revision.objects.exists()


@pytest.mark.parametrize("sql", ["UPDATE {} SET id = id", "DELETE FROM {}"])
@pytest.mark.parametrize(
    "table", ["exceptions_app_revision", "exceptions_app_revisionentry", "truscan_auditevent"]
)
def test_the_database_refuses_to_change_what_was_published(sql: str, table: str) -> None:
    from django.db import connection

    policy = make_policy()
    give(make_process(), policy)
    publish(actor=SYSTEM, policy=policy, now=NOW)
    with (
        pytest.raises(DatabaseError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(sql.format(table))


def test_touched_lists_every_place() -> None:
    from exceptions_app.policies.estate_edits import add_location

    sub = make_group("Global\\Sales")
    policy = make_policy("Top", "Global")
    office = add_location(actor=SYSTEM, group=sub, name="Office")
    assert touched(policy) == [(sub.parent, None), (sub, None), (sub, office)]
