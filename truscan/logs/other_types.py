from __future__ import annotations

import re
from contextlib import suppress

from truscan.logs.clock import Clock
from truscan.logs.errors import LineError
from truscan.logs.path_folding import normal_group
from truscan.logs.record import IgnoredLine

# How SEPM's other log types are known, first match wins. Patterns are labels, never positions.
_KINDS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (kind, re.compile(pattern))
    for kind, pattern in (
        ("scan", r"Scan ID: ?\d"),
        ("security", r"(?:CIDS Signature (?:ID|string)|Intrusion ID):"),
        ("control", r"(?:Device ID|Action Type):"),
        ("packet", r"Local Host(?: IP)?:"),
        ("admin", r"Admin(?: Name)?:"),
        ("system", r"(?:^|: |,)Site:"),
        ("client_system", r"(?:Category: ?-?\d|Event Description:)"),
        ("system", r"(?:TruScan|SONAR) has generated an error"),
    )
)
# What may stand before the body; a line that has one of these was written by SEPM.
_CARRIER = re.compile(
    r"SymantecServer\b|^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,(?:Critical|Major|Minor|Info)?"
)
_FIELD = {
    name: re.compile(rf",\"?(?:{labels}): ?([^,\"]+)")
    for name, labels in {
        "computer": "Computer name|Computer",
        "domain": "Domain Name|Domain",
        "group": "Group Name|Group",
        "event_at": "Event time|Begin|Begin Time",
    }.items()
}


def other_kind(line: str) -> str | None:
    """The kind of a line that is no detection; None if SEPM did not write it."""
    for kind, pattern in _KINDS:
        if pattern.search(line):
            # Both firewall logs have the same labels, but only one names the rule.
            return "traffic" if kind == "packet" and ",Rule:" in line else kind
    return "other" if _CARRIER.search(line) else None


def slug(event: str) -> str:
    """`Virus found` -> `virus_found`: the kind under which a line of the risk log is counted."""
    words = re.sub(r"[^a-z0-9]+", "_", event.casefold()).strip("_")
    return words[:40] or "risk"


def ignored(line_no: int, reason: str, line: str, clock: Clock) -> IgnoredLine:
    """An IgnoredLine with what the line says of its computer, which was heard from after all.

    Its raw bytes are filled in by who has them.
    """
    told = {name: found[1].strip() for name, p in _FIELD.items() if (found := p.search(line))}
    event_at = None
    with suppress(LineError):
        event_at = clock.event_at(told.get("event_at", ""))
    group = normal_group(told["group"]) if "group" in told else None
    return IgnoredLine(
        line_no, reason, b"", told.get("computer"), told.get("domain"), group, event_at
    )
