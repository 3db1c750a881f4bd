"""A policy's draft as the entries that a revision of it would have."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING, Any

from django.db.models import F, Q

from exceptions_app.models.exception import ProcessException
from exceptions_app.triage.kin import linked_to

if TYPE_CHECKING:
    from datetime import datetime

    from exceptions_app.models.policy import Policy
    from truscan.models.process import Process


@dataclass(frozen=True, slots=True)
class DraftEntry:
    """`facts` is the entry of the canonical JSON; `kin` the processes that are the same file."""

    process: Process
    response: str
    expires_at: datetime | None
    hashes: tuple[str, ...]
    kin: frozenset[int]
    facts: dict[str, Any]


def draft_entries(policy: Policy, now: datetime) -> list[DraftEntry]:
    """Active exceptions that have not expired, in the canonical order. Three queries."""
    rows = list(
        ProcessException.objects.filter(policy=policy, retired_at=None)
        .filter(Q(expires_at=None) | Q(expires_at__gt=now))
        .select_related("process", "approver")
        .order_by(F("process_id"))
    )
    linked = linked_to([row.process_id for row in rows])
    entries = [_entry(row, linked.get(row.process_id, [])) for row in rows]
    return sorted(entries, key=canonical_order)


def canonical_order(entry: DraftEntry) -> tuple[str, str, str, str]:
    """Own hash, name and path without case, response: by code points, the same everywhere."""
    process = entry.facts["process"]
    first = entry.hashes[0] if entry.hashes else ""
    return first, process["name"].casefold(), process["path"].casefold(), entry.response


def _entry(row: ProcessException, linked: list[Process]) -> DraftEntry:
    process = row.process
    own = [_tagged(process)] if process.has_hash else []
    others = sorted({_tagged(other) for other in linked if other.has_hash} - set(own))
    hashes = (*own, *others)
    return DraftEntry(
        process=process,
        response=row.response,
        expires_at=row.expires_at,
        hashes=hashes,
        kin=frozenset(other.pk for other in linked),
        facts=_facts(row, hashes),
    )


def _facts(row: ProcessException, hashes: tuple[str, ...]) -> dict[str, Any]:
    """The process as it was when the exception was written: an import that tells more of the file
    later must not look like a change of the policy."""
    evidence = dict(row.evidence)
    return {
        "process": evidence.pop("process", None) or process_facts(row.process),
        "hashes": list(hashes),
        "response": row.response,
        "reason": row.reason,
        "author": row.author_name,
        "approver": row.approver.get_username() if row.approver else None,
        "decided_at": _utc(row.created_at),
        "review_on": row.review_on.isoformat() if row.review_on else None,
        "expires_at": _utc(row.expires_at) if row.expires_at else None,
        "evidence": evidence,
    }


def process_facts(process: Process) -> dict[str, Any]:
    """The members of "process" in the canonical JSON; `triage.write` says the same in SQL."""
    return {
        "name": process.name,
        "path": process.generic_path,
        "application_name": process.application_name,
        "company": process.company_name,
        "version": process.application_version,
        "size": process.file_size,
        "application_type": process.application_type,
        "signer": process.signer,
    }


# The kind of a hash is known by its length; the log's own word for it may be missing.
KINDS = {32: "md5", 40: "sha1", 64: "sha256"}


def _tagged(process: Process) -> str:
    return f"{KINDS.get(len(process.hash), process.hash_type or 'hash')}:{process.hash}"


def _utc(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
