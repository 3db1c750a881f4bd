"""From a policy's draft to an immutable, numbered revision."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone

from exceptions_app.errors import Conflict
from exceptions_app.models.policy import Policy, Response, Revision, RevisionEntry
from exceptions_app.policies.draft import DraftEntry, draft_entries
from exceptions_app.policies.effective import groups_with, policies_in_force
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
class Change:
    """A rule that differs: `before` and `after` are responses, empty where there is no rule."""

    name: str
    hashes: tuple[str, ...]
    before: str
    after: str
    what: str


@dataclass(frozen=True, slots=True)
class Changes:
    """The draft against the latest revision; `policy` tells that name or description changed."""

    added: list[Change] = field(default_factory=list)
    changed: list[Change] = field(default_factory=list)
    retired: list[Change] = field(default_factory=list)
    policy: bool = False
    never_published: bool = False

    def __bool__(self) -> bool:
        return bool(
            self.added or self.changed or self.retired or self.policy or self.never_published
        )

    def __len__(self) -> int:
        return len(self.added) + len(self.changed) + len(self.retired)


def latest(policy: Policy) -> Revision | None:
    return Revision.objects.filter(policy=policy).order_by("-number").first()


def as_of(policy: Policy, at: datetime) -> Revision | None:
    """The revision that was the latest at `at`; None if nothing was published by then.

    Assignments have no history: this tells what the policy said, not where it was in force.
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
    """What publishing now would change: rules added, changed (response, expiry, reason, facts) and
    retired (removed, or expired)."""
    entries = [entry.facts for entry in draft_entries(policy, now or timezone.now())]
    return compare(latest(policy), policy_facts(policy), entries)


def compare(
    published: Revision | None, policy: dict[str, Any], entries: Sequence[dict[str, Any]]
) -> Changes:
    """A revision (None: none yet) against entries in the form of the canonical JSON."""
    if published is None:
        return Changes([_change({}, entry) for entry in entries], never_published=True)
    old = json.loads(published.canonical)
    was = {_key(entry): entry for entry in old["entries"]}
    now = {_key(entry): entry for entry in entries}
    return Changes(
        added=[_change({}, now[key]) for key in now if key not in was],
        changed=[_change(was[key], now[key]) for key in now if key in was and was[key] != now[key]],
        retired=[_change(was[key], {}) for key in was if key not in now],
        policy=old["policy"] != policy,
    )


def between(before: Revision, after: Revision) -> Changes:
    """What `after` says that `before` did not; both of one policy, in any order."""
    told = json.loads(after.canonical)
    return compare(before, told["policy"], told["entries"])


def _key(entry: dict[str, Any]) -> tuple[str, str, str]:
    """A process by its own hash, else by name and path."""
    process = entry["process"]
    own = _own_hash(entry)
    return (own, "", "") if own else ("", process["name"].casefold(), process["path"].casefold())


def _own_hash(entry: dict[str, Any]) -> str:
    return entry["hashes"][0] if entry["hashes"] else ""


def _change(before: dict[str, Any], after: dict[str, Any]) -> Change:
    entry = after or before
    fields = sorted(key for key in after if before.get(key) != after[key]) if before else []
    return Change(
        name=entry["process"]["name"] or _own_hash(entry),
        hashes=tuple(entry["hashes"]),
        before=before.get("response", ""),
        after=after.get("response", ""),
        what=", ".join(field.replace("_", " ") for field in fields),
    )


@transaction.atomic
def publish(*, actor: Actor, policy: Policy, now: datetime, note: str = "") -> Revision:
    """The draft as the next revision; without a change, the latest one as it is.

    Expired exceptions are left out. Two at once: one waits, then finds nothing left to publish.
    Raises Conflict if two hashes of one file have different responses, NotFound if the policy was
    deleted meanwhile.
    """
    share_tree()
    policy = lock_policies([policy.pk])[policy.pk]
    entries = draft_entries(policy, now)
    refuse_conflicts(entries)
    before = latest(policy)
    changes = compare(before, policy_facts(policy), [entry.facts for entry in entries])
    if before is not None and not changes:
        return before
    revision = _write(actor, policy, entries, before.number + 1 if before else 1, now, note)
    audit.record(
        "policy.published",
        actor=actor,
        obj=policy,
        before={"revision": before.number if before else None},
        after={
            "revision": revision.number,
            "sha256": revision.sha256,
            "entries": len(entries),
            "added": len(changes.added),
            "changed": len(changes.changed),
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
    """The member "policy" of the canonical JSON."""
    return {"name": policy.name, "description": policy.description, "shared": policy.shared}


def _write(
    actor: Actor,
    policy: Policy,
    entries: Sequence[DraftEntry],
    number: int,
    now: datetime,
    note: str,
) -> Revision:
    canonical = audit.canonical_json(
        {
            "format": FORMAT,
            "policy": policy_facts(policy),
            "number": number,
            "entries": [entry.facts for entry in entries],
        }
    )
    signature, public_key = sign(canonical)
    revision = Revision.objects.create(
        policy=policy,
        number=number,
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
            for entry in entries
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
