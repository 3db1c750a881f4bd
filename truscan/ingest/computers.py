"""What detections tell of computers: the newest group, when they were last heard, addresses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import datetime

_MOVE = """
UPDATE truscan_computer t SET
    group_id = CASE WHEN t.group_id IS NULL OR t.group_seen_at IS NULL
        OR (n.at, n.group_id) > (t.group_seen_at, t.group_id) THEN n.group_id ELSE t.group_id END,
    group_seen_at = greatest(t.group_seen_at, n.at),
    last_heard_at = greatest(t.last_heard_at, n.at)
FROM (SELECT DISTINCT ON (computer_id) computer_id, event_at AS at, group_id
      FROM {source} WHERE rows >= 0 ORDER BY computer_id, event_at DESC, group_id DESC) AS n
WHERE t.id = n.computer_id AND (t.last_heard_at IS NULL OR t.group_seen_at IS NULL
    OR n.at > t.last_heard_at OR (n.at, n.group_id) > (t.group_seen_at, t.group_id))
"""
_FALL_BACK = """
UPDATE truscan_computer t SET group_id = n.group_id, group_seen_at = n.at,
    last_heard_at = CASE WHEN t.last_heard_at = t.group_seen_at THEN n.at
                    ELSE t.last_heard_at END
FROM (SELECT DISTINCT ON (s.computer_id) s.computer_id, p.group_id, p.last_at AS at
      FROM (SELECT computer_id, max(event_at) AS at FROM delta WHERE rows < 0
            GROUP BY computer_id) AS s
      JOIN truscan_computer c ON c.id = s.computer_id AND c.group_seen_at <= s.at
      LEFT JOIN truscan_presence p ON p.computer_id = s.computer_id
      ORDER BY s.computer_id, p.last_at DESC, p.group_id DESC) AS n
WHERE t.id = n.computer_id
"""
_HEAR = """
INSERT INTO truscan_computer AS t (id, domain_id, name, name_key, ip_address, last_heard_at)
SELECT c.id, c.domain_id, c.name, c.name_key, c.ip_address, n.at
FROM unnest(%s::bigint[], %s::timestamptz[]) AS n(id, at)
JOIN truscan_computer c ON c.id = n.id ORDER BY c.id
ON CONFLICT (id) DO UPDATE SET last_heard_at = greatest(t.last_heard_at, excluded.last_heard_at)
"""
_READDRESS = """
INSERT INTO truscan_computer AS t (id, domain_id, name, name_key, ip_address)
SELECT c.id, c.domain_id, c.name, c.name_key, n.address
FROM unnest(%s::bigint[], %s::text[]) AS n(id, address)
JOIN truscan_computer c ON c.id = n.id WHERE c.ip_address <> n.address ORDER BY c.id
ON CONFLICT (id) DO UPDATE SET ip_address = excluded.ip_address
"""


def move(cursor: Any, source: str) -> None:
    """The newest group by event time, not by import order, and the newest sign of life."""
    cursor.execute(_MOVE.format(source=source))


def fall_back(cursor: Any) -> None:
    """Computers whose newest detection went: the newest that is left tells the group.

    A sign of life that came with it goes too; what ignored lines of other imports told meanwhile
    is then forgotten until the next line names the computer.
    """
    cursor.execute(_FALL_BACK)


def hear(cursor: Any, heard: dict[int, datetime]) -> None:
    cursor.execute(_HEAR, [list(heard), list(heard.values())])


def readdress(cursor: Any, addresses: dict[int, str]) -> None:
    cursor.execute(_READDRESS, [list(addresses), [v[:64] for v in addresses.values()]])
