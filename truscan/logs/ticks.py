"""Times of a log as numbers, one look-up for each hour: most lines of a file share their hours."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from truscan.logs.clock import Clock
from truscan.logs.errors import LineError

EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_TICK = timedelta(microseconds=1)
_HOUR = timedelta(minutes=59, seconds=59)
_CAP = 20_000

# Microseconds of `MM:SS` behind the hour.
IN_HOUR: dict[str, int] = {
    f"{minute:02}:{second:02}": (minute * 60 + second) * 1_000_000
    for minute in range(60)
    for second in range(60)
}


def ticks_of(at: datetime) -> int:
    """Microseconds since 2000, as PostgreSQL keeps time."""
    return (at - EPOCH) // _TICK


def moment_of(ticks: int) -> datetime:
    return EPOCH + timedelta(microseconds=ticks)


class Hours(dict[str, int]):
    """`2026-01-05 07:` -> its beginning in ticks, by the clock of a source.

    A whole time is that and `IN_HOUR` of its last five characters. KeyError for what is no hour,
    out of reason, or changed its offset from UTC in the middle.
    """

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock

    def __missing__(self, hour: str) -> int:
        if hour[-1:] != ":":
            raise KeyError(hour)
        try:
            first, last = (self._clock.event_at(hour + rest) for rest in ("00:00", "59:59"))
        except LineError:
            raise KeyError(hour) from None
        if last - first != _HOUR:
            raise KeyError(hour)
        if len(self) >= _CAP:
            self.clear()
        self[hour] = ticks = ticks_of(first)
        return ticks
