"""The session's own tables through which a chunk passes; made once, emptied for each chunk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from truscan.ingest import packing

if TYPE_CHECKING:
    from truscan.ingest.chunk import Block

# The columns of a claim, in the order of the chunk's text; what a claim tells of a detection.
ATTRIBUTES = (
    "inserted_at", "end_at", "process_id", "appearance_id", "facts_id", "group_id",
    "location_id", "computer_id", "account_id", "server_id", "outcome_id", "event_type",
    "sensitivity", "candidate",
)  # fmt: skip
STAGED = ("event_at", "key", "line_no", "own_occurrences", *ATTRIBUTES, "action_id", "extra")

_COLUMNS = """
    event_at timestamptz NOT NULL, key bigint NOT NULL, line_no bigint NOT NULL,
    own_occurrences integer NOT NULL, inserted_at timestamptz, end_at timestamptz,
    process_id integer NOT NULL, appearance_id integer NOT NULL, facts_id integer NOT NULL,
    group_id integer NOT NULL, location_id integer, computer_id integer NOT NULL,
    account_id integer NOT NULL, server_id integer, outcome_id integer NOT NULL,
    event_type smallint NOT NULL, sensitivity smallint, candidate boolean NOT NULL,
"""
# What counts are made of: signed contributions. `rows` is 0 where only Occurrences grew.
DELTA = (
    "event_at", "key", "process_id", "appearance_id", "facts_id", "group_id", "location_id",
    "computer_id", "account_id", "event_type", "sensitivity", "candidate", "action_id", "rows",
    "occurrences",
)  # fmt: skip

_MAKE = f"""
CREATE TEMP TABLE IF NOT EXISTS stage ({_COLUMNS} action_id integer NOT NULL, extra jsonb);
CREATE TEMP TABLE again (LIKE stage);
CREATE TEMP VIEW stage_delta AS SELECT {", ".join(DELTA[:-2])}, 1 AS rows,
    own_occurrences AS occurrences FROM stage;
CREATE TEMP TABLE known (event_at timestamptz NOT NULL, key bigint NOT NULL,
    own_occurrences integer NOT NULL, differs boolean NOT NULL, is_own boolean NOT NULL,
    grows boolean NOT NULL);
CREATE TEMP TABLE delta (event_at timestamptz NOT NULL, key bigint NOT NULL,
    process_id integer NOT NULL, appearance_id integer NOT NULL, facts_id integer NOT NULL,
    group_id integer NOT NULL, location_id integer, computer_id integer NOT NULL,
    account_id integer NOT NULL, event_type smallint NOT NULL, sensitivity smallint,
    candidate boolean NOT NULL, action_id integer NOT NULL, rows integer NOT NULL,
    occurrences bigint NOT NULL);
CREATE TEMP TABLE claim_key (event_at timestamptz NOT NULL, key bigint NOT NULL);
CREATE TEMP TABLE claim_pool ({_COLUMNS} extra jsonb, log_import_id integer NOT NULL);
CREATE TEMP TABLE claim_folded ({_COLUMNS} extra jsonb, log_import_id integer NOT NULL,
    occurrences integer NOT NULL, wins boolean NOT NULL);
CREATE TEMP TABLE newest (process_id integer NOT NULL, facts_id integer NOT NULL,
    appearance_id integer NOT NULL);
CREATE TEMP TABLE fresh (process_id integer NOT NULL, groups integer NOT NULL,
    computers integer NOT NULL);
CREATE TEMP TABLE arrived (process_id integer NOT NULL, group_id integer NOT NULL,
    computers integer NOT NULL);
