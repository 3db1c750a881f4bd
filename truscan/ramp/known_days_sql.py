"""The statements behind the days of one plan.

Each day and group is one probe of an index that begins with both, summed where it is found: no
sort, no hash over millions of rows, and a plan that does not depend on statistics.
"""

from __future__ import annotations

from truscan.ramp.evidence_sql import KEYLOGGERS, TAKEN

NEW_KEYLOGGERS = """
    AND EXISTS (SELECT 1 FROM truscan_processsummary p
        WHERE p.process_id = t.process_id AND p.risk_class = 'keylogger')
"""

__all__ = ["FIGURES", "KEYLOGGERS", "LOADS", "NEW", "NEW_KEYLOGGERS", "TAKEN"]

# The level of the log counts where it is on the ramp's scale of tens; a row of another level than
# the day's belongs to neither side of a change.
FIGURES = """
WITH s AS MATERIALIZED (
    SELECT day.day, day.level, place.group_id, place.location_id, %(track)s::text AS track
    FROM unnest(%(days)s::date[], %(levels)s::int[]) AS day(day, level),
    unnest(%(groups)s::int[], %(locations)s::int[]) AS place(group_id, location_id)),
ignored AS MATERIALIZED (
    SELECT * FROM unnest(%(ignored_groups)s::int[], %(ignored_processes)s::int[])
        AS i(group_id, process_id))
SELECT s.day, s.group_id, coalesce(sum(found.potential), 0)::bigint,
    coalesce(sum(found.security), 0)::bigint, coalesce(sum(found.commercial), 0)::bigint,
    coalesce(sum(found.other), 0)::bigint, coalesce(sum(found.ignored), 0)::bigint
FROM s CROSS JOIN LATERAL (
    SELECT count(*) AS many,
        sum(d.occurrences) FILTER (WHERE d.event_type = 1) AS potential,
        sum(d.occurrences) FILTER (WHERE d.event_type = 2) AS security,
        sum(d.occurrences) FILTER (WHERE d.event_type = 3) AS commercial,
        sum(d.occurrences) FILTER (WHERE d.event_type = 0) AS other,
        sum(d.occurrences) FILTER (WHERE d.event_type = 1
            AND (d.group_id, d.process_id) IN (SELECT group_id, process_id FROM ignored))
            AS ignored
    FROM truscan_dailycount d
    WHERE d.day = s.day AND d.group_id = s.group_id
        AND d.event_type < 4 AND (d.event_type = 3) = (s.track = 'commercial')
        AND (s.location_id = 0 OR d.location_id = s.location_id)
        AND (s.level IS NULL OR d.sensitivity IS NULL OR d.sensitivity = s.level
            OR d.sensitivity %% 10 <> 0 OR d.sensitivity NOT BETWEEN 10 AND 100)
        {more}) found
WHERE found.many > 0
GROUP BY 1, 2 ORDER BY 1, 2
"""

# All tracks and all locations: ComputerDay knows neither, and a user gets everything.
LOADS = """
SELECT day.day, sum(found.occurrences)::bigint, sum(found.clients)::bigint,
    sum(found.users)::bigint
FROM unnest(%(days)s::date[]) AS day(day)
CROSS JOIN (SELECT DISTINCT unnest(%(groups)s::int[]) AS group_id) place
CROSS JOIN LATERAL (
    SELECT sum(d.occurrences) AS occurrences, count(DISTINCT d.computer_id) AS clients,
        count(DISTINCT d.account_id) AS users
    FROM truscan_computerday d
    WHERE d.day = day.day AND d.group_id = place.group_id) found
WHERE found.occurrences > 0
GROUP BY 1 ORDER BY 1
"""

# A process counts on the day on which it was first seen in any of the groups.
NEW = """
SELECT (first_at AT TIME ZONE 'UTC')::date, count(*) FROM (
    SELECT t.process_id, min(t.first_at) AS first_at
    FROM truscan_sighting t
    WHERE t.group_id = ANY(%(groups)s)
        AND CASE WHEN %(track)s = 'commercial' THEN t.commercial_occurrences > 0
            ELSE t.potential_occurrences + t.security_occurrences > 0 END
        {more}
    GROUP BY 1) seen
WHERE first_at >= %(first)s::date::timestamp AT TIME ZONE 'UTC'
GROUP BY 1 ORDER BY 1
"""
