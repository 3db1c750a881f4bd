"""How many clients of each group run the newest serial, and which do not. Set-based."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import connection

from exceptions_app.arrival.serial import SILENT_AFTER
from truscan.models.estate import Group

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

# The serial that a group hands out; where nobody told it, or a client of the group has a later one
# of the same group, the newest that is seen. A client is heard when it checked in, else when it
# was read of: what nobody has confirmed for a week is silence, whatever it said then.
STATES = """
WITH wanted AS MATERIALIZED (
    SELECT DISTINCT ON (group_id) group_id, serial, serial_at, is_told FROM (
        SELECT group_id, serial, serial_at, true AS is_told FROM exceptions_app_groupserial
        WHERE %(groups)s::bigint[] IS NULL OR group_id = ANY(%(groups)s)
        UNION ALL
        SELECT c.group_id, c.serial, c.serial_at, false FROM exceptions_app_clientserial c
        LEFT JOIN exceptions_app_groupserial g ON g.group_id = c.group_id
        WHERE (%(groups)s::bigint[] IS NULL OR c.group_id = ANY(%(groups)s))
            AND c.group_id IS NOT NULL AND c.serial_at IS NOT NULL
            AND (g.group_id IS NULL
                OR (upper(left(c.serial, 4)) = upper(left(g.serial, 4))
                    AND c.serial_at > g.serial_at))) AS told
    ORDER BY group_id, serial_at DESC NULLS LAST, is_told DESC, serial),
client AS (
    SELECT c.id, c.group_id, c.name, c.serial, c.agent_version, c.location, c.checked_in_at,
        c.read_at, c.source, CASE
            WHEN coalesce(c.checked_in_at, c.read_at) < %(silent)s THEN 'silent'
            WHEN c.serial = '' OR coalesce(w.serial, '') = '' THEN 'unknown'
            WHEN c.serial = w.serial THEN 'current' ELSE 'behind' END AS state
    FROM exceptions_app_clientserial c LEFT JOIN wanted w ON w.group_id = c.group_id
    WHERE %(groups)s::bigint[] IS NULL OR c.group_id = ANY(%(groups)s))
"""

SHARES = (  # of constants alone
    STATES  # noqa: S608
    + """
SELECT coalesce(w.group_id, n.group_id), w.serial, w.serial_at, w.is_told,
    n.current, n.behind, n.silent, n.unknown
FROM wanted w FULL JOIN (
    SELECT group_id, count(*) FILTER (WHERE state = 'current') AS current,
        count(*) FILTER (WHERE state = 'behind') AS behind,
        count(*) FILTER (WHERE state = 'silent') AS silent,
        count(*) FILTER (WHERE state = 'unknown') AS unknown
    FROM client GROUP BY group_id) n ON n.group_id = w.group_id
ORDER BY 1 NULLS LAST
"""
)

CLIENTS = (
    STATES
    + """
SELECT c.id, c.group_id, g.path, c.name, c.serial, c.agent_version, c.location, c.checked_in_at,
    c.read_at, c.source, c.state
FROM client c LEFT JOIN truscan_group g ON g.id = c.group_id
WHERE c.id > %(after)s AND (%(state)s = '' OR c.state = %(state)s)
ORDER BY c.id LIMIT %(most)s
"""
)


@dataclass(frozen=True, slots=True)
class Share:
    """Clients of a group by what is known of them.

    `is_told` is False where the group's own serial is not known and `serial` is only the newest
    seen on a client. `unknown` includes clients that only a number tells of (`client_count`).
    """

    group: Group | None
    serial: str = ""
    serial_at: datetime | None = None
    is_told: bool = False
    current: int = 0
    behind: int = 0
    silent: int = 0
    unknown: int = 0

    @property
    def clients(self) -> int:
        return self.current + self.behind + self.silent + self.unknown

    @property
    def percent(self) -> int | None:
        """The share on the newest serial, rounded down: 100 means all. None without clients."""
        return self.current * 100 // self.clients if self.clients else None


@dataclass(frozen=True, slots=True)
class ClientState:
    """One client and what is known of it."""

    id: int
    group_id: int | None
    group: str | None
    name: str
    serial: str
    agent_version: str
    location: str
    checked_in_at: datetime | None
    read_at: datetime
    source: str
    state: str  # a word of Arrival


def shares(group_ids: Iterable[int] | None, now: datetime) -> list[Share]:
    """One per group that anything is known of, by id; None = the whole estate, where clients
    without a group come last. Two queries."""
    ids = None if group_ids is None else sorted(group_ids)
    rows = _ask(SHARES, {"groups": ids, "silent": now - SILENT_AFTER})
    groups = Group.objects.select_related("domain").in_bulk([row[0] for row in rows if row[0]])
    return [_share(groups.get(row[0]), row) for row in rows]


def clients(
    group_ids: Iterable[int] | None,
    now: datetime,
    *,
    state: str = "",
    after: int = 0,
    most: int = 300,
) -> list[ClientState]:
    """Clients by id from behind `after`; `state` narrows them. One query."""
    asked = {
        "groups": None if group_ids is None else sorted(group_ids),
        "silent": now - SILENT_AFTER,
        "state": state,
        "after": after,
        "most": most,
    }
    return [ClientState(*row) for row in _ask(CLIENTS, asked)]


def total(rows: Sequence[Share]) -> Share:
    """The sum of all, without a serial."""
    return Share(
        None,
        current=sum(row.current for row in rows),
        behind=sum(row.behind for row in rows),
        silent=sum(row.silent for row in rows),
        unknown=sum(row.unknown for row in rows),
    )


def _share(group: Group | None, row: Sequence[Any]) -> Share:
    current, behind, silent, unknown = (number or 0 for number in row[4:])
    told = current + behind + silent + unknown
    if group is not None and group.client_count is not None:
        unknown += max(group.client_count - told, 0)
    return Share(group, row[1] or "", row[2], bool(row[3]), current, behind, silent, unknown)


def _ask(sql: str, asked: dict[str, Any]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql, asked)
        return list(cursor.fetchall())
