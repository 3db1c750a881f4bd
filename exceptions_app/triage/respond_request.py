"""Responding as an act that can wait for a second person: the whole act, and nothing before."""

from __future__ import annotations

import hashlib
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db import transaction

from exceptions_app.errors import OutOfDate
from exceptions_app.models.exception import ProcessException
from exceptions_app.models.policy import Policy, Response
from exceptions_app.policies.approval import Act, ask
from exceptions_app.policies.approval_rules import kept_for, need_second, said
from exceptions_app.policies.effective import groups_touched
from exceptions_app.policies.locks import lock_policies, share_tree
from exceptions_app.triage.bulk import AT_ONCE, make_job
from exceptions_app.triage.decide import Result, checked_reason, respond
from truscan import audit
from truscan.access.actor import Actor
from truscan.access.scope import has_role_anywhere, may_write_groups
from truscan.models.process import Process

if TYPE_CHECKING:
    from collections.abc import Sequence

    from exceptions_app.models.approval import ApprovalRequest

RESPOND = "respond"
NAMED = 3


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
    asked["standing"] = _standing(asked)
    return ask(
        actor=actor,
        act=RESPOND,
        subject=_sha256([asked["processes"], asked["policies"], response]),
        title=_title(asked, locked),
        policies=locked,
        digest=_sha256(asked),
        now=now,
        asked=asked,
        because=said(found),
        reason=reason,
        kept_for=timedelta(days=kept_for(found)),
    )


def _title(asked: dict[str, Any], policies: Sequence[Policy]) -> str:
    ids = asked["processes"]
    what = str(Process.objects.get(pk=ids[0])) if len(ids) == 1 else f"{len(ids):,} processes"
    where = str(policies[0]) if len(policies) == 1 else f"{len(policies)} policies"
    return f"{Response(asked['response']).label} {what} in {where}"[:512]


def _standing(asked: dict[str, Any]) -> dict[str, Any]:
    """What the act would replace or be refused for: exceptions by "process:policy", and those of
    the processes that cannot be excepted."""
    rows = ProcessException.objects.filter(
        process__in=asked["processes"], policy__in=asked["policies"], retired_at=None
    )
    listed = Process.objects.filter(pk__in=asked["processes"], on_symantec_list=True)
    pairs = rows.order_by("process", "policy").values_list("process", "policy", "pk")
    return {
        "exceptions": {f"{process}:{policy}": pk for process, policy, pk in pairs},
        "listed": sorted(listed.values_list("pk", flat=True)),
    }


def _sha256(value: object) -> str:
    return hashlib.sha256(audit.canonical_json(value).encode()).hexdigest()


def _digest_now(request: ApprovalRequest, now: datetime) -> str:
    return _sha256({**request.asked, "standing": _standing(request.asked)})


def what_changed(request: ApprovalRequest, now: datetime) -> str:
    """What somebody decided since, by whom and when; the first three by name."""
    then, today = request.asked["standing"], _standing(request.asked)
    told = []
    pairs = {**then["exceptions"], **today["exceptions"]}
    moved = [p for p in sorted(pairs) if then["exceptions"].get(p) != today["exceptions"].get(p)]
    for pair in moved[:NAMED]:
        process, policy = (int(part) for part in pair.split(":"))
        row = ProcessException.objects.filter(pk=today["exceptions"].get(pair)).first()
        what = "its exception was removed"
        if row is not None:
            when = f"{row.created_at:%Y-%m-%d %H:%M} UTC"
            what = f"{row.get_response_display()} by {row.author_name} on {when}"
        told.append(f"{_name(process)} in {Policy.objects.get(pk=policy)}: {what}.")
    fresh = sorted(set(today["listed"]) - set(then["listed"]))
    told += [f"{_name(pk)} is on Symantec's own list by now." for pk in fresh[:NAMED]]
    rest = len(moved) + len(fresh) - len(told)
    if rest > 0:
        told.append(f"And {rest:,} more.")
    return " ".join(["Somebody decided meanwhile.", *told]) if told else ""


def _name(pk: int) -> str:
    return str(Process.objects.filter(pk=pk).first() or "A process")


def _carry_out(request: ApprovalRequest, actor: Actor, now: datetime) -> dict[str, Any]:
    """As the requester, with the approver noted; OutOfDate if the requester may not any more."""
    asked, policies = request.asked, list(request.policies.order_by("pk"))
    if len(policies) < len(asked["policies"]):
        raise OutOfDate("A policy was deleted meanwhile. Ask anew.")
    requester = Actor(request.requester_name, actor.means, request.requester)
    terms: dict[str, Any] = {
        "review_on": date.fromisoformat(asked["review_on"]) if asked["review_on"] else None,
        "expires_at": datetime.fromisoformat(asked["expires_at"]) if asked["expires_at"] else None,
    }
    common: dict[str, Any] = {
        "actor": requester,
        "processes": _still_in_scope(request, policies),
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


def _still_in_scope(request: ApprovalRequest, policies: Sequence[Policy]) -> list[int]:
    user, ids = request.requester, request.asked["processes"]
    if user is None:
        return list(ids)
    touched = groups_touched(policies)
    if not (has_role_anywhere(user, "analyst") and may_write_groups(user, "analyst", touched)):
        raise OutOfDate(
            f"{request.requester_name} may not write these policies any more. An analyst of these"
            " groups asks anew."
        )
    seen = Process.objects.filter(pk__in=ids).visible_to(user, "analyst")
    return list(seen.order_by("pk").values_list("pk", flat=True))


ACT = Act(
    RESPOND,
    "Respond to processes",
    _digest_now,
    _carry_out,
    what_changed=what_changed,
    is_draft=False,
)
