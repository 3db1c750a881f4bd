"""Process columns, the newest that the log gave, and the summaries that the inbox reads."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from truscan.classify import classify, on_symantec_list
from truscan.ingest.type_counts import (
    ADD_BY_TYPE,
    ADD_LEVELS,
    ADD_TIMES,
    BY_TYPE,
    FIRST,
    LAST,
    LEVELS,
    SUMS_BY_TYPE,
)
from truscan.models.detection import EVENT_TYPE_OF_WORD

_SORT_NAME = "left(lower(p.name), 128)"
_SORT_COMPANY = "left(lower(p.company_name), 128)"

_NOTE = """
INSERT INTO newest
SELECT DISTINCT ON (d.process_id) d.process_id, d.facts_id, d.appearance_id
FROM {source} d LEFT JOIN truscan_processsummary s ON s.process_id = d.process_id
WHERE d.rows > 0 AND (s.last_at IS NULL OR d.event_at >= s.last_at)
ORDER BY d.process_id, d.event_at DESC, d.key
"""
# What a newer line leaves out, the older one still tells.
_TOLD = {
    "application_name": "coalesce(f.application_name, p.application_name)",
    "application_type": "coalesce(left(f.application_type, 128), p.application_type)",
    "application_version": "coalesce(f.application_version, p.application_version)",
    "company_name": "coalesce(f.company_name, p.company_name)",
    "signer": "coalesce(f.signer, p.signer)",
    "file_size": "coalesce(f.file_size, p.file_size)",
    "permitted_reason": "coalesce(left(f.permitted_reason, 128), p.permitted_reason)",
    "name": "coalesce(nullif(a.name, ''), p.name)",
    "generic_path": "coalesce(nullif(a.generic_path, ''), p.generic_path)",
}
_TELL = f"""
WITH changed AS (
    SELECT p.id, {", ".join(f"{value} AS {name}" for name, value in _TOLD.items())}
    FROM newest n JOIN truscan_process p ON p.id = n.process_id
    JOIN truscan_filefacts f ON f.id = n.facts_id
    JOIN truscan_appearance a ON a.id = n.appearance_id
    WHERE {" OR ".join(f"p.{n} IS DISTINCT FROM {v}" for n, v in _TOLD.items())}
    ORDER BY p.id FOR UPDATE OF p
)
UPDATE truscan_process t SET {", ".join(f"{name} = changed.{name}" for name in _TOLD)}
FROM changed WHERE t.id = changed.id RETURNING t.id
"""  # noqa: S608
_SORT_AGAIN = f"""
UPDATE truscan_processsummary s SET application_type = p.application_type,
    sort_name = {_SORT_NAME}, sort_company = {_SORT_COMPANY}
FROM truscan_process p WHERE p.id = s.process_id AND p.id = ANY(%s)
"""  # noqa: S608

_SUMMARISE = f"""
INSERT INTO truscan_processsummary AS t (process_id, rows, {", ".join(BY_TYPE)}, first_at,
    last_at, level_min, level_max, groups, computers, risk_class, application_type, sort_name,
    sort_company)
SELECT n.*, coalesce(f.groups, 0), coalesce(f.computers, 0), coalesce(k.risk_class, ''),
    p.application_type, {_SORT_NAME}, {_SORT_COMPANY}
FROM (SELECT process_id, sum(rows), {SUMS_BY_TYPE}, {FIRST}, {LAST}, {LEVELS}
      FROM {{source}} GROUP BY 1) AS n
JOIN truscan_process p ON p.id = n.process_id
LEFT JOIN (SELECT process_id, sum(groups) AS groups, sum(computers) AS computers FROM fresh
           GROUP BY 1) AS f ON f.process_id = n.process_id
LEFT JOIN unnest(%s::bigint[], %s::text[]) AS k(process_id, risk_class)
       ON k.process_id = n.process_id
ORDER BY n.process_id
ON CONFLICT (process_id) DO UPDATE SET rows = t.rows + excluded.rows, {ADD_BY_TYPE},
    {ADD_TIMES}, {ADD_LEVELS}, groups = t.groups + excluded.groups,
    computers = t.computers + excluded.computers
"""  # noqa: S608

_TYPE_COLUMNS = {
    "potential_risk": "potential_occurrences",
    "security_risk": "security_occurrences",
    "commercial": "commercial_occurrences",
    "forced": "forced_occurrences",
    "allowed": "allowed_occurrences",
    "other": "other_occurrences",
}
_FLAGS = ", ".join(f"s.{column} > 0" for column in _TYPE_COLUMNS.values())
_KINDS = f"""
SELECT s.process_id, s.risk_class, {_FLAGS}, p.application_type, p.permitted_reason
FROM (SELECT DISTINCT process_id FROM {{source}}) AS d
JOIN truscan_processsummary s ON s.process_id = d.process_id
JOIN truscan_process p ON p.id = d.process_id
"""  # noqa: S608
_NEW_FLAGS = ", ".join(
    f"bool_or(event_type = {EVENT_TYPE_OF_WORD[word]} AND occurrences > 0) AS {word}"
    for word in _TYPE_COLUMNS
)
# Of processes without a summary: it is rewritten with all its indexes if the class comes later.
_NEW_KINDS = f"""
SELECT n.process_id, '', {", ".join(_TYPE_COLUMNS)}, p.application_type, p.permitted_reason
FROM (SELECT process_id,
             {_NEW_FLAGS}
      FROM {{source}} d WHERE NOT EXISTS (
          SELECT 1 FROM truscan_processsummary s WHERE s.process_id = d.process_id)
      GROUP BY 1) AS n
