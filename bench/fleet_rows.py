"""The rows of the big fleet, by SQL alone: every value is a hash of its row's number.

Counted by the statements of an import (`truscan.ingest.counts`), with the whole table as the chunk.
Side tables live in the schema "bench": `program` (spread, threshold, truth of each process),
`place` (computers and level dates of each group), `fleet` (version and rows).
"""

from __future__ import annotations

from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db import transaction

from truscan.ingest import counts, staging
from truscan.ramp.layout import make_steps
from truscan.ramp.plan import Track

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date, datetime

GROUPS = 200
COMPUTERS = PROCESSES = 50_000
RAMP_DAYS = 90
# So many plans start a day later than the group before, then from the beginning again.
STAGGER = 20

# A number in [0, 1) for row i and purpose n.
_DICE = """
CREATE SCHEMA bench;
CREATE FUNCTION bench.u(i bigint, n bigint) RETURNS double precision IMMUTABLE PARALLEL SAFE
LANGUAGE sql AS $$
    SELECT ((hashint8extended(i, n) >> 11) & 9007199254740991) / 9007199254740992.0::float8 $$;
"""

# 1 root, 9 regions, 45 departments below them, 145 units below those.
_GROUPS = """
INSERT INTO truscan_site (id, name, timezone, encoding, created_at)
    VALUES (1, 'Synthetic site', 'UTC', '', %(now)s);
INSERT INTO truscan_domain (id, name, name_key) VALUES (1, 'Synthetic', 'synthetic');
INSERT INTO truscan_server (id, name, name_key) VALUES (1, 'SEPM-SYN-01', 'sepm-syn-01');
CREATE TABLE bench.place AS
SELECT n AS group_id, CASE WHEN n = 1 THEN NULL WHEN n <= 10 THEN 1
        WHEN n <= 55 THEN 2 + (n - 11) %% 9 ELSE 11 + (n - 56) %% 45 END AS parent_id,
    CASE WHEN n = 1 THEN 'My Company' WHEN n <= 10 THEN 'Region ' || n - 1
        WHEN n <= 55 THEN 'Department ' || n - 10 ELSE 'Unit ' || n - 55 END AS name,
    %(computers)s * ((n - 1) / %(groups)s.0) ^ 1.4 AS first_computer,
    %(computers)s * (n / %(groups)s.0) ^ 1.4 AS last_computer
FROM generate_series(1, %(groups)s) AS n;
ALTER TABLE bench.place ALTER first_computer TYPE int USING floor(first_computer)::int + 1,
    ALTER last_computer TYPE int USING floor(last_computer)::int;
UPDATE bench.place SET last_computer = %(computers)s WHERE group_id = %(groups)s;
INSERT INTO truscan_group (id, domain_id, parent_id, name, path, path_key, inherits,
    inherits_known, client_count, client_count_at, created_at)
WITH RECURSIVE tree AS (
    SELECT group_id, parent_id, name, name AS path FROM bench.place WHERE parent_id IS NULL
    UNION ALL SELECT p.group_id, p.parent_id, p.name, t.path || E'\\\\' || p.name
    FROM bench.place p JOIN tree t ON t.group_id = p.parent_id)
SELECT t.group_id, 1, t.parent_id, t.name, t.path, lower(t.path), true, false,
    CASE WHEN t.group_id %% 10 <> 0 THEN p.last_computer - p.first_computer + 1 END,
    CASE WHEN t.group_id %% 10 <> 0 THEN %(now)s::timestamptz END, %(now)s
FROM tree t JOIN bench.place p ON p.group_id = t.group_id ORDER BY t.group_id;
INSERT INTO truscan_location (id, group_id, name, name_key)
    SELECT 2 * group_id - 1, group_id, 'Office', 'office' FROM bench.place
    UNION ALL SELECT 2 * group_id, group_id, 'VPN', 'vpn' FROM bench.place;
INSERT INTO truscan_computer (id, domain_id, name, name_key, ip_address)
    SELECT n, 1, 'PC-' || lpad(n::text, 5, '0'), 'pc-' || lpad(n::text, 5, '0'), ''
    FROM generate_series(1, %(computers)s) AS n;
INSERT INTO truscan_account (id, domain_id, name, name_key)
    SELECT n, 1, 'user' || n, 'user' || n FROM generate_series(1, %(computers)s) AS n
    UNION ALL SELECT %(computers)s + 1, 1, 'SYSTEM', 'system';
INSERT INTO truscan_logfile (id, name, stored_as, sha256, size, created_at)
    VALUES (1, 'synthetic', 'synthetic/big-fleet', repeat('0', 63) || '1', 0, %(now)s);
INSERT INTO truscan_logimport (id, site_id, file_id, name, member, sha256, byte_start,
    base_line_no, timezone, encoding, mapping, format, encoding_found, state, read, inserted,
    updated, duplicate, ignored, rejected, ignored_by_kind, bytes_total, bytes_done, checkpoint,
    question, error, seconds, tries, created_at, started_at, finished_at, actor_name, means)
    VALUES (1, 1, 1, 'synthetic big fleet', '', repeat('0', 63) || '1', 0, 0, 'UTC', '', '{}',
    'synthetic', 'utf-8', 'done', %(rows)s, %(rows)s, 0, 0, 0, 0, '{}', 0, 0, '{}', '{}', '', 0, 0,
    %(now)s, %(now)s, %(now)s, 'synthetic', 'command_line');
INSERT INTO truscan_importgroup (log_import_id, group_id) SELECT 1, group_id FROM bench.place;
"""

