from __future__ import annotations

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from tests.make import SYSTEM
from truscan import audit
from truscan.models.audit import AuditEvent

pytestmark = pytest.mark.django_db


def write(number: int = 3) -> list[AuditEvent]:
    events = [
        audit.record("test.done", actor=SYSTEM, object_name=f"thing {n}", after={"n": n, "ü": "\\"})
        for n in range(number)
    ]
    # Deferred checks that wait for a commit would stand in the way of ALTER TABLE and TRUNCATE.
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    return events


def tamper(sql: str) -> None:
    """What somebody with the database's own password could do."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE truscan_auditevent DISABLE TRIGGER USER")
        cursor.execute(sql)
        cursor.execute("ALTER TABLE truscan_auditevent ENABLE TRIGGER USER")


def test_it_chains_every_act() -> None:
    first, second, _ = write()
    assert first.previous_hash == audit.GENESIS
    assert second.previous_hash == first.hash
    count, head, broken = audit.verify()
    assert (count, head, broken) == (3, audit.head(), [])


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE truscan_auditevent SET reason = 'x'",
        "DELETE FROM truscan_auditevent",
        "TRUNCATE truscan_auditevent CASCADE",
    ],
)
def test_the_database_refuses_to_change_it(sql: str) -> None:
    write()
    with (
        pytest.raises(DatabaseError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(sql)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ("reason = 'never said'", "columns do not match"),
        ("actor_name = 'somebody else'", "columns do not match"),
        ("canonical = replace(canonical, 'thing 1', 'thing 9')", "does not match its hash"),
        ("previous_hash = repeat('0', 64)", "does not follow"),
    ],
)
def test_a_changed_row_is_found(change: str, why: str) -> None:
    _, second, _ = write()
    tamper(f"UPDATE truscan_auditevent SET {change} WHERE id = {second.pk}")  # noqa: S608
    broken = audit.verify()[2]
    assert broken[0].event_id == second.pk
    assert why in broken[0].why


def test_a_removed_row_and_a_cut_end_are_found() -> None:
    _, second, third = write()
    tamper(f"DELETE FROM truscan_auditevent WHERE id = {second.pk}")  # noqa: S608
    assert [b.event_id for b in audit.verify()[2]] == [third.pk]
    tamper(f"DELETE FROM truscan_auditevent WHERE id = {third.pk}")  # noqa: S608
    assert audit.verify()[2] == []
    assert "its end was cut" in audit.verify(third.hash)[2][0].why


def test_the_command_tells_and_fails_when_it_does_not_hold() -> None:
    _, second, _ = write()
    out = StringIO()
    call_command("verify_ledger", "--json", "--head", second.hash.upper(), stdout=out)
    assert json.loads(out.getvalue()) == {"events": 3, "head": audit.head(), "broken": []}
    tamper(f"UPDATE truscan_auditevent SET reason = 'x' WHERE id = {second.pk}")  # noqa: S608
    out = StringIO()
    with pytest.raises(CommandError, match="1 findings"):
        call_command("verify_ledger", stdout=out)
    assert f"event {second.pk} its columns" in out.getvalue()
