"""Ids of dimension rows by their keys, missing rows made: a few statements for any number."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django.db import connection, transaction

from truscan.ingest.dimensions import GROUP, Dimension, clean
from truscan.ingest.record_keys import NAME, Key

Ids = dict[Key, int]


def find_or_make(
    dimension: Dimension,
    rows: dict[Key, Key],
    link: Callable[[Any, list[Key]], None] | None = None,
) -> Ids:
    """Ids of the keys of `rows` (key -> other columns); missing rows are made in key order.

    Making is a short transaction of its own, so that no dimension row stays locked while the
    detections of a chunk are stored, and two imports cannot wait for each other.
    """
    if not rows:
        return {}
    with connection.cursor() as cursor:
        ids = _find(cursor, dimension, list(rows))
        missing = sorted(key for key in rows if key not in ids)
        if missing:
            with transaction.atomic():
                columns = zip(*(key + rows[key] for key in missing), strict=True)
                cursor.execute(dimension.insert, [list(column) for column in columns])
                ids |= {row[:-1]: row[-1] for row in cursor.fetchall()}
                if link:
                    link(cursor, missing)
            # Another import was quicker with these.
            if others := [key for key in missing if key not in ids]:
                ids |= _find(cursor, dimension, others)
    return ids


def _find(cursor: Any, dimension: Dimension, keys: list[Key]) -> Ids:
    cursor.execute(dimension.find, [list(column) for column in zip(*keys, strict=True)])
    return {row[:-1]: row[-1] for row in cursor.fetchall()}


def ids_by_name(dimension: Dimension, names: Iterable[str | None]) -> dict[str | None, int]:
    """Ids of rows that are unique by `name_key`; None and the empty name are one."""
    keys = {name: (clean(clean(name, NAME).casefold(), NAME),) for name in names}
    rows: dict[Key, Key] = {}
    for name, key in keys.items():
        rows.setdefault(key, (clean(name, NAME),))
    ids = find_or_make(dimension, rows)
    return {name: ids[key] for name, key in keys.items()}


_LINK = """
UPDATE truscan_group g SET parent_id = p.id
FROM unnest(%s::bigint[], %s::text[], %s::text[]) AS k(domain_id, path_key, parent_key)
JOIN truscan_group p ON p.domain_id = k.domain_id AND p.path_key = k.parent_key
WHERE g.domain_id = k.domain_id AND g.path_key = k.path_key AND g.parent_id IS NULL
"""


def groups_of(paths: set[tuple[int, str]]) -> Ids:
    """Ids by (domain id, casefolded path) of groups and all their ancestors, made if missing."""
    rows: dict[Key, Key] = {}
    for domain_id, path in paths:
        parts = path.split("\\")
        for depth in range(1, len(parts) + 1):
            part = "\\".join(parts[:depth])
            rows.setdefault((domain_id, part.casefold()), (part, parts[depth - 1][:256]))
    return find_or_make(GROUP, rows, _link_parents)


def _link_parents(cursor: Any, made: list[Key]) -> None:
    children = [(d, path, path.rpartition("\\")[0]) for d, path in made if "\\" in path]
    if children:
        cursor.execute(_LINK, [list(column) for column in zip(*children, strict=True)])