# Rank 1 is the most frequent. Ids are the ranks shuffled (7919 is a prime). `groups` and `reach`
# fall with the rank: a tail process lives in one or two groups. 5 in 100 are risky.
_PROGRAMS = """
CREATE TABLE bench.program AS
SELECT rank, rank::bigint * 7919 %% %(processes)s + 1 AS process_id,
    bench.u(rank, 11) < 0.05 AS risky,
    greatest(1, least(%(groups)s, round(%(groups)s * (40.0 / (rank + 20)) ^ 0.75
        * (0.5 + bench.u(rank, 12)))))::int AS groups,
    floor(bench.u(rank, 13) * %(groups)s)::int AS home,
    greatest(0.03, 0.7 * (30.0 / (rank + 30)) ^ 0.5) AS reach,
    floor(bench.u(rank, 14) * 10)::int + 1 AS threshold,
    CASE WHEN bench.u(rank, 15) < 0.03 THEN 'commercial'
        WHEN bench.u(rank, 15) < 0.04 THEN 'keylogger' ELSE 'ordinary' END AS kind,
    bench.u(rank, 16) < 0.02 AS listed, bench.u(rank, 17) >= 0.03 AS hashed,
    floor(bench.u(rank, 18) ^ 2 * 400)::int AS company, bench.u(rank, 19) >= 0.15 AS signed,
    bench.u(rank, 20) < 0.08 AS misjudged
FROM generate_series(1, %(processes)s) AS rank;
UPDATE bench.program SET listed = false WHERE risky;
INSERT INTO truscan_process (id, identity, hash, hash_type, name, generic_path, application_name,
    application_type, application_version, company_name, signer, file_size, permitted_reason,
    on_symantec_list, created_at)
SELECT process_id, md5('process ' || process_id)::uuid,
    CASE WHEN hashed THEN encode(sha256(('process ' || process_id)::bytea), 'hex') ELSE '' END,
    CASE WHEN hashed THEN 'SHA-256' ELSE '' END, file,
    CASE process_id %% 4 WHEN 0 THEN '%%USERPROFILE%%\\Downloads\\'
        WHEN 1 THEN '%%USERPROFILE%%\\AppData\\Local\\' ELSE '%%PROGRAMFILES%%\\' END
        || word || E'\\\\' || file,
    initcap(word), CASE kind WHEN 'commercial' THEN 'Commercial remote control'
        WHEN 'keylogger' THEN 'Keylogger' ELSE 'Trojan Worm' END,
    (1 + rank %% 9) || '.' || rank %% 10, CASE WHEN signed THEN maker ELSE '' END,
    CASE WHEN signed THEN maker ELSE '' END, 20000 + rank * 37,
    CASE WHEN listed THEN 'Symantec permitted application list'
        ELSE 'Not on the permitted application list' END, listed, %(now)s
FROM (SELECT *, 'Synthetic Maker ' || company AS maker, word || rank / 64 || '.exe' AS file
    FROM (SELECT *, (ARRAY['north','lake','steel','quiet','amber','rapid','cloud',
            'field'])[1 + rank %% 8] || (ARRAY['sync','desk','view','pack','mail','scan','plan',
            'cast'])[1 + rank / 8 %% 8] AS word FROM bench.program) AS named
    ) AS p ORDER BY process_id;
INSERT INTO truscan_appearance (id, identity, process_id, name, generic_path, rows, occurrences)
    SELECT id, md5('appearance ' || id)::uuid, id, name, generic_path, 0, 0 FROM truscan_process;
INSERT INTO truscan_filefacts (id, identity, process_id, application_name, application_type,
    application_version, company_name, file_size, hash_type, signer, permitted_reason, disposition,
    prevalence, confidence)
SELECT p.id, md5('facts ' || p.id)::uuid, p.id, p.application_name, p.application_type,
    p.application_version, p.company_name, p.file_size, p.hash_type, p.signer, p.permitted_reason,
    CASE WHEN b.risky AND bench.u(p.id, 21) < 0.6 THEN 'Bad'
        WHEN NOT b.risky AND bench.u(p.id, 21) < 0.5 THEN 'Good' ELSE '127' END,
    CASE WHEN b.rank < 500 THEN 'Thousands of users' ELSE 'Fewer than 100 users' END,
    CASE WHEN b.risky THEN 'Low' ELSE 'Some trust' END
FROM truscan_process p JOIN bench.program b ON b.process_id = p.id ORDER BY p.id;
CREATE INDEX ON bench.program (process_id);
"""

