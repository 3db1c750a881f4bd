"""The statements behind the gates: each answers for all plans at once."""

from __future__ import annotations

# Hundreds of plans are summed at once: in memory, by hash. Left alone, the planner takes the days
# for few rows and sorts a million of them on disk.
BY_HASH = "SET LOCAL work_mem = '128MB'; SET LOCAL enable_sort = off; SET LOCAL jit = off"

SCOPE = """
WITH scope AS MATERIALIZED (
    SELECT * FROM unnest(%(plans)s::bigint[], %(groups)s::bigint[], %(locations)s::bigint[],
        %(set_at)s::timestamptz[]) AS s(plan_id, group_id, location_id, set_at))
"""

# Locations of a whole group's clients that follow another policy. A hash of them is asked for each
# row; a join would go through the list of them for each.
TAKEN = """
    AND (s.location_id <> 0 OR d.location_id IS NULL OR (d.group_id, d.location_id) NOT IN (
        SELECT * FROM unnest(%(taken_groups)s::int[], %(taken_locations)s::int[])))
"""

# Commercial applications and numbered levels need no look at the process; keyloggers do.
KEYLOGGERS = """
    AND (s.track <> 'keyloggers' OR EXISTS (
        SELECT 1 FROM truscan_processsummary p
        WHERE p.process_id = d.process_id AND p.risk_class = 'keylogger'))
"""

# Days are listed one by one, so that each is one probe of the index (day, group) and the planner
# knows how many. The level of the log counts where it is on the ramp's scale of tens; other scales
# say nothing of it. Sums of bigint are numeric, slow and large in memory by the hundred thousand:
# floats are exact up to 2^53. Days come as bits, the newest lowest: their number is that of the
# observations.
OBSERVED = """
WITH scope AS MATERIALIZED (
    SELECT * FROM unnest(%(day_plans)s::bigint[], %(day_groups)s::int[], %(day_locations)s::int[],
        %(day_levels)s::int[], %(day_tracks)s::text[], %(days)s::date[])
    AS s(plan_id, group_id, location_id, level, track, day)),
ignored AS MATERIALIZED (
    SELECT * FROM unnest(%(ignored_groups)s::int[], %(ignored_processes)s::int[])
        AS i(group_id, process_id)),
observed AS (
    SELECT s.plan_id, d.process_id, d.group_id,
        bit_or(1::bigint << (%(until)s::date - d.day)) AS days,
        sum(d.occurrences::float8) FILTER (WHERE d.event_type = 1) AS potential,
        sum(d.occurrences::float8) FILTER (WHERE d.event_type = 2) AS security,
        bool_or(d.event_type = 2 AND d.day >= %(lately)s) AS is_risk,
        sum(d.occurrences::float8) FILTER (WHERE d.action_id = ANY(%(stops)s)) AS stopped,
        sum(d.occurrences::float8) FILTER (WHERE d.sensitivity = s.level) AS by_log,
        sum(d.occurrences::float8) AS whole
    FROM scope s
    JOIN truscan_dailycount d ON d.day = s.day AND d.group_id = s.group_id
    WHERE d.event_type < 4 AND (d.event_type = 3) = (s.track = 'commercial')
        AND (s.location_id = 0 OR d.location_id = s.location_id)
        AND (s.level IS NULL OR d.sensitivity IS NULL OR d.sensitivity = s.level
            OR d.sensitivity %% 10 <> 0 OR d.sensitivity NOT BETWEEN 10 AND 100)
        {more}
    GROUP BY 1, 2, 3),
by_process AS (
    SELECT o.plan_id, o.process_id, sum(bit_count(o.days::bit(64))::int) AS times,
        sum(o.potential) AS potential,
        sum(o.potential) FILTER (WHERE i.process_id IS NOT NULL) AS ignored,
        sum(o.security) AS security,
        bool_or(i.process_id IS NOT NULL AND o.is_risk) AS is_risk,
        sum(o.stopped) FILTER (WHERE i.process_id IS NOT NULL) AS stopped,
        sum(o.by_log) AS by_log, sum(o.whole) AS whole, bit_or(o.days) AS days
    FROM observed o
    LEFT JOIN ignored i ON i.group_id = o.group_id AND i.process_id = o.process_id
    GROUP BY 1, 2)
"""

