from __future__ import annotations

from datetime import timedelta

import pytest

from exceptions_app.arrival.record import ClientReading, GroupReading, Recorded, record_serials
from exceptions_app.models.arrival import ClientSerial, GroupSerial
from tests.make import NOW, SYSTEM, make_group
from truscan.models.audit import AuditEvent

pytestmark = pytest.mark.django_db

OLD, NEW = "7A5B-03/01/2026 17:32:09 421", "7A5B-03/02/2026 01:00:00 005"
HOUR = timedelta(hours=1)


def test_a_reading_is_kept_and_an_older_one_changes_nothing() -> None:
    group = make_group("Global\\Sales")

    def read(serial: str, at: int, *clients: ClientReading) -> Recorded:
        return record_serials(
            actor=SYSTEM,
            read_at=NOW + at * HOUR,
            source="SEPM REST",
            groups=[GroupReading(group.pk, serial)],
            clients=clients,
        )

    def client(name: str, **more: object) -> ClientReading:
        return ClientReading(group.domain_id, name, **more)  # type: ignore[arg-type]

    told = (
        client("PC-1", group_id=group.pk, serial=OLD, agent_version="11.0.7", checked_in_at=NOW),
        client("pc-1", serial=NEW, checked_in_at=NOW - HOUR),
        client("", serial=NEW),
        client("PC-\0002", serial="odd"),
    )
    assert read(OLD, 1, *told) == Recorded(1, 2, 0)
    assert read(NEW, 0, client("PC-1", serial=NEW)) == Recorded(0, 0, 2)
    row = ClientSerial.objects.get(name_key="pc-1")
    assert (row.serial, row.group_id, row.checked_in_at) == (OLD, group.pk, NOW)
    assert ClientSerial.objects.get(name_key="pc-2").serial_at is None
    assert AuditEvent.objects.filter(code="arrival.read").count() == 1

    read(OLD, 2)
    assert GroupSerial.objects.get().changed_at == NOW + HOUR
    read(NEW, 3, client("PC-1", serial=NEW))
    row.refresh_from_db()
    assert (row.serial, row.group_id, row.agent_version) == (NEW, group.pk, "11.0.7")
    assert GroupSerial.objects.get().changed_at == NOW + 3 * HOUR
    assert record_serials(actor=SYSTEM, read_at=NOW, source="x") == Recorded(0, 0, 0)
