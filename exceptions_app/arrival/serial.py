"""Policy serial numbers, and what they say of a client. Pure Python.

Form: the first four hex digits of the group's id, a hyphen, then the time in GMT, for example
`7A5B-03/10/2008 17:32:09 421`.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

FORM = re.compile(
    r"[0-9A-Fa-f]{4}-(\d{2})/(\d{2})/(\d{4}) (\d{2}):(\d{2}):(\d{2}) (\d{1,3})", re.ASCII
)
# A laptop may be away for days (guide pp. 59-60); after a week nobody knows what it runs.
SILENT_AFTER = timedelta(days=7)


class Arrival(StrEnum):
    """What is known of a client: silence comes first, for a silent client proves nothing."""

    CURRENT = "current"
    BEHIND = "behind"
    SILENT = "silent"
    UNKNOWN = "unknown"


def serial_at(serial: str) -> datetime | None:
    """The time in a serial; None if it has another form or no such time exists."""
    match = FORM.fullmatch(serial.strip())
    if match is None:
        return None
    month, day, year, hour, minute, second, milli = map(int, match.groups())
    try:
        return datetime(year, month, day, hour, minute, second, milli * 1000, UTC)
    except ValueError:
        return None


def newest(serials: Iterable[str]) -> str:
    """The serial with the latest time; "" if none has a time."""
    dated = [(at, serial) for serial in serials if (at := serial_at(serial)) is not None]
    return max(dated)[1] if dated else ""


def arrival(serial: str, wanted: str, heard_at: datetime | None, now: datetime) -> Arrival:
    """Whether a client runs the serial `wanted` ("" = not known), last heard from at `heard_at`.

    None for `heard_at` means that nobody told, so the serials decide alone: equal ones prove that
    the policy is there (guide p. 22), different ones that another is.
    """
    if heard_at is not None and now - heard_at > SILENT_AFTER:
        return Arrival.SILENT
    if not serial or not wanted:
        return Arrival.UNKNOWN
    return Arrival.CURRENT if serial == wanted else Arrival.BEHIND
