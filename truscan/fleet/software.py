from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from truscan.fleet.dice import Dice, table
from truscan.fleet.families import Family, make_families
from truscan.fleet.program import Kind, Program, Truth
from truscan.logs.events import COMMERCIAL, POTENTIAL, SECURITY

NO_REPUTATION = "Reputation was not used in this detection."
_FEW, _SOME, _MORE, _TENS, _HUNDREDS, _MILLIONS = (
    f"This file has been seen by {many} Symantec users."
    for many in (
        "fewer than 5", "fewer than 50", "fewer than 100", "tens of thousands of",
        "hundreds of thousands of", "millions of",
    )
)  # fmt: skip
_PREVALENCE = {
    Truth.LEGITIMATE: table(
        (_FEW, 20), (_SOME, 20), (_MORE, 15), (_TENS, 20), (_HUNDREDS, 12), (_MILLIONS, 5),
        (NO_REPUTATION, 6), ("Unknown", 2),
    ),
    Truth.MALICIOUS: table(
        (_FEW, 55), (_SOME, 22), (_MORE, 8), (_TENS, 2), (NO_REPUTATION, 8), ("Unknown", 5)
    ),
}  # fmt: skip
_CONFIDENCE = {
    Truth.LEGITIMATE: table(
        ("There is growing evidence that this file is trustworthy.", 30),
        ("There is some evidence that this file is trustworthy.", 30),
        ("There is not enough information about this file to recommend it.", 36),
        ("There is some evidence that this file is untrustworthy.", 4),
    ),
    Truth.MALICIOUS: table(
        ("This file is untrustworthy.", 25),
        ("There is some evidence that this file is untrustworthy.", 30),
        ("There is not enough information about this file to recommend it.", 40),
        ("There is some evidence that this file is trustworthy.", 5),
    ),
}
_KNOWN_SINCE = table(
    ("Symantec has known about this file approximately 2 days.", 30),
    ("Symantec has known about this file for more than 1 year.", 40),
    (NO_REPUTATION, 30),
)
NOT_LISTED, SYMANTEC_LIST, USER_LIST, MDS = "not", "symantec", "user", "mds"
_LISTS = table((NOT_LISTED, 970), (SYMANTEC_LIST, 6), (USER_LIST, 9), (MDS, 15))
_TYPE_TEXT = {
    Kind.KEYLOGGER: "Keylogger",
    Kind.REMOTE_CONTROL: "Commercial remote control",
    Kind.SOLD_KEYLOGGER: "Commercial keylogger",
}


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a family stands among all: rank by frequency, and the level that finds it."""

    rank: int
    threshold: int
    computers: int


def make_programs(seed: int, processes: int, computers: int) -> list[Program]:
    """`processes` programs, Zipf-shaped: the one of rank r has about 1/(r + 2) of the first's rows.

    Thresholds run evenly through 1..100 for the legitimate and for the malicious ones, each in
    the order of frequency, so that their ratio hardly moves with the level (guide p. 77).
    """
    dice = Dice(seed, "software")
    programs: list[Program] = []
    seen = {Truth.LEGITIMATE: 0, Truth.MALICIOUS: 0}
    for rank, family in enumerate(make_families(dice, processes)):
        # 61 and 100 have no factor in common: a hundred in a row take every level once.
        threshold = seen[family.truth] * 61 % 100 + 1
        seen[family.truth] += 1
        place = _Place(rank, threshold, computers)
        programs += _builds(dice, seed, family, place, len(programs))
    return programs


def _builds(dice: Dice, seed: int, family: Family, place: _Place, number: int) -> list[Program]:
    """All builds of a family: each replaces the one before while the scan can see them."""
    shared = _shared(dice, family, place)
    visible_from = ((place.threshold + 9) // 10 - 1) / 10
    starts = [0.0]
    for n in range(1, family.builds):
        starts.append(visible_from + (1 - visible_from) * (n + dice.roll() * 0.5) / family.builds)
    # Some computers are slow to update.
    ends = [*(start + 0.06 for start in starts[1:]), 1.0]
    return [
        Program(
            number=number + build,
            used_from=starts[build],
            used_until=ends[build],
            **shared,
            **_own(dice, family, build, f"{seed}/{place.rank}/{build}".encode()),
        )
        for build in range(family.builds)
    ]


def _shared(dice: Dice, family: Family, place: _Place) -> dict[str, Any]:
    """What all builds have in common."""
    is_legitimate = family.truth is Truth.LEGITIMATE
    listed = dice.pick(_LISTS) if is_legitimate else NOT_LISTED
    excepted = 0.3 + dice.roll() * 0.6 if dice.hits(4) and listed == NOT_LISTED else None
    is_downloaded = "downloads" in family.path
    return {
        "family": place.rank,
        "kind": family.kind,
        "truth": family.truth,
        "path": family.path,
        "application_name": family.application_name,
        "company": family.company,
        "signer": family.signer,
        "application_type": _type_text(dice, family),
        "event_type": _event_type(dice, family),
        "permitted": listed,
        "score": dice.between(20, 98),
        "first_seen": dice.pick(_KNOWN_SINCE),
        "download_site": "http://downloads.example/" if is_downloaded else "",
        "downloaded_by": "browser.exe" if is_downloaded else "",
        "threshold": place.threshold,
        "weight": 1_000_000_000 // (place.rank + 2),
        "copies": max(1, place.computers * 8 // (10 * (place.rank + 2))),
        "first_copy": dice.below(place.computers),
        "is_clustered": dice.hits(70),
        "runs_as_system": family.runs_as_system,
        "excepted_from": excepted,
    }


def _own(dice: Dice, family: Family, build: int, mark: bytes) -> dict[str, Any]:
    """What each build has for itself."""
    prevalence = dice.pick(_PREVALENCE[family.truth])
    has_reputation = prevalence != NO_REPUTATION
    numbers = (len(family.path) % 14 + 1, build, 1000 + dice.below(9000))
    between = ", " if len(family.path) % 13 == 0 else "."
    return {
        "version": between.join(map(str, numbers)) if family.company else "",
        "size": 20_000 + dice.below(9_000_000),
        "sha1": hashlib.sha1(mark).hexdigest(),  # noqa: S324 - what SEP 11 clients know
        "sha256": hashlib.sha256(mark).hexdigest(),
        "prevalence": prevalence,
        "disposition": _disposition(dice, family) if has_reputation else NO_REPUTATION,
        "confidence": dice.pick(_CONFIDENCE[family.truth]) if has_reputation else NO_REPUTATION,
    }


def _type_text(dice: Dice, family: Family) -> str | None:
    """Newer clients often say nothing of an ordinary program (127)."""
    if family.kind is Kind.ORDINARY and dice.hits(45):
        return None
    return _TYPE_TEXT.get(family.kind, "Trojan Worm")


def _event_type(dice: Dice, family: Family) -> str:
    """No event is a verdict: some legitimate ones are called risks, some malicious are not."""
    if family.kind in (Kind.REMOTE_CONTROL, Kind.SOLD_KEYLOGGER):
        return COMMERCIAL
    is_called_risk = dice.hits(78 if family.truth is Truth.MALICIOUS else 9)
    return SECURITY if is_called_risk else POTENTIAL


def _disposition(dice: Dice, family: Family) -> str:
    bad = 65 if family.truth is Truth.MALICIOUS else 4
    return "Bad" if dice.hits(bad) else "Good"
