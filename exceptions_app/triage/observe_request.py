"""Observing as an act that can wait for a second person: by itself, or since it takes exceptions
away first."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db import transaction

from exceptions_app.errors import OutOfDate
from exceptions_app.models.approval_rule import OBSERVE
from exceptions_app.models.exception import ProcessException
from exceptions_app.models.policy import Policy
from exceptions_app.policies.approval import Act, ask
from exceptions_app.policies.approval_rules import kept_for, need_second_to_observe, said
from exceptions_app.policies.effective import policies_in_force
from exceptions_app.policies.locks import lock_groups, lock_policies, share_tree
from exceptions_app.triage.bulk import AT_ONCE, make_job
from exceptions_app.triage.bulk_parts import moment_of
from exceptions_app.triage.decide import Result, checked_reason
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
from exceptions_app.triage.watching import checked_terms, observe
from truscan.access.actor import Actor
from truscan.models.estate import Group

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from exceptions_app.models.approval import ApprovalRequest


def need_second_here(processes: Sequence[int], groups: Iterable[int]) -> dict[int, Any]:
    """By process, the rule for which observing it in these groups needs a second person."""
    held = _held(processes, _in_force(groups))
    return need_second_to_observe(processes, set(held.values_list("process_id", flat=True)))


@transaction.atomic
def observe_or_ask(
    *,
    actor: Actor,
    processes: Sequence[int],
    groups: Sequence[Group],
    reason: str,
    now: datetime,
    until: datetime | None = None,
    tripwires: dict[str, int] | None = None,
    leave_out: bool = False,
) -> Result | ApprovalRequest:
    """`observe`, or, if one of the processes needs a second person, a request that holds the whole
    act and changes nothing. With `leave_out` those that need one are skipped instead."""
    share_tree()
    places = sorted({group.pk for group in groups})
    lock_groups(places)
    in_force = _in_force(places)
    locked = lock_policies(in_force)
    held = list(_held(processes, in_force).values_list("process_id", "policy_id"))
    found = need_second_to_observe(processes, {process for process, _ in held})
    if leave_out or not found:
        return observe(
            actor=actor, processes=processes, groups=groups, reason=reason, now=now, until=until,
            tripwires=tripwires,
        )  # fmt: skip
    terms = checked_terms(processes, groups, until, tripwires, now)
    asked: dict[str, Any] = {
        "processes": sorted(set(processes)),
        "policies": sorted({policy for _, policy in held}),
        "groups": places,
        "in_force": in_force,
        "response": OBSERVE,
        "reason": checked_reason(reason),
        "until": terms.until.isoformat() if terms.until else None,
        "tripwires": terms.tripwires,
        "needing": sorted(found),
    }
    asked["standing"] = standing(asked)
    return ask(
        actor=actor,
        act=OBSERVE,
        subject=sha256([asked["processes"], places]),
        title=f"Observe {named(asked['processes'])} in {placed(groups)}"[:512],
        policies=[locked[pk] for pk in asked["policies"]],
        groups=groups,
        digest=sha256(asked),
        now=now,
        asked=asked,
        because=said(found),
        reason=asked["reason"],
        kept_for=timedelta(days=kept_for(found)),
    )


def _in_force(groups: Iterable[int]) -> list[int]:
    places = policies_in_force(sorted(set(groups)))
    return sorted({place.policy_id for place in places if place.policy_id is not None})


def _held(processes: Sequence[int], policies: Sequence[int]) -> Any:
    return ProcessException.objects.filter(
        process__in=processes, policy__in=policies, retired_at=None
    )


def _carry_out(request: ApprovalRequest, actor: Actor, now: datetime) -> dict[str, Any]:
    """As the requester, with the approver noted; OutOfDate if the requester may not any more, or
    other policies are in force there by now."""
    asked = request.asked
    groups = list(Group.objects.filter(pk__in=asked["groups"]).order_by("pk"))
    if len(groups) < len(asked["groups"]) or _in_force(asked["groups"]) != asked["in_force"]:
        raise OutOfDate("The groups have other policies by now, or are gone. Ask anew.")
    policies = list(Policy.objects.filter(pk__in=asked["policies"]).order_by("pk"))
    require_still(request, policies, asked["groups"])
    common: dict[str, Any] = {
        "actor": Actor(request.requester_name, actor.means, request.requester),
        "processes": still_seen(request),
        "reason": asked["reason"],
        "until": moment_of(asked["until"]),
        "tripwires": asked["tripwires"],
        "now": now,
        "approver": actor.user,
    }
    if len(asked["processes"]) * len(groups) > AT_ONCE:
        job = make_job(response=OBSERVE, groups=asked["groups"], **common)
        return {"bulk_job": job.pk, "decision": job.decision_id}
    done = observe(groups=groups, **common)
    return {
        "decision": done.decision.pk if done.decision else None,
        "applied": done.applied,
        "skipped": len(done.skipped),
    }


ACT = Act(OBSERVE, "Observe", digest_now, _carry_out, what_changed=what_changed, is_draft=False)