# One outcome per event type, level and action, with an id that rows compute.
_OUTCOMES = """
INSERT INTO truscan_action (id, name, name_key) VALUES (1, 'Left alone', 'left alone'),
    (2, 'Quarantined', 'quarantined'), (3, 'Process terminated', 'process terminated'),
    (4, 'Suspicious', 'suspicious');
INSERT INTO truscan_outcome (id, identity, event, event_type, candidate, detection_type,
    sensitivity, sensitivity_text, detection_score, action_id)
SELECT 1 + e * 44 + l * 4 + a, md5(concat_ws(' ', 'outcome', e, l, a))::uuid,
    (ARRAY['Suspicious Behavior Detection', 'Potential risk found', 'Security risk found',
        'Commercial application detected', 'Forced TruScan proactive threat detected',
        'TruScan detection now allowed'])[e + 1], e, e NOT IN (4, 5), 'Heuristic',
    nullif(l * 10, 0), nullif(l * 10, 0)::text, 50, a + 1
FROM generate_series(0, 5) AS e, generate_series(0, 10) AS l, generate_series(0, 3) AS a;
"""

# The rank by the inverse of the continuous Zipf distribution with exponent 1.05. A process is seen
# from the day on which the group's level reaches its threshold; the log tells the level in force.
_DETECTIONS = """
INSERT INTO truscan_detection (event_at, key, line_no, inserted_at, log_import_id, process_id,
    appearance_id, facts_id, outcome_id, group_id, location_id, computer_id, account_id, server_id,
    own_occurrences, occurrences, event_type, sensitivity, candidate)
SELECT event_at, hashint8extended(i, 1), i, event_at + interval '1 hour', 1, process_id, process_id,
    process_id, 1 + event_type * 44 + level * 4 + action, group_id,
    CASE WHEN bench.u(computer, 5) < 0.6 THEN 2 * group_id - 1
        WHEN bench.u(computer, 5) < 0.9 THEN 2 * group_id END,
    computer, CASE WHEN bench.u(i, 6) < 0.1 THEN %(computers)s + 1 ELSE computer END, 1,
    times, times, event_type, nullif(level * 10, 0), event_type NOT IN (4, 5)
FROM (
    SELECT s.i, s.event_at, s.process_id, s.group_id, s.times, s.first_computer
            + floor(bench.u(s.process_id * 60000 + s.member, s.group_id) * s.size)::int AS computer,
        CASE WHEN bench.u(s.i, 8) < 0.08 THEN 0
            ELSE width_bucket(s.day, s.level_from) END AS level,
        CASE WHEN d < 0.02 THEN 4 WHEN d < 0.03 THEN 5 WHEN d < 0.033 THEN 0
            WHEN s.kind = 'commercial' THEN 3
            WHEN s.risky AND d < 0.7 OR s.misjudged AND d > 0.8 THEN 2 ELSE 1 END AS event_type,
        CASE WHEN d < 0.02 THEN 1 WHEN s.risky AND d > 0.5 THEN 1 WHEN s.risky AND d > 0.4 THEN 2
            ELSE 0 END AS action
    FROM (
        SELECT r.i, b.process_id, b.kind, b.risky, b.misjudged, p.group_id, p.level_from,
            p.first_computer, p.size, bench.u(r.i, 9) AS d,
            1 + floor(-2 * ln(1 - bench.u(r.i, 10)))::int AS times,
            floor(bench.u(r.i, 4) * greatest(1, ceil(p.size * b.reach)))::int AS member,
            floor(t.begins + (%(days)s - t.begins) * bench.u(r.i, 3))::int AS day,
            date_trunc('second', %(now)s::timestamptz + interval '1 day'
                * (t.begins + (%(days)s - t.begins) * bench.u(r.i, 3) - %(days)s)) AS event_at
        FROM (SELECT i, least(%(processes)s, floor((1 - (1 - %(processes)s ^ -0.05)
                * bench.u(i, 2)) ^ -20.0))::int AS rank
            FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS i) AS r
        JOIN bench.program b ON b.rank = r.rank
        JOIN bench.place p ON p.group_id
            = (b.home + 37 * floor(b.groups * bench.u(r.i, 7) ^ 1.5)::int) %% %(groups)s + 1
        CROSS JOIN LATERAL (SELECT CASE WHEN b.threshold = 1 THEN 0
            ELSE p.level_from[b.threshold] END AS begins) AS t
    ) AS s
) AS told ORDER BY event_at
"""

