"""The one write path of decisions: respond, retire, and which hashes are the same file.

Every act is one transaction with a fixed number of statements, writes what it applied and what it
skipped and why, recomputes coverage, and ends with one ledger row. Order of locks: see
`exceptions_app.policies.locks`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.db import transaction

from exceptions_app.errors import BadValue, NotFound, NothingChosen
from exceptions_app.models.decision import Decision
from exceptions_app.models.exception import ProcessException
from exceptions_app.models.policy import Policy, Response
from exceptions_app.policies.approval_rules import in_words, need_second, need_second_to_remove
from exceptions_app.policies.cover import cover_processes
from exceptions_app.policies.effective import groups_with
from exceptions_app.policies.locks import lock_policies, share_tree
from exceptions_app.triage.kin import kin_ids
from exceptions_app.triage.plan import Plan, Skip, plan
from exceptions_app.triage.write import (
    Item,
    Wording,
    extend_decision,
    insert_exceptions,
    make_decision,
    retire_exceptions,
    touch_drafts,
    write_ledger,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date, datetime

    from django.contrib.auth.models import User

    from exceptions_app.models.approval_rule import ApprovalRule
    from truscan.access.actor import Actor


@dataclass(slots=True)
class Result:
    """What an act did. No decision: it found everything as asked, or refused all of it.

    `applied` counts (process, policy) or (process, group) pairs; `notes` are sentences for the
    person, such as how many exceptions were replaced.
    """

    decision: Decision | None
    applied: int
    skipped: list[Skip]
    replaced: int = 0
    notes: list[str] = field(default_factory=list)


@transaction.atomic
def respond(
    *,
    actor: Actor,
    processes: Sequence[int],
    policies: Sequence[Policy],
    response: str,
    reason: str,
    now: datetime,
    expires_at: datetime | None = None,
    review_on: date | None = None,
    seen_at: datetime | None = None,
    approver: User | None = None,
) -> Result:
    """Give these processes a response in the drafts of these policies, as one decision.

    Skipped, each with its reason: a process on Symantec's list, an Ignore without a hash, a
    process that is not known, and one that has the same response, review date and expiry already
    (so an equal call does nothing and returns no decision). An exception with another response is
    retired and replaced, and `notes` say so. With `seen_at` (when the person read the page), a pair
    that somebody else decided after it is left alone and told. Open observations stay: they do not
    matter while an exception covers the process. What needs a second person by the rules of
    `policies.approval_rules` is skipped too, unless `approver` says that there was one.

    Raises NothingChosen, BadValue, NotFound (a policy was deleted meanwhile).
    """
    reason = _checked(processes, policies, response, reason, expires_at, now)
    share_tree()
    locked = list(lock_policies(policy.pk for policy in policies).values())
    made = plan(
        processes=processes,
        policies=locked,
        response=response,
        review_on=review_on,
        expires_at=expires_at,
        seen_at=seen_at,
    )
    if approver is None:
        hold_back(made, locked, response, now)
    wording = Wording(response, reason, review_on, expires_at, approver.pk if approver else None)
    return write_plan(made, wording, actor=actor, now=now)


def hold_back(made: Plan, policies: Sequence[Policy], response: str, now: datetime) -> None:
    """Take out of the plan what needs a second person; one query if there is no such rule."""
    found = need_second(sorted({pk for pk, _ in made.writes}), policies, response, now)
    for pair in [pair for pair in made.writes if pair[0] in found]:
        del made.writes[pair]
        made.refused.append(Skip(*pair, None, why_two(found[pair[0]]), "needs_approval"))


def why_two(rule: ApprovalRule) -> str:
    return f"needs a second person: {in_words(rule)}"


def write_plan(
    made: Plan, wording: Wording, *, actor: Actor, now: datetime, decision: Decision | None = None
) -> Result:
    """Carry out a plan whose policies are locked: as a decision of its own, none if there is
    nothing to write, or as a part of one that is written in parts."""
    if not made.writes and decision is None:
        return Result(None, 0, made.skips)
    replaced = [row for row in made.writes.values() if row is not None]
    retire_exceptions(replaced, now)
    ids = insert_exceptions(list(made.writes), wording, actor=actor, now=now)
    items = _items(made, ids)
    if decision is None:
        decision = make_decision(
            actor=actor,
            kind=Decision.Kind.RESPOND,
            response=wording.response,
            reason=wording.reason,
            now=now,
            items=items,
        )
    else:
        extend_decision(decision, items)
    refresh({process for process, _ in made.writes}, {policy for _, policy in made.writes}, now)
    write_ledger("decision.responded", decision, items, actor=actor, response=wording.response)
    notes = _replaced_note(len(replaced))
    return Result(decision, len(made.writes), made.skips, len(replaced), notes)


def _checked(
    processes: Sequence[int],
    policies: Sequence[Policy],
    response: str,
    reason: str,
    expires_at: datetime | None,
    now: datetime,
) -> str:
    if not processes or not policies:
        raise NothingChosen("Choose at least one process and one policy.")
    if response not in Response.values:
        raise BadValue(f"{response!r} is no response: give one of {', '.join(Response.values)}.")
    if expires_at is not None and expires_at <= now:
        raise BadValue("The exception would have expired already: give a later time.")
    return checked_reason(reason)


def checked_reason(reason: str) -> str:
    """The reason without blanks around it; NothingChosen if there is none."""
    if not reason.strip():
        raise NothingChosen("Say why: the reason is kept with the decision.")
    return reason.strip().replace("\0", "")


def _items(made: Plan, ids: dict[tuple[int, int], int]) -> list[Item]:
    applied = [
        Item(process, policy, before_id=before, after_id=ids[process, policy])
        for (process, policy), before in made.writes.items()
    ]
    same = [
        Item(skip.process_id, skip.policy_id, before_id=row, after_id=row, skipped=skip.why)
        for skip, row in made.same
    ]
    refused = [
        Item(skip.process_id, skip.policy_id, skipped=skip.why)
        for skip in made.refused
        if skip.code != "unknown_process"
    ]
    return [*applied, *same, *refused]


def _replaced_note(count: int) -> list[str]:
    if not count:
        return []
    things = "1 exception" if count == 1 else f"{count} exceptions"
    return [f"{things} with another response or date replaced; the history keeps them."]


def refresh(processes: Iterable[int], policies: set[int], now: datetime) -> None:
    """After a change of these processes in these drafts: mark the drafts, recompute coverage of
    the processes and of those that are the same file."""
    changed = set(processes)
    changed.update(kin for _, kin in kin_ids(sorted(changed)))
    touch_drafts(policies, now)
    cover_processes(sorted(changed), groups_with(policies), now)


@transaction.atomic
def retire(
    *,
    actor: Actor,
    exceptions: Sequence[int],
    reason: str,
    now: datetime,
    approver: User | None = None,
) -> Result:
    """Remove these exceptions (ids) from their drafts, as one decision; the rows stay as history.

    One that is removed already is skipped, and one that needs a second person unless `approver`
    says that there was one. Raises NothingChosen, NotFound.
    """
    reason = checked_reason(reason)
    wanted = set(exceptions)
    if not wanted:
        raise NothingChosen("Choose at least one exception.")
    share_tree()
    rows = ProcessException.objects.filter(pk__in=wanted)
    lock_policies(set(rows.values_list("policy_id", flat=True)))
    facts = list(
        rows.order_by("process_id", "policy_id").values_list(
            "pk", "process_id", "policy_id", "retired_at"
        )
    )
    if len(facts) < len(wanted):
        raise NotFound("An exception is not there any more: reload the page and choose again.")
    gone = [
        Skip(process, policy, None, "was removed already", "already_removed")
        for _, process, policy, retired_at in facts
        if retired_at is not None
    ]
    active = [(pk, process, policy) for pk, process, policy, at in facts if at is None]
    found = {} if approver else need_second_to_remove({process for _, process, _ in active})
    held = [
        Skip(process, policy, None, why_two(found[process]), "needs_approval")
        for _, process, policy in active
        if process in found
    ]
    going = [one for one in active if one[1] not in found]
    if not going:
        return Result(None, 0, [*held, *gone])
    retire_exceptions([pk for pk, _, _ in going], now)
    items = [Item(process, policy, before_id=pk) for pk, process, policy in going]
    items += [skipped_item(skip) for skip in gone if not _is_held(skip, items)]
    decision = make_decision(
        actor=actor, kind=Decision.Kind.RETIRE, reason=reason, now=now, items=items
    )
    refresh({process for _, process, _ in going}, {policy for _, _, policy in going}, now)
    write_ledger("decision.retired", decision, items, actor=actor)
    return Result(decision, len(going), [*held, *gone])


def skipped_item(skip: Skip) -> Item:
    return Item(skip.process_id, skip.policy_id, skip.group_id, skipped=skip.why)


def _is_held(skip: Skip, items: Sequence[Item]) -> bool:
    pairs = {(item.process_id, item.policy_id) for item in items}
    return (skip.process_id, skip.policy_id) in pairs
