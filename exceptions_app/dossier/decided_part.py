"""What people decided where the plan is in force, and what they did not: all as of one moment."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import connection
from django.db.models import Q

from exceptions_app.models.exception import ProcessException
from exceptions_app.models.policy import Policy
from exceptions_app.models.watch import Watch
from exceptions_app.policies.effective import policies_in_force
from exceptions_app.policies.ordered import latest_revisions
from truscan.models.counts import Sighting
from truscan.ramp.outline import utc

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from truscan.models.process import Process

# So many of each are listed; the sums hold all of them, and the signed revisions every rule.
LISTED = 2000

# Decisions that touched the plan's policies, or observed in its groups, with how many processes.
DECISIONS = """
SELECT d.id, d.kind, d.response, d.reason, d.actor_name, d.means, d.decided_at,
    d.undone_at IS NOT NULL AND d.undone_at <= %(as_of)s, count(DISTINCT i.process_id)
FROM exceptions_app_decision d
JOIN exceptions_app_decisionitem i ON i.decision_id = d.id
WHERE d.decided_at >= %(since)s AND d.decided_at <= %(as_of)s AND i.skipped_because = ''
    AND (i.policy_id = ANY(%(policies)s) OR i.group_id = ANY(%(groups)s))
GROUP BY d.id ORDER BY d.id
"""


@dataclass(frozen=True, slots=True)
class Where:
    """The places of a plan: its groups with all that inherit, and the exception policies there."""

    places: tuple[tuple[int, int | None], ...]
    groups: tuple[int, ...]
    policies: tuple[int, ...]


def where_of(places: Sequence[tuple[int, int | None]]) -> Where:
    """Three queries; a place without a policy adds none."""
    wanted = {(group, location or 0) for group, location in places}
    groups = tuple(sorted({group for group, _ in places}))
    rows = [r for r in policies_in_force(groups) if (r.group_id, r.location_id or 0) in wanted]
    policies = tuple(sorted({r.policy_id for r in rows if r.policy_id is not None}))
    return Where(tuple(places), groups, policies)


def decisions_told(where: Where, since: datetime, as_of: datetime) -> dict[str, Any]:
    """Sums by kind, and each decision with how many of its processes are of these places."""
    asked: dict[str, Any] = {
        "since": since,
        "as_of": as_of,
        "policies": list(where.policies),
        "groups": list(where.groups),
    }
    with connection.cursor() as cursor:
        cursor.execute(DECISIONS, asked)
        rows = cursor.fetchall()
    standing: Counter[str] = Counter()
    for row in rows:
        if not row[7]:
            standing[row[2] or row[1]] += row[8]
    return {
        "decisions": len(rows),
        "undone": sum(1 for row in rows if row[7]),
        "processes": dict(sorted(standing.items())),
        "listed": [
            {
                "decision": pk,
                "kind": kind,
                "response": response or None,
                "reason": reason,
                "by": by,
                "means": means,
                "at": utc(at),
                "undone": undone,
                "processes": processes,
            }
            for pk, kind, response, reason, by, means, at, undone, processes in rows[-LISTED:]
        ],
    }


def policies_told(where: Where, as_of: datetime) -> list[dict[str, Any]]:
    """The policies in force with the revision published by then, whose signed text proves every
    rule; and what their drafts hold."""
    newest = latest_revisions(where.policies, as_of)
    counts: dict[int, Counter[str]] = {pk: Counter() for pk in where.policies}
    for policy_id, response in _active(where, as_of).values_list("policy_id", "response"):
        counts[policy_id][response] += 1
    return [
        {
            "name": policy.name,
            "exceptions": dict(sorted(counts[policy.pk].items())),
            "revision": revision.number if revision else None,
            "revision_sha256": revision.sha256 if revision else None,
            "published_at": utc(revision.published_at) if revision else None,
            "published_by": revision.actor_name if revision else None,
        }
        for policy in Policy.objects.filter(pk__in=where.policies).order_by("name", "pk")
        for revision in [newest.get(policy.pk)]
    ]


def exceptions_told(where: Where, as_of: datetime) -> dict[str, Any]:
    """Exceptions that stood at that moment and had not expired."""
    rows = _active(where, as_of).select_related("policy", "process", "approver")
    total = rows.count()
    return {
        "total": total,
        "listed": [
            {
                "policy": row.policy.name,
                "response": row.response,
                "process": _process(row.process),
                "reason": row.reason,
                "author": row.author_name,
                "approver": row.approver.get_username() if row.approver else None,
                "decided_at": utc(row.created_at),
                "review_on": row.review_on.isoformat() if row.review_on else None,
                "expires_at": utc(row.expires_at),
            }
            for row in rows.order_by("policy_id", "process_id", "pk")[:LISTED]
        ],
    }


def observed_told(where: Where, as_of: datetime) -> dict[str, Any]:
    """What was kept under observation: no exception, and the log is read."""
    watching = (Q(ended_at=None) | Q(ended_at__gt=as_of)) & (Q(until=None) | Q(until__gt=as_of))
    rows = Watch.objects.filter(watching, started_at__lte=as_of, group__in=_at_or_above(where))
    total = rows.count()
    return {
        "total": total,
        "listed": [
            {
                "process": _process(row.process),
                "group": row.group.path,
                "reason": row.reason,
                "by": row.decision.actor_name,
                "since": utc(row.started_at),
                "until": utc(row.until),
                "tripwires": row.tripwires,
            }
            for row in rows.select_related("process", "group", "decision").order_by("pk")[:LISTED]
        ],
    }


def undecided_told(where: Where, as_of: datetime) -> int | None:
    """Processes seen there that nobody decided or observes; None if nothing was ever seen."""
    seen = Sighting.objects.filter(group__in=where.groups)
    if not seen.exists():
        return None
    return seen.open(as_of).order_by().values("process_id").distinct().count()


def _active(where: Where, as_of: datetime) -> Any:
    return ProcessException.objects.filter(
        Q(retired_at=None) | Q(retired_at__gt=as_of),
        Q(expires_at=None) | Q(expires_at__gt=as_of),
        policy__in=where.policies,
        created_at__lte=as_of,
    )


def _at_or_above(where: Where) -> list[int]:
    """The groups and their ancestors: an observation holds for a group and all below it."""
    found = set(where.groups)
    with connection.cursor() as cursor:
        cursor.execute(ABOVE, [list(where.groups)])
        found |= {pk for (pk,) in cursor.fetchall()}
    return sorted(found)


ABOVE = """
WITH RECURSIVE up AS (
    SELECT id, parent_id FROM truscan_group WHERE id = ANY(%s)
    UNION
    SELECT g.id, g.parent_id FROM truscan_group g JOIN up ON g.id = up.parent_id)
SELECT id FROM up
"""


def _process(process: Process) -> dict[str, Any]:
    return {
        "name": process.name,
        "path": process.generic_path,
        "company": process.company_name,
        "hash": process.hash or None,
    }