# The import's statements read a chunk by this name; here the chunk is everything.
_ALL = f"""
CREATE TEMP VIEW everything AS SELECT {", ".join(f"d.{c}" for c in staging.DELTA[:-3])},
    o.action_id, 1 AS rows, d.occurrences::bigint AS occurrences
FROM truscan_detection d JOIN truscan_outcome o ON o.id = d.outcome_id
"""  # noqa: S608

_SEQUENCES = """
SELECT setval(pg_get_serial_sequence(name, 'id'), 1000000, true) FROM unnest(ARRAY['truscan_site',
    'truscan_domain', 'truscan_server', 'truscan_group', 'truscan_location', 'truscan_computer',
    'truscan_account', 'truscan_logfile', 'truscan_logimport', 'truscan_process',
    'truscan_appearance', 'truscan_filefacts', 'truscan_action', 'truscan_outcome']) AS name
"""


def sizes(rows: int) -> dict[str, int]:
    """A smaller fleet has fewer processes and computers, so that both still repeat."""
    few = max(500, min(PROCESSES, rows // 200))
    return {"rows": rows, "groups": GROUPS, "computers": few, "processes": few}


def starts_on(group_id: int, now: datetime, days: int) -> date:
    """The day on which the ramp of a group begins."""
    return (now - timedelta(days=days - 3 - group_id % STAGGER)).date()


def months(now: datetime, days: int) -> list[tuple[int, int]]:
    found = {now - timedelta(days=n) for n in range(days + 1)}
    return sorted({(day.year, day.month) for day in found})


def make_estate(cursor: Any, rows: int, now: datetime, days: int) -> None:
    told = {**sizes(rows), "now": now}
    for sql in (_DICE, _GROUPS, _PROGRAMS, _OUTCOMES):
        cursor.execute(sql, told)
    cursor.execute("ALTER TABLE bench.place ADD level_from int[], ADD size int")
    begin = (now - timedelta(days=days)).date()
    for group_id in range(1, GROUPS + 1):
        steps = make_steps(Track.TROJANS, starts_on(group_id, now, days), RAMP_DAYS)
        cursor.execute("UPDATE bench.place SET level_from = %s, "
                       "size = greatest(1, last_computer - first_computer + 1) WHERE group_id = %s",
                       [[(s.planned_on - begin).days for s in steps], group_id])  # fmt: skip
    cursor.execute(_SEQUENCES)
    cursor.execute("ANALYZE")


def make_detections(cursor: Any, rows: int, now: datetime, days: int) -> None:
    """In order of time, as logs arrive; indexes are made afterwards, which takes a third."""
    with _without_indexes(cursor, "truscan_detection"):
        cursor.execute("SET work_mem = '1GB'")
        told = {**sizes(rows), "now": now, "days": days, "first": 1, "last": rows}
        cursor.execute(_DETECTIONS, told)
    cursor.execute("ANALYZE truscan_detection")


def count(cursor: Any) -> None:
    """All count tables, by the statements of an import."""
    cursor.execute("SET work_mem = '512MB'")
    staging.begin(cursor)
    cursor.execute(_ALL)
    with _without_indexes(cursor, "truscan_dailycount"), transaction.atomic():
        counts.add(cursor, "everything")


@contextmanager
def _without_indexes(cursor: Any, table: str) -> Iterator[None]:
    """Take the indexes that enforce nothing off the table, and put them back as they were."""
    cursor.execute(
        "SELECT indexrelid::regclass::text,"
        " replace(pg_get_indexdef(indexrelid), ' ON ONLY ', ' ON ') FROM pg_index"
        " WHERE indrelid = %s::regclass AND NOT indisunique",
        [table],
    )
    indexes = cursor.fetchall()
    for name, _ in indexes:
        cursor.execute(f"DROP INDEX {name}")
    yield
    cursor.execute("SET maintenance_work_mem = '512MB'")
    for _, made in indexes:
        cursor.execute(made)
