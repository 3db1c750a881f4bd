"""Publishing as an act that can wait for a second person."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db import transaction

from exceptions_app.errors import NothingChosen, OutOfDate
from exceptions_app.policies.approval import Act, ask
from exceptions_app.policies.draft import draft_entries
from exceptions_app.policies.gate import because, blocking, findings_of
from exceptions_app.policies.lint_settings import lint_settings
from exceptions_app.policies.locks import lock_policies, share_tree
from exceptions_app.policies.publish import policy_facts, prepare, publish, refuse_conflicts
from truscan import audit

if TYPE_CHECKING:
    from datetime import datetime

    from exceptions_app.models.approval import ApprovalRequest
    from exceptions_app.models.policy import Policy
    from truscan.access.actor import Actor

PUBLISH = "publish"


@transaction.atomic
def ask_to_publish(
    *, actor: Actor, policy: Policy, now: datetime, note: str = ""
) -> ApprovalRequest:
    """Ask somebody else to publish the draft as it is now; idempotent.

    Raises NothingChosen if there is nothing to publish, Conflict as `publish` does.
    """
    share_tree()
    policy = lock_policies([policy.pk])[policy.pk]
    ready = prepare(policy, now)
    refuse_conflicts(ready.entries)
    if ready.before is not None and not ready.changes:
        raise NothingChosen(
            f"The draft of {policy} is what revision {ready.before.number} says already:"
            " there is nothing to publish."
        )
    found = blocking(policy, findings_of(policy, now))
    return ask(
        actor=actor,
        act=PUBLISH,
        subject=f"policy:{policy.pk}",
        title=f"Publish revision {ready.number} of {policy}",
        policies=[policy],
        digest=_digest(policy, ready.facts),
        now=now,
        asked={"note": note, "number": ready.number, "keys": [one.key for one in found]},
        because=because(found),
        reason=note,
        kept_for=timedelta(days=lint_settings().request_days),
    )


def open_request(policy: Policy) -> ApprovalRequest | None:
    """The request to publish the policy that waits, if there is one."""
    waiting = policy.approval_requests.filter(act=PUBLISH, state="open")
    found: ApprovalRequest | None = waiting.first()
    return found


def _digest(policy: Policy, facts: list[dict[str, Any]]) -> str:
    """Of the revision's text without its number, which hangs on who publishes first."""
    text = audit.canonical_json({"policy": policy_facts(policy), "entries": facts})
    return hashlib.sha256(text.encode()).hexdigest()


def _digest_now(request: ApprovalRequest, now: datetime) -> str:
    policy = request.policies.get()
    return _digest(policy, [entry.facts for entry in draft_entries(policy, now)])


def is_current(request: ApprovalRequest, now: datetime) -> bool:
    """True if the draft is still the one that was asked for."""
    return _digest_now(request, now) == request.digest


def _carry_out(request: ApprovalRequest, actor: Actor, now: datetime) -> dict[str, Any]:
    """OutOfDate if lint finds by now what the requester was not told."""
    policy = request.policies.get()
    told = set(request.asked.get("keys", ()))
    if new := [one for one in blocking(policy, findings_of(policy, now)) if one.key not in told]:
        raise OutOfDate(f"There is a finding that was not there then: {because(new)[0]} Ask anew.")
    note = str(request.asked.get("note", ""))
    asked_by = f"Asked for by {request.requester_name}."
    revision = publish(
        actor=actor,
        policy=policy,
        now=now,
        note=f"{note} {asked_by}".strip(),
        is_checked=True,
    )
    return {"revision": revision.number, "sha256": revision.sha256}


ACT = Act(PUBLISH, "Publish a policy", _digest_now, _carry_out)
