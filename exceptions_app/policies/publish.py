"""From a policy's draft to an immutable, numbered revision."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone

from exceptions_app.errors import Conflict
from exceptions_app.models.policy import Policy, Response, Revision, RevisionEntry
from exceptions_app.policies.diff import Changes, compare
from exceptions_app.policies.draft import DraftEntry, draft_entries
from exceptions_app.policies.effective import groups_with, policies_in_force
from exceptions_app.policies.foreign import foreign_rules
from exceptions_app.policies.gate import require_one_is_enough
from exceptions_app.policies.locks import lock_policies, share_tree
from exceptions_app.policies.signing import sign
from truscan import audit
from truscan.models.estate import Group, Location

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from truscan.access.actor import Actor

FORMAT = "truscan-revision/1"


@dataclass(frozen=True, slots=True)
class Ready:
    """What publishing at a moment would write, and what it would change for clients."""

    entries: list[DraftEntry]
    before: Revision | None
    changes: Changes

    @property
    def number(self) -> int:
        return self.before.number + 1 if self.before else 1

    @property
    def facts(self) -> list[dict[str, Any]]:
        return [entry.facts for entry in self.entries]


def latest(policy: Policy) -> Revision | None:
    return Revision.objects.filter(policy=policy).order_by("-number").first()


def as_of(policy: Policy, at: datetime) -> Revision | None:
    """The revision that was the latest at `at`; None if nothing was published by then.

    This tells what the policy said; `placed` tells where it was in force.
    """
    published = Revision.objects.filter(policy=policy, published_at__lte=at)
    return published.order_by("-number").first()


def is_proven(revision: Revision) -> bool:
    """True if text and rules are the ones that were published: the SHA-256 fits the canonical text,
    and the rows that exports are made of say what the text says."""
    if hashlib.sha256(revision.canonical.encode()).hexdigest() != revision.sha256:
        return False
    told = [
        (entry["response"], entry["hashes"]) for entry in json.loads(revision.canonical)["entries"]
    ]
    rows = revision.entries.order_by("pk").values_list("response", "hashes")
    return told == list(rows)


def pending(policy: Policy, now: datetime | None = None) -> Changes:
    """What publishing now would change: rules added, changed (response, expiry, reason, facts),
    renewed (another build) and retired (removed, or expired)."""
    return prepare(policy, now or timezone.now()).changes


def prepare(policy: Policy, now: datetime) -> Ready:
    """The draft beside the latest revision. Four queries, no lock, no write."""
    entries = draft_entries(policy, now)
    before = latest(policy)
    facts = [entry.facts for entry in entries]
    return Ready(entries, before, compare(before, policy_facts(policy), facts))


@transaction.atomic
def publish(
    *, actor: Actor, policy: Policy, now: datetime, note: str = "", is_checked: bool = False
) -> Revision:
    """The draft as the next revision; without a change, the latest one as it is.

    Expired exceptions are left out. Two at once: one waits, then finds nothing left to publish.
    `is_checked` tells that a second person, or an earlier revision, answers for the findings of
    lint. Raises Conflict if two hashes of one file have different responses, NotFound if the policy
    was deleted meanwhile, NeedsSecondPerson for findings of a blocking grade.
    """
    share_tree()
    policy = lock_policies([policy.pk])[policy.pk]
    ready = prepare(policy, now)
    before, changes = ready.before, ready.changes
    refuse_conflicts(ready.entries)
    if before is not None and not changes:
        return before
    if not is_checked:
        require_one_is_enough(policy, now)
    revision = _write(actor, policy, ready, now, note)
    audit.record(
        "policy.published",
        actor=actor,
        obj=policy,
        before={"revision": before.number if before else None},
        after={
            "revision": revision.number,
            "sha256": revision.sha256,
            "entries": len(ready.entries),
            "added": len(changes.added),
            "changed": len(changes.changed),
            "renewed": len(changes.renewed),
            "retired": len(changes.retired),
        },
        reason=note,
    )
    return revision


def refuse_conflicts(entries: Sequence[DraftEntry]) -> None:
    """Raise Conflict if two linked hashes have different responses: SEPM does not say which wins
    (POLICY-FORMATS 6, rule 11)."""
    by_process = {entry.process.pk: entry for entry in entries}
    for entry in entries:
        for kin in sorted(entry.kin & by_process.keys()):
            other = by_process[kin]
            if other.response != entry.response:
                raise Conflict(
                    f"{entry.process} is one file under two hashes with different responses,"
                    f" {Response(entry.response).label} and {Response(other.response).label}:"
                    " give both the same, or unlink them."
                )


def policy_facts(policy: Policy) -> dict[str, Any]:
    """The member "policy" of the canonical JSON; rules of other kinds only where there are any."""
    facts = {"name": policy.name, "description": policy.description, "shared": policy.shared}
    foreign = foreign_rules(policy)
    return {**facts, "foreign_rules": foreign} if foreign else facts


def _write(actor: Actor, policy: Policy, ready: Ready, now: datetime, note: str) -> Revision:
    canonical = audit.canonical_json(
        {
            "format": FORMAT,
            "policy": policy_facts(policy),
            "number": ready.number,
            "entries": ready.facts,
        }
    )
    signature, public_key = sign(canonical)
    revision = Revision.objects.create(
        policy=policy,
        number=ready.number,
        canonical=canonical,
        sha256=hashlib.sha256(canonical.encode()).hexdigest(),
        signature=signature,
        public_key=public_key,
        ledger_head=audit.head(),
        published_at=now,
        actor_name=actor.name,
        actor_user=actor.user,
        note=note,
    )
    RevisionEntry.objects.bulk_create(
        [
            RevisionEntry(
                revision=revision,
                process=entry.process,
                response=entry.response,
                expires_at=entry.expires_at,
                hashes=list(entry.hashes),
            )
            for entry in ready.entries
        ],
        batch_size=5000,
    )
    return revision


def touched(policy: Policy) -> list[tuple[Group, Location | None]]:
    """Every group and location where the policy is in force, in order of path; None = the group."""
    places = [p for p in policies_in_force(groups_with([policy.pk])) if p.policy_id == policy.pk]
    groups = Group.objects.in_bulk({place.group_id for place in places})
    locations = Location.objects.in_bulk({p.location_id for p in places if p.location_id})
    found = [
        (groups[p.group_id], locations[p.location_id] if p.location_id else None) for p in places
    ]
    return sorted(found, key=lambda at: (at[0].path_key, at[1].name_key if at[1] else ""))
