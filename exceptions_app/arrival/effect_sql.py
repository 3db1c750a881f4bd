"""The statements behind a policy's effect: its rules, then what was counted of them by place.

A rule is met by detections of its process, and of those that are the same file by another hash that
it carries. `at` is the first revision from which on every one had the rule with this response; the
first day that counts is the one after it and the heartbeat.

Ignore: `left` is what is still detected, unless the client says that it allows it. Quarantine and
Terminate: `left` is what the client says it left running; words that do not tell are counted apart
(`unclear`), and so is what was stopped, which is the proof.

Days are listed one by one, so that few groups are probes of the index (day, group) and many are
found by process. Counts are summed by the words of the log before anybody asks what those mean: a
million daily counts of a wide policy are then some hundred thousand, and workers share the sum.
"""

from __future__ import annotations

RULES = """
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
    ORDER BY met.process_id, met.by_link, met.rule_id),
broken AS MATERIALIZED (
    SELECT n.process_id, max(o.number) AS number
    FROM entry n JOIN exceptions_app_revision o ON o.policy_id = %(policy)s
    LEFT JOIN exceptions_app_revisionentry x ON x.revision_id = o.id
        AND x.process_id = n.rule_id AND x.response = n.response
    WHERE x.revision_id IS NULL GROUP BY 1),
dated AS MATERIALIZED (
    SELECT n.*, (SELECT min(r.published_at) FROM exceptions_app_revision r
        WHERE r.policy_id = %(policy)s AND r.number > coalesce(b.number, 0)) AS at
    FROM entry n LEFT JOIN broken b USING (process_id))
SELECT process_id, rule_id, response, at, greatest(%(first)s, (
    (at + %(heartbeat)s * interval '1 hour') AT TIME ZONE 'UTC')::date + 1)
FROM dated ORDER BY process_id
"""

# One pass over the counts, and a hash in memory for rules and sums: the planner takes those for
# fewer than they are, and would sort the counts on disk.
SETTINGS = """
SET LOCAL work_mem = '64MB'; SET LOCAL jit = off; SET LOCAL enable_nestloop = off;
SET LOCAL enable_mergejoin = off; SET LOCAL enable_sort = off
"""

# By rule: the first places with what was left or is unclear, and the sums of all places with each.
PLACES = """
WITH rule(process_id, rule_id, response, first_on) AS NOT MATERIALIZED (SELECT * FROM unnest(
    %(processes)s::bigint[], %(rules)s::bigint[], %(responses)s::text[], %(first_on)s::date[])),
counted AS NOT MATERIALIZED (
    SELECT d.process_id, d.group_id, d.location_id, d.event_type, d.action_id,
        sum(d.rows) AS rows, sum(d.occurrences)::bigint AS occurrences, max(d.day) AS last_on
    FROM truscan_dailycount d
    JOIN rule r ON r.process_id = d.process_id AND r.first_on <= d.day
    WHERE d.process_id = ANY(%(processes)s::bigint[]) AND d.day = ANY(%(days)s::date[])
        AND d.group_id = ANY(%(groups)s::bigint[])
    GROUP BY 1, 2, 3, 4, 5),
placed AS NOT MATERIALIZED (
    SELECT rule_id, group_id, location_id,
        coalesce(sum(rows) FILTER (WHERE did = 'left'), 0)::bigint AS rows,
        coalesce(sum(occurrences) FILTER (WHERE did = 'left'), 0)::bigint AS "left",
        coalesce(sum(occurrences) FILTER (WHERE did = 'unclear'), 0)::bigint AS unclear,
        coalesce(sum(occurrences) FILTER (WHERE did = 'stopped'), 0)::bigint AS stopped,
        max(last_on) FILTER (WHERE did IN ('left', 'unclear')) AS last_on
    FROM (
        SELECT r.rule_id, c.*,
            CASE WHEN c.event_type = %(allowed)s
                    THEN CASE r.response WHEN 'ignore' THEN 'allowed' ELSE 'left' END
                WHEN r.response = 'ignore' OR c.action_id = ANY(%(left)s::bigint[]) THEN 'left'
                WHEN c.action_id = ANY(%(stopped)s::bigint[]) THEN 'stopped' ELSE 'unclear'
            END AS did
        FROM counted c JOIN rule r USING (process_id)) told
    GROUP BY 1, 2, 3),
ranked AS NOT MATERIALIZED (
    SELECT *,
        row_number() OVER (PARTITION BY rule_id
            ORDER BY "left" DESC, unclear DESC, group_id, location_id) AS rank,
        count(*) FILTER (WHERE "left" > 0 OR unclear > 0) OVER (PARTITION BY rule_id) AS places,
        sum("left") OVER (PARTITION BY rule_id)::bigint AS all_left,
        sum(unclear) OVER (PARTITION BY rule_id)::bigint AS all_unclear,
        sum(stopped) OVER (PARTITION BY rule_id)::bigint AS all_stopped
    FROM placed)
SELECT rule_id, all_left, all_unclear, all_stopped,
    group_id, location_id, rows, "left", unclear, last_on, places
FROM ranked WHERE rank <= %(most)s ORDER BY 2 DESC, 3 DESC, 1, rank
"""
