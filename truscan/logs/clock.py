from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from truscan.logs.errors import LineError, LogError

# SEP is younger than 2000; a computer's clock may run ahead, but not by days.
EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
AHEAD = timedelta(days=2)

_CAP = 20_000
_NUMERIC = re.compile(
    r"(\d{1,4})([-/.])(\d{1,2})\2(\d{1,4})[ T,]+(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?"
    r"(?: ?([AaPp])\.?[Mm]\.?)?"
)
ORDERS = ("dmy", "mdy", "ymd")


class Clock:
    """Reads the times of one source: written in `zone`, told in UTC.

    A local time that a clock change made twice is taken as the first of the two. `order` says how
    numeric dates are written; None accepts only those that begin with the year.
    """

    def __init__(self, zone: str, now: datetime, order: str | None = None) -> None:
        try:
            self._zone = ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise LogError("unknown-zone", f"There is no time zone named {zone!r}.") from error
        if order is not None and order not in ORDERS:
            raise LogError("bad-date-order", f"A date order is dmy, mdy or ymd, not {order!r}.")
        self._is_utc = zone.upper() in ("UTC", "ETC/UTC", "GMT", "ETC/GMT")
        self._latest = now + AHEAD
        self._order = order
        self._minutes: dict[str, datetime] = {}

    def ordered(self, order: str | None) -> Clock:
        """This clock for dates written in `order`."""
        return Clock(self._zone.key, self._latest - AHEAD, order)

    def event_at(self, text: str) -> datetime:
        """The event's time; LineError if it is missing, unreadable or out of all reason."""
        at = self.read(text)
        if at is None:
            raise LineError("no-event-time", "The line gives no event time.")
        if not EARLIEST <= at <= self._latest:
            raise LineError(
                "bad-event-time",
                f"The event time {text.strip()} is before 2000 or more than two days ahead of now: "
                "check the computer's clock and the time zone of the import.",
            )
        return at

    def read(self, text: str) -> datetime | None:
        """A time in UTC; None for an empty text; LineError for one that is no time."""
        if len(text) != 19 or text[4] != "-" or text[7] != "-" or text[10] != " ":
            return self._read_other(text)
        try:
            if self._is_utc:
                return datetime.fromisoformat(text + "+00:00")
            return self._read_local(text)
        except (ValueError, OverflowError):
            return self._read_other(text)

    def _read_local(self, text: str) -> datetime:
        # Offsets change on whole minutes: one conversion a minute is enough.
        minute = text[:16]
        at = self._minutes.get(minute)
        if at is None:
            if len(self._minutes) >= _CAP:
                self._minutes.clear()
            local = datetime.fromisoformat(minute).replace(tzinfo=self._zone)
            at = self._minutes[minute] = local.astimezone(UTC)
        seconds = text[17:]
        if text[16] != ":" or not (seconds.isascii() and seconds.isdecimal() and seconds < "60"):
            raise ValueError(text)
        return at + timedelta(seconds=int(seconds))

    def _read_other(self, text: str) -> datetime | None:
        text = text.strip()
        if text in ("", "0", "-1"):
            return None
        try:
            # An ISO time with its own offset needs no zone.
            at = datetime.fromisoformat(text) if text[4:5] == "-" else self._read_numeric(text)
            return (at if at.tzinfo else at.replace(tzinfo=self._zone)).astimezone(UTC)
        except (ValueError, OverflowError):
            pass
        raise LineError("bad-time", f"{text[:60]!r} is not a time as YYYY-MM-DD HH:MM:SS.")

    def _read_numeric(self, text: str) -> datetime:
        found = _NUMERIC.fullmatch(text)
        if not found or not text.isascii():
            raise ValueError(text)
        numbers = [int(found[n]) for n in (1, 3, 4)]
        order = "ymd" if len(found[1]) == 4 else self._order
        if order is None:
            raise ValueError(text)
        date = dict(zip(order, numbers, strict=True))
        year = date["y"] + 2000 if date["y"] < 100 else date["y"]
        hour = int(found[5])
        if found[8]:
            if not 1 <= hour <= 12:
                raise ValueError(text)
            hour = hour % 12 + (12 if found[8] in "Pp" else 0)
        return datetime(  # noqa: DTZ001 - the caller gives it the zone of the import
            year, date["m"], date["d"], hour, int(found[6]), int(found[7] or 0)
        )


def date_order(text: str) -> str | None:
    """What one date says of its order: "ymd", "dmy" or "mdy".

    "?" could be both, "=" is the same day either way, None is no numeric date.
    """
    found = _NUMERIC.match(text.strip())
    if not found or not text.isascii():
        return None
    first, second = int(found[1]), int(found[3])
    if len(found[1]) == 4:
        return "ymd"
    if first > 12:
        return "dmy"
    if second > 12:
        return "mdy"
    return "=" if first == second else "?"
