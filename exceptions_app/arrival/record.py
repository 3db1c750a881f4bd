"""The one way to write what was read of serials: by REST, from a file, by hand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import connection, transaction

from exceptions_app.arrival.serial import serial_at
from truscan import audit

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from truscan.access.actor import Actor


@dataclass(frozen=True, slots=True)
class GroupReading:
    """The serial that a group hands out, as SEPM tells it."""

    group_id: int
    serial: str


@dataclass(frozen=True, slots=True)
class ClientReading:
    """What SEPM tells of a client; what it does not tell stays empty or None.

    `checked_in_at` is when the client spoke with SEPM last, not when it was read.
    """

    domain_id: int
    name: str
    group_id: int | None = None
    serial: str = ""
    agent_version: str = ""
    location: str = ""
    checked_in_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Recorded:
    """Rows written; `older` are those that a later reading had told already."""

    groups: int
    clients: int
    older: int


GROUPS = """
INSERT INTO exceptions_app_groupserial AS g
    (group_id, serial, serial_at, changed_at, read_at, source)
SELECT group_id, serial, serial_at, %(at)s, %(at)s, %(source)s
FROM unnest(%(ids)s::bigint[], %(serials)s::text[], %(times)s::timestamptz[])
    AS r(group_id, serial, serial_at)
ORDER BY group_id
ON CONFLICT (group_id) DO UPDATE SET serial = excluded.serial, serial_at = excluded.serial_at,
    changed_at = CASE WHEN g.serial = excluded.serial THEN g.changed_at ELSE excluded.read_at END,
    read_at = excluded.read_at, source = excluded.source
WHERE g.read_at <= excluded.read_at
RETURNING 1
"""

CLIENTS = """
INSERT INTO exceptions_app_clientserial AS c (domain_id, name, name_key, group_id, serial,
    serial_at, agent_version, location, checked_in_at, read_at, source)
SELECT r.*, %(at)s, %(source)s
FROM unnest(%(domains)s::bigint[], %(names)s::text[], %(keys)s::text[], %(groups)s::bigint[],
    %(serials)s::text[], %(times)s::timestamptz[], %(versions)s::text[], %(locations)s::text[],
    %(checks)s::timestamptz[]) AS r(domain_id, name, name_key, group_id, serial, serial_at,
    agent_version, location, checked_in_at)
ORDER BY r.domain_id, r.name_key
ON CONFLICT (domain_id, name_key) DO UPDATE SET name = excluded.name,
    group_id = coalesce(excluded.group_id, c.group_id),
    serial = excluded.serial, serial_at = excluded.serial_at,
    agent_version = coalesce(nullif(excluded.agent_version, ''), c.agent_version),
    location = excluded.location,
    checked_in_at = coalesce(excluded.checked_in_at, c.checked_in_at),
    read_at = excluded.read_at, source = excluded.source
WHERE c.read_at <= excluded.read_at
RETURNING 1
"""


@transaction.atomic
def record_serials(
    *,
    actor: Actor,
    read_at: datetime,
    source: str,
    groups: Sequence[GroupReading] = (),
    clients: Sequence[ClientReading] = (),
    note: str = "",
) -> Recorded:
    """Keep what was read at `read_at`; a reading older than the stored one changes nothing.

    `source` names where it comes from in one or two words ("SEPM REST", "status file"). Of a client
    or group that is told twice the last word counts, of a client the one that checked in latest.
    Two statements whatever the number, and one line in the ledger.
    """
    told = {reading.group_id: _text(reading.serial, 64) for reading in groups if reading.serial}
    people = _one_each(clients)
    done_groups = _write(GROUPS, _group_columns(told), read_at, source)
    done_clients = _write(CLIENTS, _client_columns(people), read_at, source)
    older = len(told) + len(people) - done_groups - done_clients
    recorded = Recorded(done_groups, done_clients, older)
    if done_groups or done_clients:
        audit.record(
            "arrival.read",
            actor=actor,
            object_type="serials",
            object_name=source,
            after={"groups": done_groups, "clients": done_clients, "older": older},
            reason=note,
        )
    return recorded


def _text(text: str, length: int) -> str:
    return text.replace("\0", "").strip()[:length]


def _one_each(clients: Sequence[ClientReading]) -> dict[tuple[int, str], ClientReading]:
    found: dict[tuple[int, str], ClientReading] = {}
    for client in clients:
        key = (client.domain_id, _text(client.name, 255).casefold()[:255])
        known = found.get(key)
        if key[1] and (known is None or not _is_later(known, client)):
            found[key] = client
    return found


def _is_later(known: ClientReading, other: ClientReading) -> bool:
    """Whether the first of the two readings has checked in later."""
    if known.checked_in_at is None:
        return False
    return other.checked_in_at is None or known.checked_in_at > other.checked_in_at


def _group_columns(told: dict[int, str]) -> dict[str, list[Any]]:
    return {
        "ids": list(told),
        "serials": list(told.values()),
        "times": [serial_at(serial) for serial in told.values()],
    }


def _client_columns(people: dict[tuple[int, str], ClientReading]) -> dict[str, list[Any]]:
    rows = list(people.values())
    serials = [_text(row.serial, 64) for row in rows]
    return {
        "domains": [domain for domain, _ in people],
        "names": [_text(row.name, 255) for row in rows],
        "keys": [key for _, key in people],
        "groups": [row.group_id for row in rows],
        "serials": serials,
        "times": [serial_at(serial) for serial in serials],
        "versions": [_text(row.agent_version, 64) for row in rows],
        "locations": [_text(row.location, 256) for row in rows],
        "checks": [row.checked_in_at for row in rows],
    }


def _write(sql: str, columns: dict[str, list[Any]], at: datetime, source: str) -> int:
    if not any(columns.values()):
        return 0
    with connection.cursor() as cursor:
        cursor.execute(sql, {**columns, "at": at, "source": _text(source, 64)})
        return len(cursor.fetchall())
