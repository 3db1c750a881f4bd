"""What a log tells of a process, as the facts that suggestions compare. Pure.

A fact is a pair (kind, value), case folded; numbers fall into classes. What the log does not tell
is the empty value: it says something too when other logs of the site do tell it, and weighs nothing
when none does. Levels are no fact: a sensitivity is not a danger (guide p. 77).
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from typing import TYPE_CHECKING

from exceptions_app.suggest.location import location_of
from truscan.classify import application_kind
from truscan.logs.path_folding import split_path

if TYPE_CHECKING:
    from collections.abc import Mapping

Fact = tuple[str, str]

# Kinds that name a maker or a file: what two processes share of these makes them neighbours.
NAMING = ("build", "file", "name", "folder", "signer", "company")
KINDS = (
    *NAMING, "place", "location", "risk_class", "events", "type", "computers", "groups",
    "disposition", "confidence", "prevalence",
)  # fmt: skip
# Upper ends of the classes of numbers; the last class has none.
CLASSES = (1, 9, 99, 999)
CLASS_NAMES = ("1", "2 to 9", "10 to 99", "100 to 999", "1,000 or more")
# Sentences of reputation are kept as read, but no longer than that.
SAID_MAX = 80
PLACE_DEPTH = 3


@dataclass(frozen=True, slots=True)
class Seen:
    """A process as logs tell it; `events` are occurrences by event type (words of the inbox)."""

    process_id: int
    name: str
    path: str
    company: str
    signer: str
    application_type: str
    risk_class: str
    events: Mapping[str, int]
    computers: int
    groups: int
    disposition: str = ""
    prevalence: str = ""
    confidence: str = ""


def facts_of(seen: Seen) -> tuple[Fact, ...]:
    """One fact of each kind, in the order of KINDS; the four that need a name, only with one."""
    folder, leaf = split_path(seen.path.casefold())
    name = (seen.name or leaf).casefold()
    maker = (seen.signer or seen.company).casefold()
    told = {
        "signer": seen.signer.casefold(),
        "company": seen.company.casefold(),
        "place": "\\".join(folder.split("\\")[:PLACE_DEPTH]),
        "location": location_of(seen.path),
        "risk_class": seen.risk_class,
        "events": pattern(seen.events),
        "type": str(application_kind(seen.application_type)),
        "computers": number_class(seen.computers),
        "groups": number_class(seen.groups),
        "disposition": seen.disposition.casefold()[:SAID_MAX],
        "confidence": seen.confidence.casefold()[:SAID_MAX],
        "prevalence": seen.prevalence.casefold()[:SAID_MAX],
    }
    if name:
        told |= {"name": name, "folder": folder, "file": f"{folder}\\{name}"}
        told["build"] = f"{folder}\\{name}|{maker}" if maker else ""
    return tuple((kind, told[kind]) for kind in KINDS if kind in told)


def number_class(number: int) -> str:
    return CLASS_NAMES[bisect_left(CLASSES, number)]


def pattern(events: Mapping[str, int]) -> str:
    """Which candidate events there are and whether risks are few, some or most of them.

    Forced and now-allowed rows come from exceptions, so they tell of decisions, not of behaviour.
    """
    total = sum(events.get(word, 0) for word in ("potential_risk", "security_risk", "commercial"))
    if not total:
        return "none"
    if events.get("commercial", 0) * 2 >= total:
        return "commercial"
    share = events.get("security_risk", 0) / total
    if not share:
        return "potential"
    return "few risks" if share < 0.2 else "some risks" if share < 0.8 else "risks"
