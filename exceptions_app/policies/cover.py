"""Coverage of sightings: until when the draft exceptions cover every location of their group.

One UPDATE, whatever the number of sightings; rows that do not change are not written.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import connection

from exceptions_app.policies.effective import policies_in_force
from exceptions_app.policies.locks import lock_policies, lock_sightings, share_tree
from truscan.models.counts import FOREVER, NEVER
from truscan.models.process import SameFile

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

# `carrier` names the processes whose exception also covers the process: itself and, since targets
# emit every hash of one file, those linked to it, over any number of links.
CARRIERS = """
carrier(process_id, kin_id) AS (
    SELECT id, id FROM unnest(%(processes)s::bigint[]) AS p(id)
    UNION
    SELECT c.process_id, linked.id FROM carrier c JOIN LATERAL (
        SELECT second_id AS id FROM truscan_samefile WHERE first_id = c.kin_id
        UNION ALL
        SELECT first_id FROM truscan_samefile WHERE second_id = c.kin_id) linked ON true)
"""
ALONE = """
carrier(process_id, kin_id) AS (
    SELECT id, id FROM unnest(%(processes)s::bigint[]) AS p(id))
"""

# Location 0 is the group itself. A place without a policy has none that covers.
UPDATE = """
WITH RECURSIVE {carriers},
place(group_id, location_id, policy_id) AS MATERIALIZED (
    SELECT * FROM unnest(
        %(groups)s::bigint[], %(locations)s::bigint[], %(policies)s::bigint[])),
rule AS MATERIALIZED (
    SELECT c.process_id, e.policy_id, max(coalesce(e.expires_at, %(forever)s)) AS until
    FROM carrier c JOIN exceptions_app_processexception e
        ON e.process_id = c.kin_id AND e.retired_at IS NULL
    GROUP BY c.process_id, e.policy_id),
fresh AS (
    SELECT s.id,
        CASE WHEN bool_and(r.until IS NOT NULL) THEN min(r.until) ELSE %(never)s END AS until,
        coalesce(jsonb_agg(p.location_id ORDER BY p.location_id)
            FILTER (WHERE r.until > %(now)s), '[]') AS locations
    FROM truscan_sighting s
    JOIN place p ON p.group_id = s.group_id
    LEFT JOIN rule r ON r.process_id = s.process_id AND r.policy_id = p.policy_id
    WHERE {which}
    GROUP BY s.id)
UPDATE truscan_sighting s SET covered_until = fresh.until, covered_locations = fresh.locations
FROM fresh WHERE fresh.id = s.id
    AND (s.covered_until <> fresh.until OR s.covered_locations <> fresh.locations)
RETURNING s.id
"""


def cover_processes(process_ids: Sequence[int], group_ids: Sequence[int], now: datetime) -> int:
    """Compute anew the coverage of these processes in these groups; how many sightings changed.

    Takes the locks of the sightings first; call it in the transaction of the act.
    """
    if not process_ids or not group_ids:
        return 0
    lock_sightings(process_ids, group_ids)
    which = "s.process_id = ANY(%(processes)s) AND s.group_id = ANY(%(wanted)s)"
    return len(_update(which, process_ids, group_ids, list(group_ids), now))


def cover_groups(group_ids: Sequence[int], now: datetime) -> int:
    """Compute anew the coverage of everything seen in these groups."""
    processes, _ = _seen("group_id = ANY(%s)", group_ids)
    return cover_processes(processes, group_ids, now)


def cover_sightings(sighting_ids: Sequence[int], now: datetime) -> list[int]:
    """Compute anew the coverage of these sightings, without taking their locks beforehand; the ids
    of those that changed."""
    processes, groups = _seen("id = ANY(%s)", sighting_ids)
    if not processes:
        return []
    return _update("s.id = ANY(%(wanted)s)", processes, groups, list(sighting_ids), now)


def coverable(sighting_ids: Sequence[int]) -> list[int]:
    """Those of the sightings that nothing covers, though an exception may: all that an import has
    to look at, since decisions keep the coverage of what they can see."""
    linked = LINKED if SameFile.objects.exists() else ""
    with connection.cursor() as cursor:
        cursor.execute(COVERABLE.format(linked=linked), {"ids": list(sighting_ids), "never": NEVER})
        return [row[0] for row in cursor.fetchall()]


COVERABLE = """
SELECT s.id FROM truscan_sighting s
WHERE s.id = ANY(%(ids)s) AND s.covered_until = %(never)s AND (EXISTS (
    SELECT 1 FROM exceptions_app_processexception e
    WHERE e.process_id = s.process_id AND e.retired_at IS NULL) {linked})
ORDER BY s.process_id, s.group_id
"""
LINKED = """
    OR EXISTS (SELECT 1 FROM truscan_samefile f WHERE f.first_id = s.process_id)
    OR EXISTS (SELECT 1 FROM truscan_samefile f WHERE f.second_id = s.process_id)
"""
SEEN = """
SELECT array_agg(DISTINCT process_id), array_agg(DISTINCT group_id)
FROM truscan_sighting WHERE {which}
"""


def wait_for_decisions(sighting_ids: Sequence[int]) -> None:
    """Wait until decisions that are being written about the groups of these sightings are there."""
    share_tree()
    _, groups = _seen("id = ANY(%s)", sighting_ids)
    places = policies_in_force(groups)
    lock_policies({place.policy_id for place in places if place.policy_id is not None})


def _seen(which: str, ids: Sequence[int]) -> tuple[list[int], list[int]]:
    """The processes and groups of some sightings."""
    with connection.cursor() as cursor:
        cursor.execute(SEEN.format(which=which), [list(ids)])
        row = cursor.fetchone()
    return (row[0] or [], row[1] or []) if row else ([], [])


def _update(
    which: str,
    processes: Sequence[int],
    groups: Sequence[int],
    wanted: list[int],
    now: datetime,
) -> list[int]:
    places = policies_in_force(groups)
    carriers = CARRIERS if SameFile.objects.exists() else ALONE
    with connection.cursor() as cursor:
        cursor.execute(
            UPDATE.format(carriers=carriers, which=which),
            {
                "processes": list(processes),
                "groups": [place.group_id for place in places],
                "locations": [place.location_id or 0 for place in places],
                "policies": [place.policy_id for place in places],
                "wanted": wanted,
                "now": now,
                "never": NEVER,
                "forever": FOREVER,
            },
        )
        return [row[0] for row in cursor.fetchall()]
