"""The statements behind a plan's finished levels: one plan, all its spells at once."""

# ruff: noqa: S608 - joined from constants of this room only

from __future__ import annotations

from truscan.ramp.evidence_sql import KEYLOGGERS, TAKEN

__all__ = ["KEYLOGGERS", "LEVELS", "NOTIFIED", "TAKEN", "USERS_SORTED"]

# Days are listed one by one, so that each is one probe of an index that begins with (day, group).
SPELLS = """
WITH s AS MATERIALIZED (
    SELECT spell.*, place.*, %(track)s::text AS track
    FROM unnest(%(numbers)s::int[], %(levels)s::int[], %(days)s::date[])
        AS spell(number, level, day),
    unnest(%(groups)s::int[], %(locations)s::int[]) AS place(group_id, location_id))
"""

# The level of the log counts where it is on the ramp's scale of tens.
_COUNTS = """d.day = s.day AND d.group_id = s.group_id
        AND d.event_type < 4 AND (d.event_type = 3) = (s.track = 'commercial')
        AND (s.location_id = 0 OR d.location_id = s.location_id)
        AND (s.level IS NULL OR d.sensitivity IS NULL OR d.sensitivity = s.level
            OR d.sensitivity %% 10 <> 0 OR d.sensitivity NOT BETWEEN 10 AND 100)
        {more}"""

# A process is new in the first spell of the plan in which it was seen at all. Summed by process
# and spell only, so that millions of rows fit in memory; the days that brought reports are looked
# up one by one.
LEVELS = (
    SPELLS
    + f""",
line AS MATERIALIZED (
    SELECT s.number, d.process_id, sum(d.occurrences::float8) AS whole
    FROM s JOIN truscan_dailycount d ON {_COUNTS}
    GROUP BY 1, 2),
fresh AS (
    SELECT number, count(*) AS many
    FROM (SELECT process_id, min(number) AS number FROM line GROUP BY 1) f
    GROUP BY 1),
reported AS (
    SELECT number, count(DISTINCT day) AS days FROM s
    WHERE EXISTS (SELECT 1 FROM truscan_dailycount d WHERE {_COUNTS})
    GROUP BY 1),
brought AS (SELECT number, sum(whole)::bigint AS whole FROM line GROUP BY 1)
SELECT brought.number, reported.days, coalesce(fresh.many, 0), brought.whole
FROM brought JOIN reported USING (number) LEFT JOIN fresh USING (number)
"""
)

# The users of a day are told apart by a sort of that day.
USERS_SORTED = "SET LOCAL enable_sort = on; SET LOCAL work_mem = '64MB'"

# The mean of detections per user and day with any, of all tracks: a user gets them all, and counts
# once a day in however many groups.
NOTIFIED = """
SELECT spell.number, sum(found.whole)::float8 / sum(found.users)::float8
FROM unnest(%(numbers)s::int[], %(days)s::date[]) AS spell(number, day)
CROSS JOIN LATERAL (
    SELECT sum(d.occurrences) AS whole, count(DISTINCT d.account_id) AS users
    FROM truscan_computerday d
    WHERE d.day = spell.day AND d.group_id = ANY(%(groups)s)) found
GROUP BY 1 HAVING sum(found.users) > 0
"""
