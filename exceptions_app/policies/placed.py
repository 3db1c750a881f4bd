"""Where policies were in force at a moment, from the changes that were kept, and the proof of it.

Changes are written by the same acts that change the present; before the first one that is kept of
a place nothing is known of it, and nothing is guessed.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from exceptions_app.models.placement import InheritanceChange, Placement
from exceptions_app.models.policy import Policy, Revision
from exceptions_app.policies.compile import Origin, resolve
from exceptions_app.policies.history import past_of
from exceptions_app.policies.publish import as_of, is_proven
from exceptions_app.policies.signing import fits
from truscan import audit
from truscan.models.audit import AuditEvent
from truscan.models.estate import Group

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from exceptions_app.policies.history import Change, Past
    from truscan.models.estate import Location

FORMAT = "truscan-effective-set/1"


def note_placement(
    *,
    group: Group,
    location: Location | None,
    policy: Policy | None,
    at: datetime,
    event: AuditEvent,
) -> None:
    """Keep that the policy (None: none) is on the place from now on; in the act's transaction."""
    Placement.objects.create(
        group=group, location=location, policy=policy, at=at, audit_event=event
    )


def note_inheritance(
    *, group: Group, inherits: bool, was: bool, at: datetime, event: AuditEvent
) -> None:
    """Keep that the group inherits, or does not, from now on."""
    InheritanceChange.objects.create(
        group=group, inherits=inherits, was=was, at=at, audit_event=event
    )


@dataclass(frozen=True, slots=True)
class SetAt:
    """What clients of a group or location were ordered at a moment, and what proves it.

    `text` is the canonical JSON of place, policy, revision and rules unexpired then, `sha256` its
    hash: who rebuilds it elsewhere gets the same. `doubts` say what does not hold; none: proven.
    `path` are the groups from this one up to the one whose assignment counted.
    """

    origin: Origin
    policy: Policy | None
    revision: Revision | None
    path: tuple[Group, ...]
    entries: tuple[dict[str, Any], ...]
    text: str
    sha256: str
    doubts: tuple[str, ...]


def set_at(group: Group, location: Location | None, at: datetime) -> SetAt:
    """Rebuild the effective set of a place at a moment from history and revisions."""
    above, past = _upward(group), past_of([group.pk], at)
    places = resolve(past.facts)[group.pk]
    origin = places.group
    if location is not None and location.name_key in places.locations:
        origin = places.locations[location.name_key][1]
    policy = Policy.objects.filter(pk=origin.policy_id or 0).first()
    revision = as_of(policy, at) if policy else None
    entries = _entries(revision, at)
    path = _path(above, origin)
    text = audit.canonical_json(
        {
            "format": FORMAT,
            "domain": group.domain.name,
            "group": group.path,
            "location": location.name if location else None,
            "from_group": path[-1].path if origin.policy_id else None,
            "policy": policy.name if policy else None,
            "revision": revision.number if revision else None,
            "revision_sha256": revision.sha256 if revision else None,
            "entries": entries,
        }
    )
    return SetAt(
        origin=origin,
        policy=policy,
        revision=revision,
        path=path,
        entries=tuple(entries),
        text=text,
        sha256=hashlib.sha256(text.encode()).hexdigest(),
        doubts=tuple(_doubts(revision, _events(past, origin, path))),
    )


def _upward(group: Group) -> list[Group]:
    """The group and everything above it: a path names its ancestors."""
    parts = group.path_key.split("\\")
    keys = ["\\".join(parts[:depth]) for depth in range(len(parts), 0, -1)]
    found = Group.objects.filter(domain=group.domain_id, path_key__in=keys)
    by_key = {one.path_key: one for one in found.select_related("domain")}
    return [by_key[key] for key in keys if key in by_key]


def _path(above: Sequence[Group], origin: Origin) -> tuple[Group, ...]:
    ids = [one.pk for one in above]
    end = ids.index(origin.from_group_id) + 1 if origin.from_group_id in ids else 1
    return tuple(above[:end])


def _events(past: Past, origin: Origin, path: Sequence[Group]) -> list[AuditEvent | None]:
    """The lines of the ledger that tell of the assignment and of inheritance on the way to it;
    None for each that is older than the history."""
    ids = {group.pk for group in path}

    def counts(change: Change) -> bool:
        if change.is_inheritance:
            return change.group_id in ids
        return change.policy_id == origin.policy_id

    told = [change.event_id for change in past.changes if counts(change)]
    found = AuditEvent.objects.in_bulk([pk for pk in told if pk is not None])
    return [found[pk] if pk is not None else None for pk in told]


def _entries(revision: Revision | None, at: datetime) -> list[dict[str, Any]]:
    """The rules of the revision that had not expired; ISO texts of UTC compare like times."""
    if revision is None:
        return []
    told = json.loads(revision.canonical)["entries"]
    kept = list(revision.entries.order_by("pk").values_list("expires_at", flat=True))
    return [
        entry
        for entry, expires_at in zip(told, kept, strict=True)
        if expires_at is None or expires_at > at
    ]


def _doubts(revision: Revision | None, events: Sequence[AuditEvent | None]) -> list[str]:
    found = []
    if revision is not None and not is_proven(revision):
        found.append(f"{revision} does not fit its SHA-256: run verify_ledger.")
    if revision is not None and revision.signature and not fits(revision):
        found.append(f"The signature of {revision} does not fit its text.")
    if any(event is None for event in events):
        found.append("An assignment is older than its history: only today's row tells of it.")
    for event in events:
        if event and audit.chain(event.previous_hash, event.canonical) != event.hash:
            found.append(f"Line {event.pk} of the ledger does not fit its hash: run verify_ledger.")
    return found
