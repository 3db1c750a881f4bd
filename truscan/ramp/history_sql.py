"""The statements behind a plan's finished levels: one plan, all its spells at once."""

# ruff: noqa: S608 - joined from constants of this room only

from __future__ import annotations

from truscan.ramp.evidence_sql import KEYLOGGERS, TAKEN

__all__ = ["KEYLOGGERS", "LEVELS", "NOTIFIED", "TAKEN"]

# Days are listed one by one, so that each is one probe of an index that begins with (day, group).
SPELLS = """
WITH s AS MATERIALIZED (
    SELECT spell.*, place.*, %(track)s::text AS track
    FROM unnest(%(numbers)s::int[], %(levels)s::int[], %(days)s::date[])
        AS spell(number, level, day),
    unnest(%(groups)s::int[], %(locations)s::int[]) AS place(group_id, location_id))
"""

# One row for each spell and group, and one with a null group for each spell. A process is new in
# the first spell of the plan in which it was seen at all.
LEVELS = (
    SPELLS
    + """,
ignored AS MATERIALIZED (
    SELECT * FROM unnest(%(ignored_groups)s::int[], %(ignored_processes)s::int[])
        AS i(group_id, process_id)),
line AS MATERIALIZED (
    SELECT s.number, d.group_id, d.process_id, d.day,
        sum(d.occurrences) FILTER (WHERE d.event_type = 1) AS potential,
        sum(d.occurrences) FILTER (WHERE d.event_type = 2) AS security,
        sum(d.occurrences) AS whole
    FROM s
    JOIN truscan_dailycount d
        ON d.day = s.day AND d.group_id = s.group_id
    WHERE d.event_type < 4 AND (d.event_type = 3) = (s.track = 'commercial')
        AND (s.location_id = 0 OR d.location_id = s.location_id)
        AND (s.level IS NULL OR d.sensitivity IS NULL OR d.sensitivity = s.level
            OR d.sensitivity %% 10 <> 0 OR d.sensitivity NOT BETWEEN 10 AND 100)
        {more}
    GROUP BY 1, 2, 3, 4),
fresh AS (
    SELECT number, count(*) AS many
    FROM (SELECT process_id, min(number) AS number FROM line GROUP BY 1) f
    GROUP BY 1)
SELECT l.number, l.group_id, count(DISTINCT l.day), coalesce(max(fresh.many), 0),
    coalesce(sum(l.potential), 0)::bigint, coalesce(sum(l.security), 0)::bigint,
    coalesce(sum(l.potential) FILTER (WHERE i.process_id IS NOT NULL), 0)::bigint,
    sum(l.whole)::bigint
FROM line l
LEFT JOIN fresh ON fresh.number = l.number
LEFT JOIN ignored i ON i.group_id = l.group_id AND i.process_id = l.process_id
GROUP BY GROUPING SETS ((l.number, l.group_id), (l.number))
"""
)

# The mean of detections per user and day with any, of all tracks: a user gets them all.
NOTIFIED = (
    SPELLS
    + """
SELECT number, sum(many) / count(*) FROM (
    SELECT s.number, d.day, d.account_id, sum(d.occurrences) AS many
    FROM (SELECT DISTINCT number, day, group_id FROM s) s
    JOIN truscan_computerday d ON d.day = s.day AND d.group_id = s.group_id
    GROUP BY 1, 2, 3) user_day
GROUP BY 1
"""
)
