"""Saying that two hashes are one file: by a person, or by an imported list; nobody guesses."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from exceptions_app.errors import BadValue, NotFound
from exceptions_app.models.exception import ProcessException
from exceptions_app.policies.locks import lock_policies, share_tree
from exceptions_app.triage.decide import refresh
from exceptions_app.triage.kin import kin_ids
from truscan import audit
from truscan.models.process import Process, SameFile

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from truscan.access.actor import Actor


@dataclass(slots=True)
class ImportedPairs:
    """What a list brought: links made, links known already, pairs with a hash never detected."""

    linked: int = 0
    known: int = 0
    unknown: list[tuple[str, str]] = field(default_factory=list)


@transaction.atomic
def link_same_file(
    *,
    actor: Actor,
    first: Process,
    second: Process,
    source: str = "person",
    now: datetime | None = None,
) -> SameFile:
    """Say that two processes are one file under two hashes. Idempotent.

    An exception for one then covers the other, and revisions carry both hashes. BadValue for a
    process without a hash, for one with itself, and for two hashes of the same kind.
    """
    _check(first, second)
    low, high = sorted((first, second), key=lambda process: process.pk)
    found = SameFile.objects.filter(first=low, second=high).first()
    if found is not None:
        return found
    policies = _lock_policies_of([low.pk, high.pk])
    link, _ = SameFile.objects.get_or_create(
        first=low, second=high, defaults={"source": source, "linked_by": actor.user}
    )
    refresh([low.pk, high.pk], policies, now or timezone.now())
    said = {"first": low.hash, "second": high.hash, "source": source}
    audit.record("same_file.linked", actor=actor, obj=link, after=said)
    return link


@transaction.atomic
def unlink_same_file(
    *, actor: Actor, first: Process, second: Process, reason: str = "", now: datetime | None = None
) -> None:
    """Take the link between the two away; NotFound if there is none."""
    low, high = sorted((first, second), key=lambda process: process.pk)
    link = SameFile.objects.filter(first=low, second=high).first()
    if link is None:
        raise NotFound("These two are not linked: reload the page.")
    policies = _lock_policies_of([low.pk, high.pk])
    both = {low.pk, high.pk, *(kin for _, kin in kin_ids([low.pk, high.pk]))}
    said = {"first": low.hash, "second": high.hash, "source": link.source}
    number = str(link.pk)
    link.delete()
    refresh(both, policies, now or timezone.now())
    audit.record(
        "same_file.unlinked",
        actor=actor,
        object_type="samefile",
        object_id=number,
        object_name=f"{low} = {high}",
        before=said,
        reason=reason,
    )


@transaction.atomic
def import_same_files(
    *,
    actor: Actor,
    pairs: Iterable[tuple[str, str]],
    source: str = "imported list",
    now: datetime | None = None,
) -> ImportedPairs:
    """Link pairs of hashes, such as (SHA-1, SHA-256), as one act; a hash that no detection had is
    told in `unknown`, and pairs of two equal hashes or of the same kind raise BadValue."""
    wanted = {(a.strip().lower(), b.strip().lower()) for a, b in pairs}
    hashes = {hash_ for pair in wanted for hash_ in pair}
    by_hash = {p.hash: p for p in Process.objects.filter(hash__in=hashes - {""})}
    told = ImportedPairs(unknown=sorted(pair for pair in wanted if not by_hash.keys() >= set(pair)))
    found = {
        tuple(sorted((by_hash[a].pk, by_hash[b].pk)))
        for a, b in wanted - set(told.unknown)
        if _check(by_hash[a], by_hash[b])
    }
    known = set(
        SameFile.objects.filter(first__in=[low for low, _ in found]).values_list(
            "first_id", "second_id"
        )
    )
    new = sorted(found - known)
    told.linked, told.known = len(new), len(found & known)
    if not new:
        return told
    both = sorted({pk for pair in new for pk in pair})
    policies = _lock_policies_of(both)
    SameFile.objects.bulk_create(
        [
            SameFile(first_id=low, second_id=high, source=source, linked_by=actor.user)
            for low, high in new
        ],
        ignore_conflicts=True,
    )
    refresh(both, policies, now or timezone.now())
    audit.record(
        "same_file.imported",
        actor=actor,
        object_type="samefile",
        object_name=source,
        after={"linked": told.linked, "known": told.known, "unknown": len(told.unknown)},
    )
    return told


def _check(first: Process, second: Process) -> bool:
    if first.pk == second.pk:
        raise BadValue("Choose two different processes.")
    if not first.has_hash or not second.has_hash:
        raise BadValue(
            "Only two hashes can be one file: a process without a hash cannot be linked."
        )
    if len(first.hash) == len(second.hash):
        raise BadValue(
            "Two different hashes of the same kind are two files: link SHA-1 to SHA-256."
        )
    return True


def policies_with(process_ids: Sequence[int]) -> set[int]:
    """Policies with an exception for one of the processes or for what is the same file: a link
    changes the hashes that they name, so making one writes them."""
    concerned = {*process_ids, *(kin for _, kin in kin_ids(process_ids))}
    rows = ProcessException.objects.filter(process__in=concerned, retired_at=None)
    return set(rows.values_list("policy_id", flat=True))


def _lock_policies_of(process_ids: Sequence[int]) -> set[int]:
    share_tree()
    return set(lock_policies(policies_with(process_ids)))
