"""Detections that are stored already: what each import says of them, and which of it is shown.

A detection shows the attributes of the claim with the highest (import, line) and the largest
Occurrences of all claims. One claim lives in the detection's row, all others in
`truscan_detectionclaim`. The row may show an older import than the winner as long as both say
the same, so that an export read twice rewrites nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from truscan.ingest.staging import ATTRIBUTES

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from truscan.ingest.partitions import Month

_KEY = "event_at, key"
_SAID = ", ".join((*ATTRIBUTES, "extra"))
CLAIM = f"{_KEY}, line_no, own_occurrences, {_SAID}"


def _of(alias: str, names: str) -> str:
    return ", ".join(f"{alias}.{name.strip()}" for name in names.split(","))


# Imports that bring rows of one month take turns there, the months in order: what is stored is
# looked at once, and nobody adds to it meanwhile.
_LOCK = "SELECT pg_advisory_xact_lock(%s, month) FROM unnest(%s::integer[]) AS month"
LOCK = 0x636C_6169

_DIFFERS = " OR ".join(f"d.{name} IS DISTINCT FROM s.{name}" for name in (*ATTRIBUTES, "extra"))
_KNOWN = f"""
INSERT INTO known
SELECT s.event_at, s.key, s.own_occurrences, {_DIFFERS}, d.log_import_id = %(id)s,
       s.own_occurrences > d.occurrences
FROM stage s JOIN truscan_detection d ON d.event_at = s.event_at AND d.key = s.key
WHERE d.event_at BETWEEN %(first)s AND %(last)s
"""  # noqa: S608

_INTO_CLAIMS = f"""
INSERT INTO truscan_detectionclaim AS c (log_import_id, {CLAIM})
SELECT %(id)s, {_of("s", CLAIM)}
FROM stage s JOIN known k ON k.event_at = s.event_at AND k.key = s.key
WHERE NOT k.differs AND NOT k.is_own ORDER BY s.event_at, s.key
ON CONFLICT (event_at, key, log_import_id) DO UPDATE SET ({_SAID}) = ROW({_of("excluded", _SAID)}),
    line_no = excluded.line_no, own_occurrences = greatest(c.own_occurrences,
    excluded.own_occurrences)
"""  # noqa: S608

_GROW_DELTA = """
INSERT INTO delta
SELECT s.event_at, s.key, s.process_id, s.appearance_id, s.facts_id, s.group_id, s.location_id,
       s.computer_id, s.account_id, s.event_type, s.sensitivity, s.candidate, s.action_id,
       0, s.own_occurrences - d.occurrences
FROM known k JOIN stage s ON s.event_at = k.event_at AND s.key = k.key
JOIN truscan_detection d ON d.event_at = k.event_at AND d.key = k.key
WHERE k.grows AND NOT k.differs AND d.event_at BETWEEN %(first)s AND %(last)s
"""
_GROW = """
UPDATE truscan_detection d SET occurrences = greatest(d.occurrences, k.own_occurrences),
    own_occurrences = CASE WHEN k.is_own THEN greatest(d.own_occurrences, k.own_occurrences)
                      ELSE d.own_occurrences END
FROM known k WHERE d.event_at = k.event_at AND d.key = k.key AND NOT k.differs
  AND (k.grows OR k.is_own) AND d.event_at BETWEEN %(first)s AND %(last)s
  AND (d.occurrences < k.own_occurrences OR k.is_own AND d.own_occurrences < k.own_occurrences)
"""


def lock(cursor: Any, months: Iterable[Month]) -> None:
    """Take the months of detections, to the end of the transaction."""
    cursor.execute(_LOCK, [LOCK, [year * 12 + month for year, month in sorted(months)]])


def find_known(cursor: Any, import_id: int, first: datetime, last: datetime) -> int:
    """Fill `known` with the staged lines whose detections are stored; how many."""
    cursor.execute(_KNOWN, {"id": import_id, "first": first, "last": last})
    return int(cursor.rowcount)


def fold_known(cursor: Any, import_id: int, first: datetime, last: datetime) -> int:
    """Fold the lines of `known` into what is stored; how many update it.

    Contributions of what changed are added to `delta`.
    """
    span = {"id": import_id, "first": first, "last": last}
    cursor.execute("ANALYZE known")
    cursor.execute(
        "SELECT count(*) FILTER (WHERE grows AND NOT differs), count(*) FILTER (WHERE differs), "
        "bool_or(is_own), bool_or(NOT differs AND NOT is_own) FROM known"
    )
    grown, differing, has_own, has_others = cursor.fetchone()
    if has_others:
        cursor.execute(_INTO_CLAIMS, span)
    if grown or has_own:
        cursor.execute(_GROW_DELTA, span)
        cursor.execute(_GROW, span)
    updated = grown
    if differing:
        cursor.execute("INSERT INTO claim_key SELECT event_at, key FROM known WHERE differs")
        gather(cursor, first, last)
        cursor.execute(_STAGED_INTO_POOL, span)
        refold(cursor, first, last)
        cursor.execute(
            "SELECT count(*) FROM claim_folded f JOIN known k ON k.event_at = f.event_at "
            "AND k.key = f.key WHERE f.wins AND (f.log_import_id = %s OR k.grows)",
            [import_id],
        )
        updated += cursor.fetchone()[0]
    return int(updated)


_STAGED_INTO_POOL = f"""
INSERT INTO claim_pool (log_import_id, {CLAIM})
SELECT %(id)s, {_of("s", CLAIM)} FROM claim_key k
JOIN stage s ON s.event_at = k.event_at AND s.key = k.key
"""  # noqa: S608

_POOL = f"""
INSERT INTO claim_pool (log_import_id, {CLAIM})
SELECT d.log_import_id, {_of("d", CLAIM)}
FROM claim_key k JOIN truscan_detection d ON d.event_at = k.event_at AND d.key = k.key
WHERE d.event_at BETWEEN %(first)s AND %(last)s AND d.log_import_id <> %(without)s
UNION ALL
SELECT c.log_import_id, {_of("c", CLAIM)}
FROM claim_key k JOIN truscan_detectionclaim c ON c.event_at = k.event_at AND c.key = k.key
WHERE c.log_import_id <> %(without)s
"""  # noqa: S608


def gather(cursor: Any, first: datetime, last: datetime, without: int = 0) -> None:
    """All claims on the detections of `claim_key` into `claim_pool`, those of `without` not."""
    cursor.execute("ANALYZE claim_key")
    cursor.execute(_POOL, {"first": first, "last": last, "without": without})


_FOLDED = f"""
INSERT INTO claim_folded ({CLAIM}, log_import_id, occurrences, wins)
SELECT {CLAIM}, log_import_id, occurrences,
       log_import_id = max(log_import_id) OVER (PARTITION BY event_at, key)
