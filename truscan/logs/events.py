from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

POTENTIAL = "potential_risk"
SECURITY = "security_risk"
COMMERCIAL = "commercial"
FORCED = "forced"
ALLOWED = "allowed"
OTHER = "other"


class EventMeaning(NamedTuple):
    event_type: str
    # False: the event comes from an exception that exists already, so it asks nobody to decide.
    candidate: bool


# LOG-FORMATS 2.4. The "now permitted" spellings of SEP 11 and 12.1 are not confirmed by a line.
EVENTS: dict[str, EventMeaning] = {
    "potential risk found": EventMeaning(POTENTIAL, True),
    "security risk found": EventMeaning(SECURITY, True),
    "commercial application detected": EventMeaning(COMMERCIAL, True),
    "forced truscan proactive threat detected": EventMeaning(FORCED, False),
    "forced truscan threat detected": EventMeaning(FORCED, False),
    "forced sonar threat detected": EventMeaning(FORCED, False),
    "sonar detection now allowed": EventMeaning(ALLOWED, False),
    "sonar detection now permitted": EventMeaning(ALLOWED, False),
    "truscan detection now allowed": EventMeaning(ALLOWED, False),
    "truscan detection now permitted": EventMeaning(ALLOWED, False),
    "truscan proactive threat now permitted": EventMeaning(ALLOWED, False),
    "truscan proactive detection now permitted": EventMeaning(ALLOWED, False),
}
# Names of the risk family that are no detection of a proactive scan by themselves.
RISK_EVENTS = frozenset({"virus found", "security risk found", "compressed file", "risk found"})

_KNOWN_START = re.compile(
    rf"(?:{'|'.join(sorted(map(re.escape, EVENTS), key=len, reverse=True))})(?!\w)",
    re.IGNORECASE,
)
# A longer one is no event's name, and not worth remembering.
_LONGEST = 200
_NOW_ALLOWED = re.compile(r"\bnow (?:allowed|permitted)\b|whitelisted\b", re.IGNORECASE)
_FORCED = re.compile(r"^forced\b", re.IGNORECASE)


def known_event(text: str) -> str | None:
    """The known event name that `text` starts with, in lower case.

    The console puts the client's action behind the name.
    """
    found = _KNOWN_START.match(text)
    return found[0].lower() if found else None


def event_meaning(text: str | None) -> EventMeaning:
    """What an English event name says; a name not known is "other" and a candidate."""
    if not text:
        return EventMeaning(OTHER, True)
    name = known_event(text)
    if name:
        return EVENTS[name]
    if _NOW_ALLOWED.search(text):
        return EventMeaning(ALLOWED, False)
    return EventMeaning(FORCED, False) if _FORCED.match(text) else EventMeaning(OTHER, True)


def event_code(event: str | None) -> str:
    """The event's part of a detection's key.

    Built on the names of this file alone: a word that an administrator adds to the vocabulary
    must not change the keys of rows that are stored already.
    """
    if not event or len(event) > _LONGEST:
        return (event or "").casefold()
    return _code(event)


@lru_cache(maxsize=4096)
def _code(event: str) -> str:
    return known_event(event) or event.casefold()
