"""The SQL of decisions: exceptions, items and their order, in a fixed number of statements."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import connection
from django.db.models import F

from exceptions_app.models.decision import Decision
from exceptions_app.models.policy import Policy
from truscan import audit

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime

    from truscan.access.actor import Actor

# What was known when the exception was written, as `policies.draft` puts it into revisions.
INSERT_EXCEPTIONS = """
INSERT INTO exceptions_app_processexception (policy_id, process_id, response, reason, author_name,
    author_id, owner_id, approver_id, review_on, expires_at, created_at, evidence)
SELECT pair.policy_id, pair.process_id, %(response)s, %(reason)s, %(author_name)s,
    %(author_id)s::int, %(author_id)s::int, %(approver_id)s::int, %(review_on)s::date,
    %(expires_at)s::timestamptz, %(now)s,
    jsonb_build_object('process', jsonb_build_object('name', p.name, 'path', p.generic_path,
        'application_name', p.application_name, 'company', p.company_name,
        'version', p.application_version, 'size', p.file_size,
        'application_type', p.application_type, 'signer', p.signer)) ||
    CASE WHEN s.process_id IS NULL THEN '{}' ELSE jsonb_build_object(
        'occurrences', s.occurrences, 'potential_risk', s.potential_occurrences,
        'security_risk', s.security_occurrences, 'commercial', s.commercial_occurrences,
        'computers', s.computers, 'groups', s.groups,
        'first_seen', to_char(s.first_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
        'last_seen', to_char(s.last_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
        'level_min', s.level_min, 'level_max', s.level_max) END
FROM unnest(%(policies)s::bigint[], %(processes)s::bigint[]) AS pair(policy_id, process_id)
JOIN truscan_process p ON p.id = pair.process_id
LEFT JOIN truscan_processsummary s ON s.process_id = pair.process_id
RETURNING id, process_id, policy_id
"""

INSERT_ITEMS = """
INSERT INTO exceptions_app_decisionitem
    (decision_id, process_id, policy_id, group_id, before_id, after_id, skipped_because)
SELECT %s, * FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[], %s::bigint[],
    %s::text[])
"""


RETIRE = """
UPDATE exceptions_app_processexception SET retired_at = %s
WHERE id = ANY(%s) AND retired_at IS NULL
"""


PUT_BACK = "UPDATE exceptions_app_processexception SET retired_at = NULL WHERE id = ANY(%s)"


@dataclass(frozen=True, slots=True)
class Item:
    """A row of a decision before it has an id; see the model DecisionItem. A quiet one is written
    for undo, and not counted as skipped."""

    process_id: int
    policy_id: int | None = None
    group_id: int | None = None
    before_id: int | None = None
    after_id: int | None = None
    skipped: str = ""
    is_quiet: bool = False


@dataclass(frozen=True, slots=True)
class Wording:
    """What all exceptions of one decision share."""

    response: str
    reason: str
    review_on: date | None
    expires_at: datetime | None
    approver_id: int | None = None


def make_decision(
    *, actor: Actor, kind: str, reason: str, now: datetime, items: Sequence[Item], **more: Any
) -> Decision:
    """The decision and its items; an item with a text in `skipped` counts as skipped."""
    applied, skipped = _counted(items)
    decision = Decision.objects.create(
        kind=kind,
        reason=reason,
        actor_name=actor.name,
        actor_user=actor.user,
        means=actor.means.value,
        decided_at=now,
        applied=applied,
        skipped=skipped,
        **more,
    )
    _insert_items(decision, items)
    return decision


def extend_decision(decision: Decision, items: Sequence[Item]) -> None:
    """More items of a decision that is written in parts."""
    applied, skipped = _counted(items)
    Decision.objects.filter(pk=decision.pk).update(
        applied=F("applied") + applied, skipped=F("skipped") + skipped
    )
    _insert_items(decision, items)


def _counted(items: Sequence[Item]) -> tuple[int, int]:
    """(applied, skipped)"""
    return (
        sum(1 for item in items if not item.skipped),
        sum(1 for item in items if item.skipped and not item.is_quiet),
    )


def _insert_items(decision: Decision, items: Sequence[Item]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            INSERT_ITEMS,
            [
                decision.pk,
                [item.process_id for item in items],
                [item.policy_id for item in items],
                [item.group_id for item in items],
                [item.before_id for item in items],
                [item.after_id for item in items],
                [item.skipped[:255] for item in items],
            ],
        )


def insert_exceptions(
    pairs: Sequence[tuple[int, int]], wording: Wording, *, actor: Actor, now: datetime
) -> dict[tuple[int, int], int]:
    """One exception per (process, policy) with the evidence of this moment; ids by pair."""
    with connection.cursor() as cursor:
        cursor.execute(
            INSERT_EXCEPTIONS,
            {
                "response": wording.response,
                "reason": wording.reason,
                "review_on": wording.review_on,
                "expires_at": wording.expires_at,
                "author_name": actor.name,
                "approver_id": wording.approver_id,
                "author_id": actor.user.pk if actor.user else None,
                "now": now,
                "processes": [pair[0] for pair in pairs],
                "policies": [pair[1] for pair in pairs],
            },
        )
        return {(row[1], row[2]): row[0] for row in cursor.fetchall()}


def retire_exceptions(ids: Sequence[int], now: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute(RETIRE, [now, list(ids)])


def put_back(ids: Sequence[int]) -> None:
    """Retired rows stand again; the caller has retired what stood in their place."""
    with connection.cursor() as cursor:
        cursor.execute(PUT_BACK, [list(ids)])


def touch_drafts(policy_ids: set[int], now: datetime) -> None:
    Policy.objects.filter(pk__in=policy_ids).update(draft_changed_at=now)


def write_ledger(
    code: str, decision: Decision, items: Sequence[Item], *, actor: Actor, **after: Any
) -> None:
    """One row per act, or part of one; the digest ties the items to it without repeating them."""
    said = [
        [i.process_id, i.policy_id, i.group_id, i.before_id, i.after_id, i.skipped] for i in items
    ]
    applied, skipped = _counted(items)
    policies = {item.policy_id for item in items if item.policy_id is not None}
    names = Policy.objects.filter(pk__in=policies).order_by("name").values_list("name", flat=True)
    audit.record(
        code,
        actor=actor,
        obj=decision,
        after={
            "applied": applied,
            "skipped": skipped,
            "processes": len({item.process_id for item in items}),
            "policies": list(names),
            "items_sha256": hashlib.sha256(audit.canonical_json(said).encode()).hexdigest(),
            **after,
        },
        reason=decision.reason,
    )