JOIN truscan_process p ON p.id = n.process_id
"""  # noqa: S608
_CLASSIFY = """
UPDATE truscan_processsummary s SET risk_class = k.risk_class
FROM unnest(%s::bigint[], %s::text[]) AS k(process_id, risk_class)
WHERE s.process_id = k.process_id
"""
_ON_LIST = """
UPDATE truscan_process p SET on_symantec_list = NOT p.on_symantec_list
WHERE p.id = ANY(%s) AND p.on_symantec_list <> (p.permitted_reason = ANY(%s))
"""


def note_newest(cursor: Any, source: str) -> None:
    """Which line of this chunk is the newest of its process; before the summary knows of it."""
    cursor.execute(_NOTE.format(source=source))


def summarise(cursor: Any, source: str) -> None:
    """Add to the summaries; `fresh` tells new groups and computers."""
    cursor.execute(_NEW_KINDS.format(source=source))
    cursor.execute(_SUMMARISE.format(source=source), _classes(cursor.fetchall()))


def tell_newest(cursor: Any, source: str) -> None:
    """Process columns, sort keys and class, where what was noted changes them."""
    cursor.execute(_TELL)
    changed = [row[0] for row in cursor.fetchall()]
    if changed:
        cursor.execute("SELECT DISTINCT permitted_reason FROM truscan_process WHERE id = ANY(%s)",
                       [changed])  # fmt: skip
        listed = [reason for (reason,) in cursor.fetchall() if on_symantec_list(reason)]
        cursor.execute(_ON_LIST, [changed, listed])
        cursor.execute(_SORT_AGAIN, [changed])
    _classify(cursor, source)


def _classify(cursor: Any, source: str) -> None:
    """The class needs all event types that were seen, so it is looked at after the sums."""
    cursor.execute(_KINDS.format(source=source))
    wrong = _classes(cursor.fetchall())
    if wrong[0]:
        cursor.execute(_CLASSIFY, wrong)


def _classes(rows: list[tuple[Any, ...]]) -> tuple[list[int], list[str]]:
    """Processes and their classes, of (process, class, what tells it) where that differs."""
    found = ((process_id, stored, _class_of(*said)) for process_id, stored, *said in rows)
    wrong = [(process_id, made) for process_id, stored, made in found if made != stored]
    return [process_id for process_id, _ in wrong], [made for _, made in wrong]


@lru_cache(maxsize=4096)
def _class_of(*said: Any) -> str:
    *flags, kind, reason = said
    words = frozenset(w for w, is_set in zip(_TYPE_COLUMNS, flags, strict=True) if is_set)
    found = classify(event_types=words, application_type=kind, permitted_reason=reason)
    return found.risk_class.value


_RECOUNT = """
UPDATE truscan_processsummary t SET first_at = n.first_at, last_at = n.last_at,
    level_min = n.level_min, level_max = n.level_max, groups = n.groups,
    computers = (SELECT count(DISTINCT p.computer_id) FROM truscan_presence p
                 WHERE p.process_id = t.process_id)
FROM (SELECT s.process_id, min(s.first_at) AS first_at, max(s.last_at) AS last_at,
             min(s.level_min) AS level_min, max(s.level_max) AS level_max, count(*) AS groups
      FROM truscan_sighting s
      WHERE s.process_id IN (SELECT process_id FROM delta WHERE rows < 0)
      GROUP BY s.process_id) AS n
WHERE t.process_id = n.process_id
"""
_NEWEST_LEFT = """
INSERT INTO newest
SELECT s.process_id, d.facts_id, d.appearance_id
FROM (SELECT DISTINCT process_id FROM delta WHERE rows < 0) AS s
CROSS JOIN LATERAL (SELECT facts_id, appearance_id FROM truscan_detection d
    WHERE d.process_id = s.process_id ORDER BY d.event_at DESC, d.key LIMIT 1) AS d
"""


def recount(cursor: Any) -> None:
    """Summaries that lost contributions: from the sightings that are left."""
    cursor.execute("DELETE FROM truscan_processsummary t WHERE t.rows = 0 AND t.process_id IN "
                   "(SELECT process_id FROM delta WHERE rows < 0)")  # fmt: skip
    cursor.execute(_RECOUNT)
    cursor.execute("DELETE FROM newest WHERE process_id IN "
                   "(SELECT process_id FROM delta WHERE rows < 0)")  # fmt: skip
    cursor.execute(_NEWEST_LEFT)
