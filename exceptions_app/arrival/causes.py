"""Why an exception may not take effect at a place. Pure Python."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

STOPPING = ("quarantine", "terminate")
# TruScan clients of version 11 know a file by its SHA-1 alone.
ONLY_SHA1 = re.compile(r"11(?:\.|$)")


@dataclass(frozen=True, slots=True)
class Cause:
    """A likely cause: a word for machines, a sentence with the way out."""

    code: str
    sentence: str


@dataclass(frozen=True, slots=True)
class PlaceFacts:
    """What is known of a place where an excepted process is still detected.

    `policy` is the name of the one in force there ("" = none), `is_ours` whether it is the one
    with the exception, `group_has_ours` whether the group itself has it (and its location not).
    """

    policy: str
    is_ours: bool
    group_has_ours: bool
    versions: Sequence[str] = ()
    serial_at: datetime | None = None
    behind: int = 0
    silent: int = 0
    unknown: int = 0


def likely_causes(
    place: PlaceFacts, hashes: Sequence[str], published_at: datetime, *, response: str = "ignore"
) -> tuple[Cause, ...]:
    """The likely causes, the surest first; never empty: not knowing is told too."""
    if not place.is_ours:
        return (_elsewhere(place),)
    found: list[Cause] = []
    if place.serial_at is not None and place.serial_at < published_at:
        found.append(
            Cause(
                "not_handed_out",
                "The group's newest serial is older than the revision: put it into SEPM.",
            )
        )
    if not any(one.startswith("sha1:") for one in hashes):
        old = sorted({one for one in place.versions if ONLY_SHA1.match(one)})
        if old:
            sentence = f"Clients of version {old[0]} understand only SHA-1, and the rule has none."
            found.append(Cause("needs_sha1", sentence + " Link the file's SHA-1 to the process."))
        elif not any(place.versions):
            sentence = "The rule has no SHA-1, which clients of version 11 need;"
            found.append(Cause("may_need_sha1", sentence + " no client's version is known here."))
    if place.behind:
        found.append(Cause("behind", f"{place.behind:,} clients of the group run an older serial."))
    if place.silent or place.unknown:
        sentence = f"Of {place.silent:,} silent and {place.unknown:,} unknown clients nothing is"
        found.append(Cause("not_proven", sentence + " proven: read their serials."))
    if response in STOPPING:
        # POLICY-FORMATS 2: these two act when the file is launched, not when a scan finds it.
        sentence = "It stops the process when it starts: one that ran before goes on until then."
        found.append(Cause("ran_before", sentence))
    return tuple(found) or (
        Cause(
            "none_known",
            "No cause is known: compare the rule in SEPM with the export, its hash first.",
        ),
    )


def _elsewhere(place: PlaceFacts) -> Cause:
    other = f"the policy {place.policy}" if place.policy else "no policy that we know of"
    if place.group_has_ours:
        return Cause("other_location", f"At this location {other} is in force instead.")
    return Cause(
        "other_policy",
        f"The group does not inherit this policy: {other} is in force there."
        " Add the exception there, or let the group inherit.",
    )