CREATE TEMP TABLE touched (id bigint NOT NULL);
"""  # noqa: S608
_TABLES = (
    "stage, again, known, delta, claim_key, claim_pool, claim_folded, newest, fresh, arrived, "
    "touched"
)

# Sort and hash a chunk in memory; plan simply: compiling (jit) costs more than it saves, and the
# samples of ANALYZE need not be large.
SETTINGS = (
    "SET LOCAL work_mem = '128MB'; SET LOCAL jit = off; "
    "SET LOCAL default_statistics_target = 10; SET LOCAL max_parallel_workers_per_gather = 0"
)


_COPY = f"COPY {{table}} ({', '.join(STAGED)}) FROM STDIN (FORMAT binary)"


def begin(cursor: Any) -> None:
    """Empty tables of this session, made if it has none."""
    cursor.execute("SELECT to_regclass('pg_temp.touched') IS NOT NULL")
    if cursor.fetchone()[0]:
        cursor.execute(f"TRUNCATE {_TABLES}")
    else:
        cursor.execute(_MAKE)


def load(cursor: Any, block: Block) -> None:
    """COPY a block into the session's tables; may be long before its chunk is folded."""
    for table, data in (("stage", block.data), ("again", block.repeats)):
        if data:
            with cursor.copy(_COPY.format(table=table)) as copy:
                for piece in (packing.HEADER, data, packing.END):
                    copy.write(piece)


_SAID = f"ROW({', '.join((*ATTRIBUTES, 'extra'))})::text"
# The repeated lines of a chunk with those that came first.
_LINES = f"""
(SELECT {", ".join(STAGED)} FROM again UNION ALL
 SELECT {", ".join(f"s.{n}" for n in STAGED)} FROM stage s
 JOIN (SELECT DISTINCT event_at, key FROM again) AS a ON a.event_at = s.event_at AND a.key = s.key
) AS lines
"""  # noqa: S608
# A repeated line is an update if it says something else than the one before, or counts more than
# all before.
_COUNT_REPEATS = f"""
SELECT count(*) FILTER (WHERE is_repeat AND changes), count(*) FILTER (WHERE is_repeat)
FROM (
    SELECT row_number() OVER by_line > 1 AS is_repeat,
           {_SAID} <> lag({_SAID}) OVER by_line OR own_occurrences > max(own_occurrences) OVER
           (by_line ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS changes
    FROM {_LINES} WINDOW by_line AS (PARTITION BY event_at, key ORDER BY line_no)
) AS marked
"""  # noqa: S608
_TAKEN = ", ".join("a.most" if n == "own_occurrences" else f"a.{n}" for n in STAGED[2:])
_FOLD_REPEATS = f"""
UPDATE stage s SET ({", ".join(STAGED[2:])}) = ROW({_TAKEN})
FROM (SELECT DISTINCT ON (event_at, key) *,
             max(own_occurrences) OVER (PARTITION BY event_at, key) AS most
      FROM {_LINES} ORDER BY event_at, key, line_no DESC) AS a
WHERE s.event_at = a.event_at AND s.key = a.key
"""  # noqa: S608
# Equal hashes of different keys: the first line of such a key is no repeat.
_ONLY_SUSPECTED = f"""
WITH first AS (
    DELETE FROM again a WHERE NOT EXISTS
        (SELECT 1 FROM stage s WHERE s.event_at = a.event_at AND s.key = a.key)
    AND line_no = (SELECT min(line_no) FROM again o WHERE o.event_at = a.event_at AND o.key = a.key)
    RETURNING {", ".join(f"a.{n}" for n in STAGED)})
INSERT INTO stage ({", ".join(STAGED)}) SELECT * FROM first
"""  # noqa: S608


def fold_repeats(cursor: Any) -> tuple[int, int]:
    """Fold lines whose key came before in the chunk into it: (updates, duplicates).

    The last line's attributes stay, with the largest Occurrences.
    """
    cursor.execute("ANALYZE again")
    cursor.execute(_ONLY_SUSPECTED)
    cursor.execute(_COUNT_REPEATS)
    updated, repeated = cursor.fetchone()
    cursor.execute(_FOLD_REPEATS)
    return updated, repeated - updated
