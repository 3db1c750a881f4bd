"""Undo of any decision, single or bulk, as one act.

The draft afterwards is what the decisions that still stand leave when told in order of their ids;
revisions are never touched and nothing is published. An undo is a decision too, so it can be
undone: then the first one stands again, at its own place in that order.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Q

from exceptions_app.errors import AlreadyUndone, StillAtWork, TooLate
from exceptions_app.models.bulk import BulkJob
from exceptions_app.models.decision import Decision, DecisionItem
from exceptions_app.models.foreign import ForeignRules
from exceptions_app.models.policy import Policy
from exceptions_app.models.watch import Watch
from exceptions_app.policies.locks import (
    lock_groups,
    lock_policies,
    lock_process_sightings,
    share_tree,
)
from exceptions_app.triage.decide import Result, refresh
from exceptions_app.triage.kin import kin_ids
from exceptions_app.triage.observed import refresh_processes
from exceptions_app.triage.plan import Skip
from exceptions_app.triage.standing import (
    Pair,
    active_exceptions,
    last_words,
    open_watches,
)
from exceptions_app.triage.write import (
    Item,
    make_decision,
    put_back,
    retire_exceptions,
    touch_drafts,
    write_ledger,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from django.db.models import QuerySet

    from truscan.access.actor import Actor

# What is older has been published and worked with: decide anew instead.
UNDO_WITHIN = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Pairs:
    """What a decision spoke of: (process, policy) and (process, group); `quiet` are those of the
    first that it left as they were."""

    on_policies: list[Pair]
    on_groups: list[Pair]
    quiet: set[Pair]


_Changes = dict[Pair, tuple[int | None, int | None]]


@dataclass(frozen=True, slots=True)
class Part:
    """What taking back some of a decision's pairs does; the rows by pair are those that are active
    now and those that shall be."""

    items: list[Item]
    skips: list[Skip]
    exceptions: _Changes
    watches: _Changes


@transaction.atomic
def undo(*, actor: Actor, decision: Decision, now: datetime, reason: str = "") -> Result:
    """Take the decision back, and put what stood before it into the draft again.

    Pairs with a later decision keep it and are told in `skipped`. An observation that came back by
    itself is not started again. Undoing a decision that was undone and put back undoes the putting
    back. Of two at once one wins. Raises AlreadyUndone (by whom), StillAtWork, TooLate after 30
    days. A very large one is undone by `undo_job`.
    """
    root = root_of(decision)
    pairs = pairs_of(root)
    share_tree()
    lock_groups(group for _, group in pairs.on_groups)
    brought = brought_by(root)
    lock_policies([*(policy for _, policy in pairs.on_policies), *brought])
    target = take_back(root, decision, now)
    part = part_of(root, pairs)
    undone = make_decision(
        actor=actor,
        kind=Decision.Kind.UNDO,
        reason=undo_reason(target, reason),
        now=now,
        items=part.items,
        undoes=target,
    )
    apply_part(part, now)
    touch_drafts(set(brought), now)
    write_ledger("decision.undone", undone, part.items, actor=actor, undoes=target.pk)
    return Result(undone, undone.applied, part.skips)


def undo_reason(target: Decision, reason: str) -> str:
    return reason.strip() or f"Undo of decision {target.pk}: {target}"


def pairs_of(root: Decision, processes: Sequence[int] | None = None) -> Pairs:
    """All of them, or those of these processes."""
    rows = DecisionItem.objects.filter(decision=root).order_by("pk")
    if processes is not None:
        rows = rows.filter(process__in=processes)
    items = list(rows.values_list("process_id", "policy_id", "group_id", "skipped_because"))
    return Pairs(
        [(process, policy) for process, policy, _, _ in items if policy is not None],
        [(process, group) for process, policy, group, _ in items if group and policy is None],
        {(process, policy or 0) for process, policy, _, why in items if why},
    )


def brought_by(root: Decision) -> list[int]:
    """The policies into which the act brought rules that are not managed here."""
    return list(ForeignRules.objects.filter(decision=root).values_list("policy", flat=True))


def take_back(root: Decision, asked: Decision, now: datetime) -> Decision:
    """Lock the decision and all that undid it, and turn what stands; the one that fell."""
    chain = _lock_chain(root)
    _require_ended(chain, now)
    target = _target(chain, asked, now)
    _turn(chain, now)
    return target


def part_of(root: Decision, pairs: Pairs) -> Part:
    """What these pairs need, their policies and groups being locked and the decision turned."""
    items, skips, exceptions = _policy_changes(pairs.on_policies, root, pairs.quiet)
    told, left, watches = _watch_changes(pairs.on_groups, root)
    return Part([*items, *told], [*skips, *left], exceptions, watches)


def root_of(decision: Decision) -> Decision:
    """The act that is undone, put back, undone again: its items are what all of them write."""
    while decision.undoes is not None:
        decision = decision.undoes
    return decision


def policies_of(decision: Decision) -> QuerySet[Policy]:
    """The policies whose drafts the act wrote, so that undoing it writes them again."""
    root = root_of(decision)
    items = DecisionItem.objects.filter(decision=root, policy__isnull=False)
    brought = ForeignRules.objects.filter(decision=root)
    return Policy.objects.filter(
        Q(pk__in=items.values("policy")) | Q(pk__in=brought.values("policy"))
    )


def _lock_chain(root: Decision) -> list[Decision]:
    """The decision, its undo, the undo of that, and so on; the first is locked for all of them."""
    chain = [Decision.objects.select_for_update(no_key=True).get(pk=root.pk)]
    while (later := Decision.objects.filter(undoes=chain[-1]).first()) is not None:
        chain.append(later)
    return chain


def _require_ended(chain: Sequence[Decision], now: datetime) -> None:
    """What is undone is not written on: a bulk decision at work is stopped first, one that failed
    is not gone on with. StillAtWork."""
    jobs = BulkJob.objects.filter(decision__in=[decision.pk for decision in chain])
    jobs.filter(state=BulkJob.State.FAILED).update(state=BulkJob.State.CANCELLED, finished_at=now)
    going = jobs.filter(state__in=[BulkJob.State.QUEUED, BulkJob.State.RUNNING])
    if job := going.select_related("decision").defer("process_ids").first():
        if job.decision.kind == Decision.Kind.UNDO:
            raise StillAtWork(
                f"{job.actor_name} is undoing this just now: {job.done:,} of {job.total:,}"
                " processes are settled. Wait until it has ended."
            )
        raise StillAtWork("This is being written just now. Stop it first, then undo what is done.")


def _target(chain: Sequence[Decision], asked: Decision, now: datetime) -> Decision:
    """The newest of the chain, if the one asked for stands."""
    place = [decision.pk for decision in chain].index(asked.pk)
    newest = chain[-1]
    if (len(chain) - 1 - place) % 2:
        raise AlreadyUndone(
            f"{newest.actor_name} undid this on {newest.decided_at:%Y-%m-%d %H:%M} UTC:"
            " reload the page to see what stands."
        )
    if newest.decided_at < now - UNDO_WITHIN:
        raise TooLate(
            f"This was decided more than {UNDO_WITHIN.days} days ago: make a new decision instead."
        )
    return newest


def _turn(chain: Sequence[Decision], now: datetime) -> None:
    """Every second of the chain stands after this undo, and the newest does not."""
    fallen = [decision.pk for decision in chain[::-1][::2]]
    standing = [decision.pk for decision in chain[::-1][1::2]]
    Decision.objects.filter(pk__in=fallen).update(undone_at=now)
    Decision.objects.filter(pk__in=standing).update(undone_at=None)


def _policy_changes(
    pairs: Sequence[Pair], root: Decision, quiet: set[Pair]
) -> tuple[list[Item], list[Skip], _Changes]:
    """Items and skips, and by pair the exception that is active now and the one that shall be."""
    words, active = last_words(pairs, of_groups=False), active_exceptions(pairs)
    items: list[Item] = []
    skips: list[Skip] = []
    changes: _Changes = {}
    for pair in dict.fromkeys(pairs):
        word = words.get(pair)
        now_id, then_id = active.get(pair), word.row_id if word else None
        if now_id != then_id:
            changes[pair] = (now_id, then_id)
            items.append(Item(pair[0], pair[1], before_id=now_id, after_id=then_id))
        elif word is not None and word.decision_id > root.pk:
            skip = Skip(
                pair[0], pair[1], None, f"a later decision stands: {word}"[:255], "later_decision"
            )
            skips.append(skip)
            items.append(Item(pair[0], pair[1], skipped=skip.why))
        elif pair not in quiet:
            skips.append(Skip(pair[0], pair[1], None, "is as it was before", "same"))
    return items, skips, changes


def _watch_changes(
    pairs: Sequence[Pair], root: Decision
) -> tuple[list[Item], list[Skip], _Changes]:
    words, opened = last_words(pairs, of_groups=True), open_watches(pairs)
    returned = set(
        Watch.objects.filter(pk__in={word.row_id for word in words.values() if word.row_id})
        .exclude(returned_because="")
        .values_list("pk", flat=True)
    )
    items: list[Item] = []
    skips: list[Skip] = []
    changes: _Changes = {}
    for pair in dict.fromkeys(pairs):
        word = words.get(pair)
        now_id, then_id = opened.get(pair), word.row_id if word else None
        if then_id in returned:
            then_id = None
        if now_id != then_id:
            changes[pair] = (now_id, then_id)
            items.append(Item(pair[0], group_id=pair[1]))
        else:
            later = word is not None and word.decision_id > root.pk
            why = f"a later decision stands: {word}" if later else "is as it was before"
            skip = Skip(pair[0], None, pair[1], why[:255], "later_decision" if later else "same")
            skips.append(skip)
            items.append(Item(pair[0], group_id=pair[1], skipped=skip.why))
    return items, skips, changes


def apply_part(part: Part, now: datetime) -> None:
    """Retire before putting back: one active exception and one open watch per pair."""
    exceptions, watches = part.exceptions, part.watches
    processes = {pair[0] for pair in (*exceptions, *watches)}
    concerned = sorted({*processes, *(kin for _, kin in kin_ids(sorted(processes)))})
    lock_process_sightings(concerned)
    retire_exceptions([a for a, _ in exceptions.values() if a is not None], now)
    back = [b for _, b in exceptions.values() if b is not None]
    put_back(back)
    if exceptions:
        refresh({p for p, _ in exceptions}, {policy for _, policy in exceptions}, now)
    ending = [a for a, _ in watches.values() if a is not None]
    Watch.objects.filter(pk__in=ending).update(ended_at=now)
    again = [b for _, b in watches.values() if b is not None]
    Watch.objects.filter(pk__in=again).update(ended_at=None)
    refresh_processes(sorted({pair[0] for pair in watches}))
