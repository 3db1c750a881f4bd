"""The one way to write the ledger, and the way to prove it whole.

Each row's hash covers the canonical text of its facts and the hash of the row before, so a changed
row breaks the chain, and a cut tail is found against a head noted elsewhere (published revisions
carry it). Writers take one advisory lock, held to the end of their transaction: record last.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from django.db import connection, transaction

from truscan.models.audit import AuditEvent

if TYPE_CHECKING:
    from django.db.models import Model

    from truscan.access.actor import Actor

LOCK = 0x7472_7563  # one number for one purpose: the ledger's advisory lock
GENESIS = "0" * 64


@dataclass(frozen=True, slots=True)
class Broken:
    """Where the chain does not hold: the row's id and what is wrong with it."""

    event_id: int
    why: str


def canonical_json(value: object) -> str:
    """Sorted keys, no spaces, plain Unicode: the same text on every machine."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)


def head() -> str:
    """The hash of the newest event."""
    newest = AuditEvent.objects.order_by("-id").values_list("hash", flat=True).first()
    return newest or GENESIS


def record(
    code: str,
    *,
    actor: Actor,
    obj: Model | None = None,
    object_type: str = "",
    object_id: str = "",
    object_name: str = "",
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    reason: str = "",
) -> AuditEvent:
    """Append one act; `code` is dotted, such as "policy.published".

    Call it last in the transaction of the act: the lock it takes is held until commit.
    """
    if obj is not None:
        object_type = object_type or obj._meta.model_name or ""
        object_id, object_name = object_id or str(obj.pk), object_name or str(obj)
    at = datetime.now(UTC)
    facts = {
        "at": at.isoformat(),
        "actor": actor.name,
        "means": str(actor.means.value),
        "code": code,
        "object": [object_type, object_id, object_name],
        "before": before,
        "after": after,
        "reason": reason,
    }
    canonical = canonical_json(facts)
    plain = json.loads(canonical)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        previous = head()
        return AuditEvent.objects.create(
            at=at,
            actor_name=actor.name,
            actor_user=actor.user,
            means=actor.means.value,
            code=code,
            object_type=object_type,
            object_id=object_id,
            object_name=object_name,
            before=plain["before"],
            after=plain["after"],
            reason=reason,
            canonical=canonical,
            previous_hash=previous,
            hash=chain(previous, canonical),
        )


def chain(previous: str, canonical: str) -> str:
    return hashlib.sha256((previous + canonical).encode()).hexdigest()


def _disagrees(event: AuditEvent) -> bool:
    """True if the columns that people read differ from the text that the hash covers."""
    facts = json.loads(event.canonical)
    shown = {
        "at": event.at.isoformat(),
        "actor": event.actor_name,
        "means": event.means,
        "code": event.code,
        "object": [event.object_type, event.object_id, event.object_name],
        "before": event.before,
        "after": event.after,
        "reason": event.reason,
    }
    return bool(facts != shown)


def verify(expected_head: str | None = None) -> tuple[int, str, list[Broken]]:
    """Walk the chain: (events read, head, what is broken). `expected_head` must occur in it."""
    previous, count, broken, seen = GENESIS, 0, [], expected_head in {None, GENESIS}
    for event in AuditEvent.objects.order_by("id").iterator(chunk_size=2000):
        count += 1
        if event.previous_hash != previous:
            broken.append(Broken(event.pk, "does not follow the event before it"))
        if chain(event.previous_hash, event.canonical) != event.hash:
            broken.append(Broken(event.pk, "its text does not match its hash"))
        elif _disagrees(event):
            broken.append(Broken(event.pk, "its columns do not match its text"))
        previous = event.hash
        seen = seen or event.hash == expected_head
    if not seen:
        broken.append(Broken(0, f"the head {expected_head} is not in the ledger: its end was cut"))
    return count, previous, broken