FROM (
    SELECT DISTINCT ON (event_at, key, log_import_id) event_at, key, line_no,
        max(own_occurrences) OVER (PARTITION BY event_at, key, log_import_id) AS own_occurrences,
        {_SAID}, log_import_id,
        max(own_occurrences) OVER (PARTITION BY event_at, key) AS occurrences
    FROM claim_pool ORDER BY event_at, key, log_import_id, line_no DESC
) AS by_import
"""  # noqa: S608

_COUNTED = (
    "event_at", "key", "process_id", "appearance_id", "facts_id", "group_id", "location_id",
    "computer_id", "account_id", "event_type", "sensitivity", "candidate",
)  # fmt: skip
# What a detection no longer adds, and what it adds instead; equal pairs are left out.
_CHANGES = " OR ".join(f"d.{n} IS DISTINCT FROM f.{n}" for n in (*_COUNTED[2:], "occurrences"))
_REFOLD_DELTA = f"""
WITH changed AS (
    SELECT {", ".join(f"d.{n} AS old_{n}, f.{n} AS new_{n}" for n in (*_COUNTED, "occurrences"))},
           d.outcome_id AS old_outcome_id, f.outcome_id AS new_outcome_id
    FROM claim_key k JOIN truscan_detection d ON d.event_at = k.event_at AND d.key = k.key
    LEFT JOIN claim_folded f ON f.event_at = k.event_at AND f.key = k.key AND f.wins
    WHERE d.event_at BETWEEN %(first)s AND %(last)s
      AND (f.key IS NULL OR d.outcome_id <> f.outcome_id OR {_CHANGES})
)
INSERT INTO delta
SELECT {", ".join(f"old_{n}" for n in _COUNTED)}, o.action_id, -1, -old_occurrences
FROM changed JOIN truscan_outcome o ON o.id = old_outcome_id
UNION ALL
SELECT {", ".join(f"new_{n}" for n in _COUNTED)}, o.action_id, 1, new_occurrences
FROM changed JOIN truscan_outcome o ON o.id = new_outcome_id
"""  # noqa: S608

_GONE = """
DELETE FROM truscan_detection d USING claim_key k WHERE d.event_at = k.event_at AND d.key = k.key
  AND d.event_at BETWEEN %(first)s AND %(last)s
  AND NOT EXISTS (SELECT 1 FROM claim_folded f WHERE f.event_at = k.event_at AND f.key = k.key)
"""
_SHOW = f"""
UPDATE truscan_detection d SET ({_SAID}) = ROW({_of("f", _SAID)}),
    line_no = f.line_no, log_import_id = f.log_import_id, own_occurrences = f.own_occurrences,
    occurrences = f.occurrences
FROM claim_folded f WHERE f.wins AND d.event_at = f.event_at AND d.key = f.key
  AND d.event_at BETWEEN %(first)s AND %(last)s
"""  # noqa: S608
_FORGET = """
DELETE FROM truscan_detectionclaim c USING claim_key k
WHERE c.event_at = k.event_at AND c.key = k.key
"""
_KEEP = f"""
INSERT INTO truscan_detectionclaim (log_import_id, {CLAIM})
SELECT log_import_id, {CLAIM} FROM claim_folded WHERE NOT wins
ORDER BY event_at, key, log_import_id
"""  # noqa: S608


def refold(cursor: Any, first: datetime, last: datetime) -> None:
    """Make detections and claims of `claim_key` what `claim_pool` says; changes into `delta`.

    The caller holds `lock`. Detections without any claim left are removed.
    """
    span = {"first": first, "last": last}
    cursor.execute(_FOLDED)
    cursor.execute("ANALYZE claim_folded")
    cursor.execute(_REFOLD_DELTA, span)
    cursor.execute(_GONE, span)
    cursor.execute(_FORGET)
    cursor.execute(_SHOW, span)
    cursor.execute(_KEEP)
