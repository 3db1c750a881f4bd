"""Responding as an act that can wait for a second person: the whole act, and nothing before."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db import transaction

from exceptions_app.models.policy import Policy, Response
from exceptions_app.policies.approval import Act, ask
from exceptions_app.policies.approval_rules import kept_for, need_second, said
from exceptions_app.policies.locks import lock_policies, share_tree
from exceptions_app.triage.bulk import AT_ONCE, make_job
from exceptions_app.triage.bulk_parts import day_of, moment_of
from exceptions_app.triage.decide import Result, checked_reason, respond
from exceptions_app.triage.request_ground import (
    digest_now,
    named,
    placed,
    require_still,
    sha256,
    standing,
    still_seen,
    what_changed,
)
from truscan.access.actor import Actor

if TYPE_CHECKING:
    from collections.abc import Sequence

    from exceptions_app.models.approval import ApprovalRequest

RESPOND = "respond"


def respond_or_ask(
    *,
    actor: Actor,
    processes: Sequence[int],
    policies: Sequence[Policy],
    response: str,
    reason: str,
    now: datetime,
    leave_out: bool = False,
    review_on: date | None = None,
    expires_at: datetime | None = None,
    seen_at: datetime | None = None,
) -> Result | ApprovalRequest:
    """`respond`, or, if one of the processes needs a second person, a request that holds the whole
    act and changes nothing. With `leave_out` those that need one are skipped instead."""
    if not leave_out and need_second(processes, policies, response, now):
        return ask_to_respond(
            actor=actor, processes=processes, policies=policies, response=response,
            reason=reason, now=now, review_on=review_on, expires_at=expires_at,
        )  # fmt: skip
    return respond(
        actor=actor, processes=processes, policies=policies, response=response, reason=reason,
        now=now, review_on=review_on, expires_at=expires_at, seen_at=seen_at,
    )  # fmt: skip


@transaction.atomic
def ask_to_respond(
    *,
    actor: Actor,
    processes: Sequence[int],
    policies: Sequence[Policy],
    response: str,
    reason: str,
    now: datetime,
    review_on: date | None = None,
    expires_at: datetime | None = None,
) -> ApprovalRequest:
    """Ask somebody else to carry this out as it is now; idempotent. Raises NothingChosen without
    a reason, NotFound if a policy was deleted."""
    reason = checked_reason(reason)
    share_tree()
    locked = list(lock_policies(policy.pk for policy in policies).values())
    found = need_second(processes, locked, response, now)
    asked: dict[str, Any] = {
        "processes": sorted(set(processes)),
        "policies": sorted(policy.pk for policy in locked),
        "response": response,
        "reason": reason,
        "review_on": review_on.isoformat() if review_on else None,
        "expires_at": expires_at.isoformat() if expires_at else None,
        "needing": sorted(found),
    }
    asked["standing"] = standing(asked)
    return ask(
        actor=actor,
        act=RESPOND,
        subject=sha256([asked["processes"], asked["policies"], response]),
        title=_title(asked, locked),
        policies=locked,
        digest=sha256(asked),
        now=now,
        asked=asked,
        because=said(found),
        reason=reason,
        kept_for=timedelta(days=kept_for(found)),
    )


def _title(asked: dict[str, Any], policies: Sequence[Policy]) -> str:
    label = Response(asked["response"]).label
    return f"{label} {named(asked['processes'])} in {placed(policies)}"[:512]


def _carry_out(request: ApprovalRequest, actor: Actor, now: datetime) -> dict[str, Any]:
    """As the requester, with the approver noted; OutOfDate if the requester may not any more."""
    asked, policies = request.asked, list(request.policies.order_by("pk"))
    require_still(request, policies)
    requester = Actor(request.requester_name, actor.means, request.requester)
    terms: dict[str, Any] = {
        "review_on": day_of(asked["review_on"]),
        "expires_at": moment_of(asked["expires_at"]),
    }
    common: dict[str, Any] = {
        "actor": requester,
        "processes": still_seen(request),
        "response": asked["response"],
        "reason": asked["reason"],
        "now": now,
        "approver": actor.user,
        **terms,
    }
    if len(asked["processes"]) * len(policies) > AT_ONCE:
        job = make_job(policies=asked["policies"], **common)
        return {"bulk_job": job.pk, "decision": job.decision_id}
    done = respond(policies=policies, **common)
    return {
        "decision": done.decision.pk if done.decision else None,
        "applied": done.applied,
        "skipped": len(done.skipped),
    }


ACT = Act(
    RESPOND,
    "Respond to processes",
    digest_now,
    _carry_out,
    what_changed=what_changed,
    is_draft=False,
)
