"""Removing exceptions as an act that can wait for a second person."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db import transaction

from exceptions_app.models.approval_rule import REMOVE
from exceptions_app.models.exception import ProcessException
from exceptions_app.policies.approval import Act, ask
from exceptions_app.policies.approval_rules import kept_for, need_second_to_remove, said
from exceptions_app.policies.locks import lock_policies, share_tree
from exceptions_app.triage.decide import Result, checked_reason, retire
from exceptions_app.triage.request_ground import (
    digest_now,
    named,
    placed,
    require_still,
    sha256,
    standing,
    what_changed,
)
from truscan.access.actor import Actor

if TYPE_CHECKING:
    from collections.abc import Sequence

    from exceptions_app.models.approval import ApprovalRequest


@transaction.atomic
def remove_or_ask(
    *, actor: Actor, exceptions: Sequence[int], reason: str, now: datetime
) -> Result | ApprovalRequest:
    """`retire`, or, if one of them needs a second person, a request that holds the whole act and
    changes nothing."""
    share_tree()
    rows = ProcessException.objects.filter(pk__in=exceptions)
    locked = lock_policies(set(rows.values_list("policy_id", flat=True)))
    active = list(rows.filter(retired_at=None).order_by("pk"))
    found = need_second_to_remove({row.process_id for row in active})
    if not found:
        return retire(actor=actor, exceptions=exceptions, reason=reason, now=now)
    policies = [locked[pk] for pk in sorted({row.policy_id for row in active})]
    asked: dict[str, Any] = {
        "processes": sorted({row.process_id for row in active}),
        "policies": [policy.pk for policy in policies],
        "exceptions": [row.pk for row in active],
        "response": REMOVE,
        "reason": checked_reason(reason),
        "needing": sorted(found),
    }
    asked["standing"] = standing(asked)
    return ask(
        actor=actor,
        act=REMOVE,
        subject=sha256(asked["exceptions"]),
        title=f"Remove the exception for {named(asked['processes'])} from {placed(policies)}"[:512],
        policies=policies,
        digest=sha256(asked),
        now=now,
        asked=asked,
        because=said(found),
        reason=asked["reason"],
        kept_for=timedelta(days=kept_for(found)),
    )


def _carry_out(request: ApprovalRequest, actor: Actor, now: datetime) -> dict[str, Any]:
    """As the requester, with the approver noted; OutOfDate if the requester may not any more."""
    require_still(request, list(request.policies.order_by("pk")))
    done = retire(
        actor=Actor(request.requester_name, actor.means, request.requester),
        exceptions=request.asked["exceptions"],
        reason=request.asked["reason"],
        now=now,
        approver=actor.user,
    )
    return {
        "decision": done.decision.pk if done.decision else None,
        "applied": done.applied,
        "skipped": len(done.skipped),
    }


ACT = Act(
    REMOVE, "Remove exceptions", digest_now, _carry_out, what_changed=what_changed, is_draft=False
)
