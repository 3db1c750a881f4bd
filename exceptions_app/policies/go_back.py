"""Back to what an earlier revision said: as a decision in the draft and as a new revision.

Nothing that was published changes. The exceptions of that revision stand again as they were
written, with their authors, reasons and dates; what was added since is retired and stays as
history. Name and description of the policy, and which hashes are the same file, stay as they are.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import transaction

from exceptions_app.errors import NothingChosen
from exceptions_app.models.decision import Decision
from exceptions_app.models.exception import ProcessException
from exceptions_app.models.policy import Policy, Revision
from exceptions_app.policies.diff import Changes, compare
from exceptions_app.policies.locks import lock_policies, share_tree
from exceptions_app.policies.publish import latest, policy_facts, publish
from exceptions_app.triage.decide import Result, checked_reason, refresh
from exceptions_app.triage.plan import ON_LIST, SAME, Skip
from exceptions_app.triage.write import Item, make_decision, retire_exceptions, write_ledger

if TYPE_CHECKING:
    from truscan.access.actor import Actor

EXPIRED = "has expired since"
GONE = "is not kept any more: decide it anew"


@dataclass(slots=True)
class WayBack:
    """`retire` are ids of exceptions that the draft has and the revision has not; `put_back` ids of
    the revision's own that are retired now; `same` those that stand. By id the (process, policy)
    they belong to. `skips` are rules of the revision that cannot stand again, and why."""

    retire: dict[int, int] = field(default_factory=dict)
    put_back: dict[int, int] = field(default_factory=dict)
    same: dict[int, int] = field(default_factory=dict)
    skips: list[Skip] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.retire or self.put_back)


def way_back(revision: Revision, now: datetime) -> WayBack:
    """What going back to `revision` does to the draft. Three queries, no lock, no write.

    Rules that expired since, and processes that came onto Symantec's own list since (guide
    p. 74), are skipped.
    """
    wanted = _rows_of(revision)
    way = WayBack()
    for process_id, on_list, name, row in wanted:
        if row is None:
            way.skips.append(Skip(process_id, revision.policy_id, None, f"{name} {GONE}"))
        elif row.expires_at is not None and row.expires_at <= now:
            why = f"{name} {EXPIRED}, on {row.expires_at:%Y-%m-%d %H:%M} UTC"
            way.skips.append(Skip(process_id, revision.policy_id, None, why))
        elif on_list:
            why = f"{name} {ON_LIST}"
            way.skips.append(Skip(process_id, revision.policy_id, None, why, "symantec_list"))
        elif row.retired_at is None:
            way.same[row.pk] = process_id
        else:
            way.put_back[row.pk] = process_id
    active = ProcessException.objects.filter(policy=revision.policy_id, retired_at=None)
    way.retire = {
        pk: process_id
        for pk, process_id in active.order_by("process_id").values_list("pk", "process_id")
        if pk not in way.same
    }
    return way


def _rows_of(revision: Revision) -> list[tuple[int, bool, str, ProcessException | None]]:
    """(process, whether it is on Symantec's list now, name, its exception as it was published).

    An exception is known by its process, response and the moment of the decision.
    """
    entries = list(revision.entries.select_related("process").order_by("pk"))
    told = json.loads(revision.canonical)["entries"]
    written = {
        (row.process_id, row.response, row.created_at): row
        for row in ProcessException.objects.filter(
            policy=revision.policy_id, process__in=[entry.process_id for entry in entries]
        )
        .defer("evidence", "reason")
        .order_by("pk")
    }
    return [
        (
            entry.process_id,
            entry.process.on_symantec_list,
            str(entry.process),
            written.get(
                (entry.process_id, entry.response, datetime.fromisoformat(facts["decided_at"]))
            ),
        )
        for entry, facts in zip(entries, told, strict=True)
    ]


def differences(revision: Revision, now: datetime) -> Changes:
    """What going back changes for clients: that revision's rules against the latest revision."""
    newest = latest(revision.policy)
    skipped = {skip.process_id for skip in way_back(revision, now).skips}
    told = json.loads(revision.canonical)["entries"]
    processes = revision.entries.order_by("pk").values_list("process_id", flat=True)
    kept = [facts for pk, facts in zip(processes, told, strict=True) if pk not in skipped]
    return compare(newest, policy_facts(revision.policy), kept)


@transaction.atomic
def go_back(
    *, actor: Actor, revision: Revision, reason: str, now: datetime
) -> tuple[Revision, Result]:
    """Put the draft back to `revision` and publish it as the next revision.

    One decision, undone like any other (undo changes the draft, and publishes nothing). Raises
    NothingChosen if there is no reason or draft and latest revision say this already, Conflict as
    `publish` does, NotFound if the policy was deleted meanwhile; then nothing changed.
    """
    reason = checked_reason(reason)
    share_tree()
    policy = lock_policies([revision.policy_id])[revision.policy_id]
    way = way_back(revision, now)
    result = Result(None, 0, way.skips)
    if way:
        result = _put_back(actor, policy, revision, way, reason, now)
    before = latest(policy)
    note = f"Back to revision {revision.number}: {reason}"
    # What was published once needs no second person: the way out of an error must not wait.
    published = publish(actor=actor, policy=policy, now=now, note=note, is_checked=True)
    if before is not None and published.pk == before.pk and not way:
        raise NothingChosen(
            f"The draft and revision {before.number} say already what revision {revision.number}"
            " says: there is nothing to go back to."
        )
    return published, result


def _put_back(
    actor: Actor, policy: Policy, revision: Revision, way: WayBack, reason: str, now: datetime
) -> Result:
    retire_exceptions(list(way.retire), now)
    ProcessException.objects.filter(pk__in=list(way.put_back)).update(retired_at=None)
    items = _items(way, policy.pk)
    decision = make_decision(
        actor=actor,
        kind=Decision.Kind.GO_BACK,
        reason=f"Back to revision {revision.number}: {reason}",
        now=now,
        items=items,
    )
    refresh({item.process_id for item in items if not item.skipped}, {policy.pk}, now)
    write_ledger("decision.went_back", decision, items, actor=actor, revision=revision.number)
    return Result(decision, decision.applied, way.skips)


def _items(way: WayBack, policy_id: int) -> list[Item]:
    """One item for each process: what stood, and what stands now.

    What stands already is written too, quietly: undo of the decision before must not take it.
    """
    before = {process: pk for pk, process in way.retire.items()}
    after = {process: pk for pk, process in way.put_back.items()}
    changed = [
        Item(process, policy_id, before_id=before.get(process), after_id=after.get(process))
        for process in sorted(before.keys() | after.keys())
    ]
    told = [
        Item(skip.process_id, policy_id, skipped=skip.why)
        for skip in way.skips
        if skip.process_id not in before
    ]
    same = [
        Item(process, policy_id, before_id=pk, after_id=pk, skipped=SAME, is_quiet=True)
        for pk, process in way.same.items()
    ]
    return [*changed, *same, *told]
