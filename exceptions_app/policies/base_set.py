"""The one write path of layers: which base a policy has, and taking over what the base holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Q

from exceptions_app.errors import BadValue
from exceptions_app.models.base_set import BaseSet, TakenOver
from exceptions_app.models.exception import ProcessException
from exceptions_app.policies.layers import Flattened, Own, Terms, by_terms, flatten
from exceptions_app.policies.locks import lock_policies, share_tree
from exceptions_app.triage.decide import respond, retire
from truscan import audit

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from exceptions_app.models.policy import Policy
    from exceptions_app.triage.decide import Result
    from truscan.access.actor import Actor


@dataclass(frozen=True, slots=True)
class Followed:
    """What was taken over: exceptions written and removed, and the decisions, each undone alone."""

    written: int
    retired: int
    results: tuple[Result, ...]


@transaction.atomic
def set_base(*, actor: Actor, policy: Policy, base: Policy | None, now: datetime) -> None:
    """Let the policy include the base's rules, or no base any more; nothing is taken over yet, and
    what was stays. Idempotent. BadValue for a policy that is its own base, and for a second layer.
    """
    share_tree()
    lock_policies({policy.pk, base.pk} if base else {policy.pk})
    current = BaseSet.objects.filter(policy=policy).select_related("base").first()
    if (current.base_id if current else None) == (base.pk if base else None):
        return
    if base is not None:
        if base.pk == policy.pk:
            raise BadValue("A policy cannot be its own base: choose another one.")
        layers = Q(policy=base) | Q(base=policy)
        if BaseSet.objects.filter(layers).exists():
            raise BadValue("A base has no base itself: one layer lies over one base.")
        given = {"base": base, "set_by_name": actor.name, "set_at": now}
        BaseSet.objects.update_or_create(policy=policy, defaults=given)
    elif current is not None:
        current.delete()
    audit.record(
        "policy.base_set",
        actor=actor,
        obj=policy,
        before={"base": current.base.name if current else None},
        after={"base": base.name if base else None},
    )


def base_of(policy: Policy) -> Policy | None:
    row = BaseSet.objects.filter(policy=policy).select_related("base").first()
    return row.base if row else None


def ahead(policy: Policy, base: Policy, now: datetime) -> Flattened:
    """What the draft lacks to say what base and overlay say together. Three queries."""
    return flatten(_held(base, now), _own(policy), _removed(policy))


@transaction.atomic
def follow(*, actor: Actor, policy: Policy, now: datetime) -> Followed:
    """Take over what the base holds: the draft is flat then, as a revision and SEPM are.

    What is decided in the policy itself, or was removed there, stays. Refused by the rules of
    decisions (Symantec's list, an Ignore without a hash) is told by `results`. Idempotent. BadValue
    for a policy without a base.
    """
    base = base_of(policy)
    if base is None:
        raise BadValue(f"{policy} has no base: choose one first.")
    share_tree()
    lock_policies({policy.pk, base.pk})
    found = ahead(policy, base, now)
    reason, results, written, retired = f"From the base set {base}", [], 0, 0
    if found.retire:
        result = retire(actor=actor, exceptions=found.retire, reason=reason, now=now)
        results.append(result)
        retired = result.applied
        gone = TakenOver.objects.filter(exception__in=found.retire)
        gone.exclude(exception__retired_at=None).delete()
    for terms, sources in by_terms(found.write):
        result = respond(
            actor=actor, processes=list(sources), policies=[policy], response=terms.response,
            reason=reason, now=now, expires_at=terms.expires_at, review_on=terms.review_on,
        )  # fmt: skip
        results.append(result)
        written += result.applied
        _mark(policy, sources, terms)
    if found:
        audit.record(
            "policy.base_followed",
            actor=actor,
            obj=policy,
            after={"base": base.name, "written": written, "retired": retired},
        )
    return Followed(written, retired, tuple(results))


def _mark(policy: Policy, sources: Mapping[int, int], terms: Terms) -> None:
    """Note which rows came from which; the rows that they replaced count as removed by no one."""
    rows = ProcessException.objects.filter(policy=policy, process__in=sources)
    TakenOver.objects.filter(exception__in=rows.exclude(retired_at=None)).delete()
    active = rows.filter(retired_at=None, response=terms.response)
    TakenOver.objects.bulk_create(
        [
            TakenOver(exception_id=pk, source_id=sources[process])
            for pk, process in active.values_list("pk", "process_id")
        ],
        ignore_conflicts=True,
    )


def _held(base: Policy, now: datetime) -> dict[int, tuple[int, Terms]]:
    rows = ProcessException.objects.filter(policy=base, retired_at=None)
    rows = rows.filter(Q(expires_at=None) | Q(expires_at__gt=now))
    return {
        process: (pk, Terms(response, review_on, expires_at))
        for pk, process, response, review_on, expires_at in rows.values_list(
            "pk", "process_id", "response", "review_on", "expires_at"
        )
    }


def _own(policy: Policy) -> dict[int, Own]:
    rows = ProcessException.objects.filter(policy=policy, retired_at=None)
    return {
        process: Own(pk, Terms(response, review_on, expires_at), source)
        for pk, process, response, review_on, expires_at, source in rows.values_list(
            "pk", "process_id", "response", "review_on", "expires_at", "taken_over__source"
        )
    }


def _removed(policy: Policy) -> set[int]:
    rows = TakenOver.objects.filter(exception__policy=policy).exclude(exception__retired_at=None)
    return set(rows.values_list("source", flat=True))
