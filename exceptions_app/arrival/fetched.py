"""The one way to write that somebody fetched an export: the link before the client's serial.

A fetch changes nothing, so it is no act of the ledger; the row is evidence for "why".
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from django.core.cache import cache
from django.db import connection

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from truscan.access.actor import Actor

# Tools may ask every second; that they still ask is worth a write a minute.
UNCHANGED_EVERY = 60

UPSERT = """
INSERT INTO exceptions_app_exportrecord AS e
    (revision_id, target, fetcher_name, fetcher_id, means, first_at, last_at, count)
SELECT id, %(target)s, %(name)s, %(user)s, %(means)s, %(now)s, %(now)s, 1
FROM unnest(%(ids)s::bigint[]) AS r(id) ORDER BY id
ON CONFLICT (revision_id, target, fetcher_name, means) DO UPDATE SET
    last_at = greatest(e.last_at, excluded.last_at), count = e.count + 1,
    fetcher_id = excluded.fetcher_id
"""


def note_fetch(
    *,
    actor: Actor,
    revisions: Iterable[int],
    target: str,
    now: datetime,
    is_unchanged: bool = False,
) -> None:
    """Count a fetch of each of the revisions (ids of rows): one statement.

    `is_unchanged` is a 304: the second within a minute asks the database nothing.
    """
    ids = sorted({pk for pk in revisions if pk})
    if not ids or (is_unchanged and _told_lately(actor, ids, target)):
        return
    row = {
        "ids": ids,
        "target": target,
        "name": actor.name,
        "user": actor.user.pk if actor.user else None,
        "means": actor.means.value,
        "now": now,
    }
    with connection.cursor() as cursor:
        cursor.execute(UPSERT, row)


def _told_lately(actor: Actor, ids: list[int], target: str) -> bool:
    who = f"{ids} {target} {actor.means.value} {actor.name}"
    key = hashlib.sha256(who.encode("utf-8", "replace")).hexdigest()
    return not cache.add(f"fetched:{key}", 1, UNCHANGED_EVERY)
