"""Rules of a published revision as plain values, read from its canonical text. No Django."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from truscan.ingest.collector import resting

RESPONSES = ("ignore", "quarantine", "terminate")
REVISION_FORMAT = "truscan-revision/1"


@dataclass(frozen=True, slots=True)
class Entry:
    """One process with its response, as published.

    `hashes` are "sha256:<hex>", "sha1:<hex>" or "md5:<hex>", its own first, then those of the
    same file. Times are ISO 8601 texts as the revision has them. What the log did not give is ""
    (texts) or None.
    """

    name: str
    response: str
    path: str = ""
    hashes: tuple[str, ...] = ()
    application_name: str = ""
    company: str = ""
    version: str = ""
    size: int | None = None
    application_type: str = ""
    signer: str = ""
    reason: str = ""
    author: str = ""
    approver: str | None = None
    decided_at: str | None = None
    review_on: str | None = None
    expires_at: str | None = None
    evidence: Mapping[str, Any] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """How messages name the process: its file name, and the first hash where there is one."""
        shown = self.name or self.path or "(unnamed process)"
        return f"{shown} ({self.hashes[0]})" if self.hashes else shown

    @property
    def by_name_key(self) -> tuple[str, str]:
        """What tells processes without a hash apart; Windows names have no case."""
        return self.name.casefold(), self.path.casefold()

    def digests(self, kind: str) -> tuple[str, ...]:
        """The hex digits of its hashes of one kind ("sha256", "sha1", "md5")."""
        mark = f"{kind}:"
        return tuple([one[len(mark) :] for one in self.hashes if one.startswith(mark)])

    def has_expired(self, now: datetime) -> bool:
        return self.expires_at is not None and moment(self.expires_at) <= now


@dataclass(frozen=True, slots=True)
class PublishedSet:
    """One revision of one policy: the rules that hold, those that have expired, the one before.

    `sha256` is that of the revision's canonical text. `previous` are all rules of the revision
    before (`previous_number`, None for the first), also those that have expired since: they may
    still be on the server. `row_id` is the revision's row (0: none); it is in no file.
    `foreign` are rules of kinds that are not managed here, as a file that was taken in had them.
    """

    policy: str
    number: int
    sha256: str
    description: str = ""
    shared: bool = True
    entries: tuple[Entry, ...] = ()
    expired: tuple[Entry, ...] = ()
    previous_number: int | None = None
    previous: tuple[Entry, ...] = ()
    row_id: int = 0
    foreign: Mapping[str, Any] = field(default_factory=dict)


def moment(text: str) -> datetime:
    """An ISO 8601 text as a time; one without a zone is UTC, as revisions are."""
    at = datetime.fromisoformat(text)
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def read_set(
    canonical: str, sha256: str, now: datetime, previous: str | None = None
) -> PublishedSet:
    """A revision's canonical text (and that of the one before) as what holds at `now`.

    ValueError for a format that is not known.
    """
    with resting():
        return _read_set(canonical, sha256, now, previous)


def _read_set(canonical: str, sha256: str, now: datetime, previous: str | None) -> PublishedSet:
    document = _document(canonical)
    policy = document["policy"]
    live: list[Entry] = []
    expired: list[Entry] = []
    for entry in map(_entry, document["entries"]):
        (expired if entry.has_expired(now) else live).append(entry)
    before = None if previous is None else _document(previous)
    return PublishedSet(
        policy=policy["name"],
        number=document["number"],
        sha256=sha256,
        description=policy.get("description") or "",
        shared=bool(policy.get("shared", True)),
        entries=tuple(live),
        expired=tuple(expired),
        previous_number=before["number"] if before else None,
        previous=tuple(map(_entry, before["entries"])) if before else (),
        foreign=policy.get("foreign_rules") or {},
    )


def read_entries(canonical: str) -> tuple[Entry, ...]:
    """All rules of a revision's canonical text, also those that have expired."""
    return tuple(map(_entry, _document(canonical)["entries"]))


def _document(canonical: str) -> dict[str, Any]:
    # A half surrogate is no character: replaced before keys are sorted by it.
    document: dict[str, Any] = json.loads(canonical.encode("utf-8", "replace"))
    if document.get("format") != REVISION_FORMAT:
        raise ValueError(f"revision format {document.get('format')!r} is not {REVISION_FORMAT}")
    return document


def _entry(one: Mapping[str, Any]) -> Entry:
    process = one["process"]
    return Entry(
        name=process.get("name") or "",
        path=process.get("path") or "",
        application_name=process.get("application_name") or "",
        company=process.get("company") or "",
        version=process.get("version") or "",
        size=process.get("size"),
        application_type=process.get("application_type") or "",
        signer=process.get("signer") or "",
        hashes=tuple(one.get("hashes") or ()),
        response=one["response"],
        reason=one.get("reason") or "",
        author=one.get("author") or "",
        approver=one.get("approver"),
        decided_at=one.get("decided_at"),
        review_on=one.get("review_on"),
        expires_at=one.get("expires_at"),
        evidence=one.get("evidence") or {},
    )
