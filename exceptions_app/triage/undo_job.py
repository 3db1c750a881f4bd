"""Undo of a very large decision: one act that a worker carries out part by part, like the decision.

What stands is turned when the job is made, so whatever people decide while it works comes after it
and is respected. The job is one of `triage.bulk`: progress, leases, and going on after a crash.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from exceptions_app.models.decision import Decision, DecisionItem
from exceptions_app.policies.locks import lock_policies, share_tree
from exceptions_app.triage import bulk
from exceptions_app.triage.bulk_parts import UNDO
from exceptions_app.triage.undo import brought_by, root_of, take_back, undo, undo_reason
from exceptions_app.triage.write import make_decision, touch_drafts

if TYPE_CHECKING:
    from datetime import datetime

    from exceptions_app.models.bulk import BulkJob
    from exceptions_app.triage.decide import Result
    from truscan.access.actor import Actor


def undo_or_start(
    *, actor: Actor, decision: Decision, now: datetime, reason: str = ""
) -> Result | BulkJob:
    """`undo`, or the job that does it if it is more than a moment's work. Raises what `undo`
    raises; of two at once one wins here too."""
    items = DecisionItem.objects.filter(decision=root_of(decision))
    act = start_undo if items.order_by()[: bulk.AT_ONCE + 1].count() > bulk.AT_ONCE else undo
    return act(actor=actor, decision=decision, now=now, reason=reason)


@transaction.atomic
def start_undo(*, actor: Actor, decision: Decision, now: datetime, reason: str = "") -> BulkJob:
    """Turn the decision now, and let a worker put back what stood before it."""
    root = root_of(decision)
    share_tree()
    brought = brought_by(root)
    lock_policies(brought)
    target = take_back(root, decision, now)
    undone = make_decision(
        actor=actor,
        kind=Decision.Kind.UNDO,
        reason=undo_reason(target, reason),
        now=now,
        items=[],
        undoes=target,
    )
    touch_drafts(set(brought), now)
    items = DecisionItem.objects.filter(decision=root).order_by()
    policies = items.exclude(policy=None).values_list("policy", flat=True).distinct()
    groups = items.exclude(group=None).values_list("group", flat=True).distinct()
    wanted = {
        "response": UNDO,
        "reason": undone.reason,
        "policies": sorted(policies),
        "groups": sorted(groups),
        "root": root.pk,
    }
    processes = list(items.values_list("process", flat=True).distinct())
    return bulk.enqueue(undone, wanted, processes, actor=actor, now=now)
