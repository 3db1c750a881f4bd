"""A computer-status table into our books: first what it would change, then the change."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from exceptions_app.arrival.record import ClientReading, GroupReading, record_serials
from exceptions_app.arrival.serial import serial_at
from exceptions_app.arrival.status_file import BadLine, StatusRefused
from exceptions_app.models.arrival import ClientSerial
from truscan.access.scope import group_ids
from truscan.models.estate import Domain, Group

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from django.contrib.auth.models import AbstractBaseUser

    from exceptions_app.arrival.status_file import StatusFile, StatusRow
    from truscan.access.actor import Actor

SOURCE = "status file"
SLASHES = re.compile(r"[\\/]+")


@dataclass(slots=True)
class Counted:
    """What a table would change. `bad` lines change nothing; the others are counted once each.

    `odd_serials` have another form than a policy serial and so no time. `as_of` is when the table
    was made, as far as it tells: its newest check-in.
    """

    as_of: datetime
    groups: list[GroupReading] = field(default_factory=list)
    clients: list[ClientReading] = field(default_factory=list)
    bad: list[BadLine] = field(default_factory=list)
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    older: int = 0
    odd_serials: int = 0


def count_status(
    file: StatusFile,
    *,
    now: datetime,
    user: AbstractBaseUser | None = None,
    domain: str = "",
    as_of: datetime | None = None,
) -> Counted:
    """What would be written for a person with the analyst's role (None: for the whole estate).

    A line of a group that he does not see, or of a computer that is known in such a group, is bad.
    Four queries, whatever the number of lines.
    """
    told = [row.checked_in_at for row in file.rows if row.checked_in_at is not None]
    if as_of is not None and as_of > now:
        raise StatusRefused("The table cannot be from later than now.")
    counted = Counted(as_of or min([max(told), now] if told else [now]), bad=list(file.bad))
    domains, one = _domains(domain, needed=any(not row.domain for row in file.rows))
    groups = _groups(user, file.rows)
    mine = None if user is None else group_ids(user, "analyst")
    allowed = None if mine is None else {row["pk"] for row in mine}
    known = _known(file.rows)
    newest: dict[tuple[int, str], ClientReading] = {}
    serials: dict[int, set[str]] = {}
    for row in file.rows:
        domain_id = domains.get(row.domain.casefold()) if row.domain else one
        key = (domain_id or 0, row.name.casefold()[:255])
        group_id = groups.get((key[0], path_key(row.group))) if row.group else None
        before = known.get(key)
        why = _why_not(row, domain_id, group_id, before, allowed)
        if why or domain_id is None:
            counted.bad.append(BadLine(row.line_no, why))
            continue
        counted.odd_serials += bool(row.serial) and serial_at(row.serial) is None
        if row.group_serial and group_id is not None:
            serials.setdefault(group_id, set()).add(row.group_serial)
        reading = _reading(row, domain_id, group_id, before, file.fields)
        last = newest.get(key)
        if last is None or _at(reading, counted) >= _at(last, counted):
            newest[key] = reading
    for key, reading in newest.items():
        _count(known.get(key), reading, counted)
    counted.clients = list(newest.values())
    # Two serials for one group contradict each other: neither is taken.
    counted.groups = [GroupReading(pk, s.pop()) for pk, s in serials.items() if len(s) == 1]
    counted.bad.sort(key=lambda bad: bad.line_no)
    return counted


def take_in_status(*, actor: Actor, counted: Counted, name: str) -> Counted:
    """Write what was counted; an equal table once more changes nothing but the time it was read."""
    record_serials(
        actor=actor,
        read_at=counted.as_of,
        source=SOURCE,
        groups=counted.groups,
        clients=counted.clients,
        note=f"{name.replace(chr(0), '')[:200]}: {len(counted.bad)} bad lines",
    )
    return counted


def _reading(
    row: StatusRow,
    domain_id: int,
    group_id: int | None,
    before: ClientSerial | None,
    fields: Sequence[str],
) -> ClientReading:
    """What a table has no column for stays as it was known."""
    serial, location = row.serial, row.location
    if before is not None:
        serial = serial if "serial" in fields else before.serial
        location = location if "location" in fields else before.location
    return ClientReading(
        domain_id, row.name, group_id, serial, row.version, location, row.checked_in_at
    )


def path_key(path: str) -> str:
    """A group's path for comparison: slashes either way, doubled or at the ends."""
    return SLASHES.sub(r"\\", path).strip("\\ ").casefold()


def _at(reading: ClientReading, counted: Counted) -> float:
    return reading.checked_in_at.timestamp() if reading.checked_in_at else 0.0


def _domains(word: str, *, needed: bool) -> tuple[dict[str, int], int | None]:
    """Ids by name, and the one for lines without a domain."""
    domains = dict(Domain.objects.order_by("pk").values_list("name_key", "pk")[:10_000])
    if word:
        one = domains.get(word.strip().casefold())
        if one is None:
            raise StatusRefused(f"There is no domain {word[:80]!r}.")
        return domains, one
    if needed and len(domains) != 1:
        raise StatusRefused("The table names no domain and there is not just one: say which.")
    return domains, next(iter(domains.values())) if len(domains) == 1 else None


def _groups(user: AbstractBaseUser | None, rows: Sequence[StatusRow]) -> dict[tuple[int, str], int]:
    groups = Group.objects.all() if user is None else Group.objects.visible_to(user, "analyst")
    keys = {path_key(row.group) for row in rows if row.group}
    found = groups.filter(path_key__in=keys).order_by().values_list("domain_id", "path_key", "pk")
    return {(domain_id, key): pk for domain_id, key, pk in found}


def _known(rows: Sequence[StatusRow]) -> dict[tuple[int, str], ClientSerial]:
    keys = {row.name.casefold()[:255] for row in rows}
    found = ClientSerial.objects.filter(name_key__in=keys)
    return {(one.domain_id, one.name_key): one for one in found}


def _why_not(
    row: StatusRow,
    domain_id: int | None,
    group_id: int | None,
    before: ClientSerial | None,
    allowed: set[int] | None,
) -> str:
    if domain_id is None:
        return "There is no such domain: import a log that names it first."
    if row.group and group_id is None:
        return "There is no such group among yours: import a log that names it first."
    if allowed is None:
        return ""
    if group_id is None and before is None:
        return "The line names no group, and the computer is not known: nobody could see it."
    if before is not None and before.group_id not in allowed:
        return "The computer is known in a group that is not yours."
    return ""


def _count(before: ClientSerial | None, told: ClientReading, counted: Counted) -> None:
    if before is None:
        counted.created += 1
    elif before.read_at > counted.as_of:
        counted.older += 1
    elif (
        before.serial == told.serial
        and told.group_id in (None, before.group_id)
        and told.agent_version in ("", before.agent_version)
        and before.location == told.location
        and told.checked_in_at in (None, before.checked_in_at)
    ):
        counted.unchanged += 1
    else:
        counted.updated += 1
