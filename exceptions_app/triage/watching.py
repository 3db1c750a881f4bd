"""Observe: no exception, keep logging, out of the way until it returns (guide p. 75)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Mod

from exceptions_app.errors import BadValue, NotFound, NothingChosen
from exceptions_app.models.decision import Decision
from exceptions_app.models.exception import ProcessException
from exceptions_app.models.policy import Policy
from exceptions_app.models.watch import SAID, Watch
from exceptions_app.policies.approval_rules import need_second_to_observe
from exceptions_app.policies.effective import groups_with, policies_in_force
from exceptions_app.policies.locks import (
    lock_groups,
    lock_policies,
    lock_process_sightings,
    share_tree,
)
from exceptions_app.triage.decide import Result, checked_reason, refresh, skipped_item, why_two
from exceptions_app.triage.kin import kin_ids
from exceptions_app.triage.observed import refresh_processes
from exceptions_app.triage.plan import NOT_THERE, Skip
from exceptions_app.triage.tripwires import counted, end_returned, returning
from exceptions_app.triage.write import (
    Item,
    extend_decision,
    make_decision,
    retire_exceptions,
    write_ledger,
)
from truscan.models.process import Process

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from django.contrib.auth.models import User

    from truscan.access.actor import Actor
    from truscan.models.estate import Group

# Imports look at what they touch; the rest is looked at once in ten minutes.
SWEEP_SECONDS, SWEEP_SLOTS = 10, 60
OBSERVED = "is observed here already"
NO_EXCEPTION = "has no exception in this policy to remove"


@dataclass(frozen=True, slots=True)
class Terms:
    """What brings a watch back: a date, or so many more of what `models.watch.SAID` names."""

    until: datetime | None
    tripwires: dict[str, int]

    def equal(self, watch: Watch) -> bool:
        return (watch.until, watch.tripwires) == (self.until, self.tripwires)


@transaction.atomic
def observe(
    *,
    actor: Actor,
    processes: Sequence[int],
    groups: Sequence[Group],
    reason: str,
    now: datetime,
    until: datetime | None = None,
    tripwires: dict[str, int] | None = None,
    approver: User | None = None,
) -> Result:
    """Keep logging these processes in these groups and below, and put them out of the way.

    Exceptions for them in the policies in force for the groups are removed first, and `notes` say
    so, also when such a policy holds elsewhere. `until` and `tripwires` (so many more
    "occurrences", "computers", "groups" or "hashes") bring them back. A watch with other terms is
    replaced; an equal call does nothing and returns no decision. What needs a second person is
    skipped unless `approver` says that there was one. Raises NothingChosen, BadValue, NotFound.
    """
    reason = checked_reason(reason)
    terms = checked_terms(processes, groups, until, tripwires, now)
    share_tree()
    lock_groups(group.pk for group in groups)
    places = policies_in_force([group.pk for group in groups])
    policies = lock_policies(p.policy_id for p in places if p.policy_id is not None)
    return observe_in(
        processes=processes,
        groups=groups,
        policies=policies,
        terms=terms,
        reason=reason,
        actor=actor,
        now=now,
        is_approved=approver is not None,
    )


def observe_in(
    *,
    processes: Sequence[int],
    groups: Sequence[Group],
    policies: dict[int, Policy],
    terms: Terms,
    reason: str,
    actor: Actor,
    now: datetime,
    decision: Decision | None = None,
    is_approved: bool = False,
) -> Result:
    """`observe` with the groups and the policies in force there locked: as a decision of its own,
    or as a part of one that is written in parts."""
    known = sorted(
        Process.objects.filter(pk__in=set(processes)).order_by().values_list("pk", flat=True)
    )
    skipped = [
        Skip(pk, None, None, NOT_THERE, "unknown_process") for pk in set(processes) - set(known)
    ]
    removed = _active(known, policies)
    if not is_approved:
        found = need_second_to_observe(known, {pk for pk, _ in removed})
        skipped += [
            Skip(pk, None, group.pk, why_two(rule), "needs_approval")
            for pk, rule in sorted(found.items())
            for group in groups
        ]
        known = [pk for pk in known if pk not in found]
        removed = {pair: row for pair, row in removed.items() if pair[0] not in found}
    open_watches = _open_watches(known, groups)
    fresh, same = _sort_watches(known, groups, open_watches, terms)
    skipped += same
    if not removed and not fresh and decision is None:
        return Result(None, 0, skipped)
    items = [
        *(Item(pk, group_id=group) for pk, group in fresh),
        *(skipped_item(skip) for skip in same),
        *_policy_items(known, policies, removed),
    ]
    if decision is None:
        decision = make_decision(
            actor=actor, kind=Decision.Kind.OBSERVE, reason=reason, now=now, items=items
        )
    else:
        extend_decision(decision, items)
    retire_exceptions(list(removed.values()), now)
    lock_process_sightings(sorted({*known, *(kin for _, kin in kin_ids(known))}))
    if removed:
        refresh({pk for pk, _ in removed}, {policy for _, policy in removed}, now)
    replaced = [open_watches[pair].pk for pair in fresh if pair in open_watches]
    Watch.objects.filter(pk__in=replaced).update(ended_at=now)
    _insert(decision, fresh, terms, now)
    refresh_processes(known)
    write_ledger("decision.observed", decision, items, actor=actor, terms=_told(terms))
    notes = _notes(removed, policies, groups)
    return Result(decision, len(fresh), skipped, len(removed), notes)


def checked_terms(
    processes: Sequence[int],
    groups: Sequence[Group],
    until: datetime | None,
    tripwires: dict[str, int] | None,
    now: datetime,
) -> Terms:
    if not processes or not groups:
        raise NothingChosen("Choose at least one process and one group.")
    if until is not None and until <= now:
        raise BadValue("The date to come back has passed: give a later one.")
    wires = tripwires or {}
    if not wires.keys() <= SAID.keys():
        raise BadValue(f"What brings it back is one of {', '.join(sorted(SAID))}.")
    if any(isinstance(n, bool) or not isinstance(n, int) or n < 1 for n in wires.values()):
        raise BadValue(
            "Give how many more detections, computers, groups or hashes as a number from 1 up."
        )
    return Terms(until, dict(wires))


def _active(known: Sequence[int], policies: Iterable[int]) -> dict[tuple[int, int], int]:
    rows = ProcessException.objects.filter(
        process__in=known, policy__in=list(policies), retired_at=None
    )
    return {(row[0], row[1]): row[2] for row in rows.values_list("process_id", "policy_id", "pk")}


def _open_watches(known: Sequence[int], groups: Sequence[Group]) -> dict[tuple[int, int], Watch]:
    rows = Watch.objects.filter(process__in=known, group__in=groups, ended_at=None)
    return {(watch.process_id, watch.group_id): watch for watch in rows}


def _sort_watches(
    known: Sequence[int],
    groups: Sequence[Group],
    open_watches: dict[tuple[int, int], Watch],
    terms: Terms,
) -> tuple[list[tuple[int, int]], list[Skip]]:
    fresh: list[tuple[int, int]] = []
    same: list[Skip] = []
    for pk in known:
        for group_id in sorted({group.pk for group in groups}):
            watch = open_watches.get((pk, group_id))
            if watch is not None and terms.equal(watch):
                same.append(Skip(pk, None, group_id, OBSERVED, "already_observed"))
            else:
                fresh.append((pk, group_id))
    return fresh, same


def _policy_items(
    known: Sequence[int], policies: Iterable[int], removed: dict[tuple[int, int], int]
) -> list[Item]:
    """One per process and policy in force, also where nothing is to remove: "no exception" is part
    of what was decided, and undo must know it."""
    return [
        Item(pk, policy, before_id=removed[pk, policy])
        if (pk, policy) in removed
        else Item(pk, policy, skipped=NO_EXCEPTION, is_quiet=True)
        for pk in known
        for policy in policies
    ]


def _insert(
    decision: Decision, pairs: Sequence[tuple[int, int]], terms: Terms, now: datetime
) -> None:
    seen = counted(pairs)
    Watch.objects.bulk_create(
        [
            Watch(
                process_id=pk,
                group_id=group_id,
                decision=decision,
                reason=decision.reason,
                until=terms.until,
                tripwires=terms.tripwires,
                baseline=seen[pk, group_id].as_json(),
                started_at=now,
            )
            for pk, group_id in pairs
        ],
        batch_size=5000,
    )


def _told(terms: Terms) -> dict[str, Any]:
    return {"until": terms.until.isoformat() if terms.until else None, **terms.tripwires}


def _notes(
    removed: dict[tuple[int, int], int], policies: dict[int, Policy], groups: Sequence[Group]
) -> list[str]:
    if not removed:
        return []
    ids = {policy for _, policy in removed}
    names = ", ".join(sorted(policies[pk].name for pk in ids))
    told = [f"Exceptions removed first: {len(removed)}, from {names}."]
    elsewhere = set(groups_with(ids)) - {group.pk for group in groups}
    if elsewhere:
        told.append(
            f"These policies are in force in {len(elsewhere)} more groups: removed there too."
        )
    return told


@transaction.atomic
def end_watch(*, actor: Actor, watches: Sequence[int], reason: str, now: datetime) -> Result:
    """End these observations (ids): what has no exception is open again. One that has ended is
    skipped. Raises NothingChosen, NotFound."""
    reason = checked_reason(reason)
    wanted = set(watches)
    if not wanted:
        raise NothingChosen("Choose at least one observation.")
    rows = Watch.objects.filter(pk__in=wanted).order_by("pk")
    share_tree()
    lock_groups(rows.values_list("group_id", flat=True))
    found = list(rows)
    if len(found) < len(wanted):
        raise NotFound("An observation is not there any more: reload the page and choose again.")
    ending = [watch for watch in found if watch.ended_at is None]
    gone = [
        Skip(watch.process_id, None, watch.group_id, "has come back already", "not_observed")
        for watch in found
        if watch.ended_at is not None
    ]
    if not ending:
        return Result(None, 0, gone)
    items = [Item(watch.process_id, group_id=watch.group_id) for watch in ending]
    decision = make_decision(
        actor=actor, kind=Decision.Kind.END_WATCH, reason=reason, now=now, items=items
    )
    processes = sorted({watch.process_id for watch in ending})
    lock_process_sightings(processes)
    Watch.objects.filter(pk__in=[watch.pk for watch in ending]).update(ended_at=now)
    refresh_processes(processes)
    write_ledger("decision.watch_ended", decision, items, actor=actor)
    return Result(decision, len(ending), gone)


@transaction.atomic
def return_due(now: datetime) -> int:
    """Part of the tick: end watches whose date has come, and, a sixtieth of them at a time, those
    whose counts were reached though no import got to them. Sightings are open by their date
    without it. How many processes came back."""
    slot = int(now.timestamp()) // SWEEP_SECONDS % SWEEP_SLOTS
    swept = Q(slot=slot) & ~Q(tripwires={})
    rows = Watch.objects.filter(ended_at=None).annotate(slot=Mod("pk", SWEEP_SLOTS))
    rows = rows.filter(Q(until__lte=now) | swept)
    due = returning(list(rows.order_by("pk")), now)
    if not due:
        return 0
    lock_process_sightings(sorted({watch.process_id for watch in due}))
    back = end_returned(due, now)
    refresh_processes(sorted(back))
    return len(back)
