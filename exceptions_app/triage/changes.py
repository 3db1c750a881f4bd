"""What is different in a new build, and which of it is a risk. Pure.

Another publisher always needs a person: the same name in the same folder is what malware takes.
So does a build that scans or the reputation service now hold for worse than the one before.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

# A build on so many times the computers of the one before, and on so many at least, stands out.
SPREADS_TIMES, SPREADS_FROM = 3, 20
GROWS_TIMES = 3
# From less to more; other classes (covered, cannot be excepted) are not compared.
_WORSE = ("possibly_legitimate", "commercial_application", "probable_risk", "keylogger")


@dataclass(frozen=True, slots=True)
class BuildFacts:
    """What is known of one build; empty or None = the log does not say."""

    hash: str = ""
    version: str = ""
    signer: str = ""
    company: str = ""
    application: str = ""
    application_type: str = ""
    path: str = ""
    size: int | None = None
    risk_class: str = ""
    computers: int = 0
    is_writable: bool = False
    disposition: str = ""
    prevalence: str = ""
    confidence: str = ""


@dataclass(frozen=True, slots=True)
class Flag:
    """A risk in one sentence; `needs_person`: it is not accepted by one key or by a machine."""

    code: str
    words: str
    needs_person: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    label: str
    before: str
    after: str


def changes(before: BuildFacts, after: BuildFacts) -> list[Change]:
    """The fields that differ, in the order in which people read them."""
    pairs = (
        ("Version", before.version, after.version),
        ("Signer", before.signer, after.signer),
        ("Company", before.company, after.company),
        ("Application", before.application, after.application),
        ("Application type", before.application_type, after.application_type),
        ("File/Path", before.path, after.path),
        ("Size in bytes", _number(before.size), _number(after.size)),
        ("Disposition", before.disposition, after.disposition),
        ("Prevalence", before.prevalence, after.prevalence),
        ("Confidence", before.confidence, after.confidence),
        ("Hash", before.hash, after.hash),
    )
    return [Change(label, old, new) for label, old, new in pairs if old != new]


def flags(before: BuildFacts, after: BuildFacts) -> list[Flag]:
    """Every risk of taking the response of the build before; empty: an ordinary update."""
    found = [_publisher(before, after), _judged(before, after), _reputation(before, after)]
    found += [_version(before, after), _spread(before, after), _size(before, after)]
    if after.is_writable:
        found.append(Flag("user_writable", "Users may write where it lies."))
    if before.application_type != after.application_type:
        found.append(
            Flag(
                "type_changed",
                f"The application type was {before.application_type or 'not given'}, now"
                f" {after.application_type or 'not given'}.",
            )
        )
    return [flag for flag in found if flag is not None]


def _publisher(before: BuildFacts, after: BuildFacts) -> Flag | None:
    if before.signer != after.signer:
        if not after.signer:
            return Flag(
                "unsigned_now",
                f"The build before was signed by {before.signer}; no signer now.",
                True,
            )
        was = before.signer or "nobody that the log names"
        return Flag("signer_changed", f"Signed by {after.signer}, before by {was}.", True)
    if before.signer:
        return None
    if before.company != after.company:
        now, was = after.company or "not given", before.company or "not given"
        return Flag(
            "company_changed", f"No signer is given; the company was {was}, now {now}", True
        )
    if not before.company:
        return Flag("no_publisher", "The log names neither signer nor company.", True)
    return None


def _judged(before: BuildFacts, after: BuildFacts) -> Flag | None:
    if before.risk_class not in _WORSE or after.risk_class not in _WORSE:
        return None
    if _WORSE.index(after.risk_class) <= _WORSE.index(before.risk_class):
        return None
    told = after.risk_class.replace("_", " ")
    return Flag("judged_worse", f"Scans now see a {told}.", True)


def _reputation(before: BuildFacts, after: BuildFacts) -> Flag | None:
    if "bad" in after.disposition.casefold() and "bad" not in before.disposition.casefold():
        return Flag("bad_reputation", "Symantec knows this build as bad.", True)
    return None


def version_of(text: str) -> tuple[int, ...]:
    """ "7.4.2 (build 9)" -> (7, 4, 2, 9); nothing without a number. Trailing zeros do not count."""
    found = [int(part) for part in re.findall(r"[0-9]{1,9}", text)[:8]]
    while found and found[-1] == 0:
        found.pop()
    return tuple(found)


def _version(before: BuildFacts, after: BuildFacts) -> Flag | None:
    if not before.version or not after.version:
        return None
    old, new = version_of(before.version), version_of(after.version)
    if new < old:
        said = f"The version went back from {before.version} to {after.version}."
        return Flag("version_back", said)
    if before.version == after.version:
        return Flag("version_same", f"Another file under the same version {after.version}.")
    return None


def _spread(before: BuildFacts, after: BuildFacts) -> Flag | None:
    if after.computers < max(SPREADS_FROM, SPREADS_TIMES * before.computers):
        return None
    said = f"On {after.computers:,} computers, the build before on {before.computers:,}."
    return Flag("spreads", said)


def _size(before: BuildFacts, after: BuildFacts) -> Flag | None:
    if not before.size or not after.size:
        return None
    less, more = sorted((before.size, after.size))
    if more < GROWS_TIMES * less:
        return None
    return Flag("size", f"{after.size:,} bytes, before {before.size:,}.")


def _number(value: int | None) -> str:
    return "" if value is None else f"{value:,}"
