"""The statements behind a policy's effect: first by rule, then by place for those that are shown.

A rule is met by detections of its process, and of those that are the same file by another hash that
it carries. `at` is the first revision from which on every one had the rule with this response; the
first day that counts is the one after it and the heartbeat.

Ignore: `left` is what is still detected, unless the client says that it allows it. Quarantine and
Terminate: `left` is what the client says it left running; words that do not tell are counted apart
(`unclear`), and so is what was stopped, which is the proof.

Days are listed one by one, so that few groups are probes of the index (day, group) and many are
found by process.
"""

from __future__ import annotations

_MET = """
WITH entry AS MATERIALIZED (
    SELECT DISTINCT ON (met.process_id) met.process_id, met.rule_id, met.response
    FROM (
        SELECT e.process_id, e.process_id AS rule_id, e.response, 0 AS by_link
        FROM exceptions_app_revisionentry e
        WHERE e.revision_id = %(revision)s AND (e.expires_at IS NULL OR e.expires_at > %(now)s)
        UNION ALL
        SELECT p.id, e.process_id, e.response, 1
        FROM exceptions_app_revisionentry e
        CROSS JOIN LATERAL unnest(e.hashes) AS h(tagged)
        JOIN truscan_process p ON p.hash = split_part(h.tagged, ':', 2)
        WHERE e.revision_id = %(revision)s AND (e.expires_at IS NULL OR e.expires_at > %(now)s)
            AND cardinality(e.hashes) > 1) met
    WHERE %(shown)s::bigint[] IS NULL OR met.rule_id = ANY(%(shown)s)
    ORDER BY met.process_id, met.by_link, met.rule_id),
rule AS MATERIALIZED (
    SELECT e.*, greatest(%(first)s, (
        (e.at + %(heartbeat)s * interval '1 hour') AT TIME ZONE 'UTC')::date + 1) AS first_on
    FROM (
        SELECT n.*, (
            SELECT min(r.published_at) FROM exceptions_app_revision r
            WHERE r.policy_id = %(policy)s AND r.number > coalesce((
                SELECT max(o.number) FROM exceptions_app_revision o
                WHERE o.policy_id = %(policy)s AND NOT EXISTS (
                    SELECT 1 FROM exceptions_app_revisionentry x
                    WHERE x.revision_id = o.id AND x.process_id = n.rule_id
                        AND x.response = n.response)), 0)) AS at
        FROM entry n) e),
seen AS NOT MATERIALIZED (
    SELECT r.rule_id, r.response, r.at, d.group_id, d.location_id, d.day, d.rows, d.occurrences,
        CASE WHEN d.event_type = %(allowed)s
                THEN CASE r.response WHEN 'ignore' THEN 'allowed' ELSE 'left' END
            WHEN r.response = 'ignore' OR d.action_id = ANY(%(left)s) THEN 'left'
            WHEN d.action_id = ANY(%(stopped)s) THEN 'stopped' ELSE 'unclear' END AS did
    FROM rule r
    JOIN truscan_dailycount d ON d.process_id = r.process_id AND d.day >= r.first_on
    WHERE d.day = ANY(%(days)s) AND d.group_id = ANY(%(groups)s))
"""

_RULES = """
SELECT rule_id, response, at,
    coalesce(sum(occurrences) FILTER (WHERE did = 'left'), 0)::bigint,
    coalesce(sum(occurrences) FILTER (WHERE did = 'unclear'), 0)::bigint,
    coalesce(sum(occurrences) FILTER (WHERE did = 'stopped'), 0)::bigint
FROM seen GROUP BY 1, 2, 3 ORDER BY 4 DESC, 5 DESC, 1
"""

_PLACES = """,
placed AS (
    SELECT rule_id, group_id, location_id,
        coalesce(sum(rows) FILTER (WHERE did = 'left'), 0)::bigint AS rows,
        coalesce(sum(occurrences) FILTER (WHERE did = 'left'), 0)::bigint AS "left",
        coalesce(sum(occurrences) FILTER (WHERE did = 'unclear'), 0)::bigint AS unclear,
        max(day) FILTER (WHERE did IN ('left', 'unclear')) AS last_on
    FROM seen GROUP BY 1, 2, 3),
ranked AS (
    SELECT *, row_number() OVER (PARTITION BY rule_id
            ORDER BY "left" DESC, unclear DESC, group_id, location_id) AS rank,
        count(*) OVER (PARTITION BY rule_id) AS places
    FROM placed WHERE "left" > 0 OR unclear > 0)
SELECT rule_id, group_id, location_id, rows, "left", unclear, last_on, places
FROM ranked WHERE rank <= %(most)s ORDER BY rule_id, rank
"""

BY_RULE = _MET + _RULES
BY_PLACE = _MET + _PLACES
