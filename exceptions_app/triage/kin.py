"""Which processes are the same file under another hash: people and lists say so, nobody guesses."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from django.db import connection

from truscan.models.process import Process, SameFile

if TYPE_CHECKING:
    from collections.abc import Sequence

# Links of links count: SHA-1 = SHA-256 and SHA-256 = MD5 are three hashes of one file.
CLOSURE = """
WITH RECURSIVE kin(process_id, kin_id) AS (
    SELECT id, id FROM unnest(%s::bigint[]) AS p(id)
    UNION
    SELECT k.process_id, linked.id FROM kin k JOIN LATERAL (
        SELECT second_id AS id FROM truscan_samefile WHERE first_id = k.kin_id
        UNION ALL
        SELECT first_id FROM truscan_samefile WHERE second_id = k.kin_id) linked ON true)
SELECT process_id, kin_id FROM kin WHERE process_id <> kin_id ORDER BY 1, 2
"""


def kin_ids(process_ids: Sequence[int]) -> list[tuple[int, int]]:
    """Pairs (process, another process that is the same file), over any number of links."""
    if not process_ids or not SameFile.objects.exists():
        return []
    with connection.cursor() as cursor:
        cursor.execute(CLOSURE, [list(process_ids)])
        return [(row[0], row[1]) for row in cursor.fetchall()]


def linked_to(process_ids: Sequence[int]) -> dict[int, list[Process]]:
    """By process, the processes that are the same file."""
    pairs = kin_ids(process_ids)
    found = Process.objects.in_bulk({kin for _, kin in pairs}) if pairs else {}
    linked: dict[int, list[Process]] = defaultdict(list)
    for process_id, kin in pairs:
        linked[process_id].append(found[kin])
    return dict(linked)
