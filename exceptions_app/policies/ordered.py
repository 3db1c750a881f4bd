"""What clients are ordered to do: the latest published revisions, where they are in force."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from django.db import connection

from exceptions_app.models.policy import Revision
from exceptions_app.policies.history import in_force_at
from truscan.coverage import ResponseInForce

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

# A rule names its own process and, by the other hashes that it carries, those that are the same
# file; where both have a rule, the own one counts.
RULES = """
SELECT DISTINCT ON (found.revision_id, found.process_id)
    found.revision_id, found.process_id, found.response
FROM (
    SELECT e.revision_id, e.process_id, e.response, 0 AS by_link
    FROM exceptions_app_revisionentry e
    WHERE e.revision_id = ANY(%(ids)s) AND (e.expires_at IS NULL OR e.expires_at > %(at)s)
    UNION ALL
    SELECT e.revision_id, p.id, e.response, 1
    FROM exceptions_app_revisionentry e
    CROSS JOIN LATERAL unnest(e.hashes) AS h(tagged)
    JOIN truscan_process p ON p.hash = split_part(h.tagged, ':', 2)
    WHERE e.revision_id = ANY(%(ids)s) AND (e.expires_at IS NULL OR e.expires_at > %(at)s)
        AND cardinality(e.hashes) > 1) found
ORDER BY found.revision_id, found.process_id, found.by_link
"""


def responses_ordered(group_ids: Sequence[int], at: datetime) -> list[ResponseInForce]:
    """One per (group, location, process) with a rule that has not expired at that moment.

    Revisions are those published by then, on the places where policies were then. A place whose
    policy was not published has none.
    """
    places = [place for place in in_force_at(group_ids, at) if place.policy_id is not None]
    revisions = latest_revisions({p.policy_id for p in places if p.policy_id is not None}, at)
    rules = rules_of(revisions, at)
    return [
        ResponseInForce(
            place.group_id,
            place.location_id,
            process_id,
            response,
            revision.policy.name,
            revision.number,
        )
        for place in places
        if (revision := revisions.get(place.policy_id or 0)) is not None
        for process_id, response in rules.get(revision.pk, [])
    ]


def latest_revisions(policy_ids: Iterable[int], at: datetime) -> dict[int, Revision]:
    """By policy, its newest revision published by then."""
    rows = (
        Revision.objects.filter(policy__in=set(policy_ids), published_at__lte=at)
        .select_related("policy")
        .defer("canonical")
        .order_by("policy_id", "-number")
        .distinct("policy_id")
    )
    return {revision.policy_id: revision for revision in rows}


def rules_of(revisions: dict[int, Revision], at: datetime) -> dict[int, list[tuple[int, str]]]:
    """By revision id, (process, response) of each unexpired rule, linked hashes included."""
    ids = [revision.pk for revision in revisions.values()]
    rules: dict[int, list[tuple[int, str]]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(RULES, {"ids": ids, "at": at})
        for revision_id, process_id, response in cursor.fetchall():
            rules[revision_id].append((process_id, response))
    return rules