SEEN = (
    OBSERVED
    + """
SELECT plan_id, sum(times)::bigint, count(*), count(*) FILTER (WHERE times = 1),
    count(*) FILTER (WHERE times = 2), coalesce(sum(potential), 0)::bigint,
    coalesce(sum(ignored), 0)::bigint, coalesce(sum(security), 0)::bigint,
    count(*) FILTER (WHERE is_risk), coalesce(sum(stopped), 0)::bigint,
    coalesce(sum(by_log), 0)::bigint, sum(whole)::bigint, bit_or(days)
FROM by_process GROUP BY 1
"""
)

# What ignored processes would have added since they were last reported: `silent_days` as SQL.
SILENT = """
WITH scope AS MATERIALIZED (
    SELECT plan_id, group_id, track, min(day) AS since
    FROM unnest(%(day_plans)s::bigint[], %(day_groups)s::int[], %(day_tracks)s::text[],
        %(days)s::date[]) AS s(plan_id, group_id, track, day)
    GROUP BY 1, 2, 3),
ignored AS MATERIALIZED (
    SELECT * FROM unnest(%(ignored_groups)s::int[], %(ignored_processes)s::int[])
        AS i(group_id, process_id)),
rate AS (
    SELECT t.group_id, (t.commercial_occurrences > 0) AS is_commercial,
        (t.last_at AT TIME ZONE 'UTC')::date AS last_on,
        sum(1 - exp(-t.rows / ((t.last_at AT TIME ZONE 'UTC')::date
            - (t.first_at AT TIME ZONE 'UTC')::date + 1)::float)) AS a_day
    FROM ignored i
    JOIN truscan_sighting t ON t.group_id = i.group_id AND t.process_id = i.process_id
    GROUP BY 1, 2, 3)
SELECT s.plan_id,
    sum(r.a_day * greatest(%(until)s::date - 1 - greatest(r.last_on, s.since - 1), 0))
FROM scope s JOIN rate r ON r.group_id = s.group_id AND r.is_commercial = (s.track = 'commercial')
GROUP BY 1
"""

# No response can close what is on Symantec's own list: it is not open in the inbox either.
OPEN = f"""
{SCOPE}
SELECT s.plan_id, count(DISTINCT t.process_id), min(t.first_at)
FROM (SELECT DISTINCT plan_id, group_id FROM scope) s
JOIN truscan_sighting t ON t.group_id = s.group_id
WHERE t.covered_until <= %(now)s AND t.observed_until <= %(now)s AND t.candidate_occurrences > 0
    AND NOT EXISTS (
        SELECT 1 FROM truscan_process p WHERE p.id = t.process_id AND p.on_symantec_list)
GROUP BY 1
"""  # noqa: S608 - constants of this module

HEARD = f"""
{SCOPE}
SELECT s.plan_id, count(*) FILTER (WHERE c.last_heard_at >= s.set_at),
    count(*) FILTER (WHERE c.last_heard_at >= %(heard_from)s), max(c.last_heard_at)
FROM (SELECT DISTINCT plan_id, group_id, set_at FROM scope) s
JOIN truscan_computer c ON c.group_id = s.group_id
GROUP BY 1
"""  # noqa: S608 - constants of this module

# How often each number of detections happened: far fewer rows to sort than days of users.
LOAD = """
WITH scope AS MATERIALIZED (
    SELECT DISTINCT * FROM unnest(%(day_plans)s::bigint[], %(day_groups)s::int[], %(days)s::date[])
        AS s(plan_id, group_id, day)
    WHERE day > %(load_from)s),
user_day AS (
    SELECT s.plan_id, d.day, d.account_id, sum(d.occurrences) AS many
    FROM scope s JOIN truscan_computerday d ON d.day = s.day AND d.group_id = s.group_id
    GROUP BY 1, 2, 3),
often AS (
    SELECT plan_id, many, sum(count(*)) OVER (PARTITION BY plan_id ORDER BY many) AS upto,
        sum(count(*)) OVER (PARTITION BY plan_id) AS total
    FROM user_day GROUP BY 1, 2)
SELECT plan_id, min(many) FROM often WHERE upto >= total * 0.95 GROUP BY 1
"""
