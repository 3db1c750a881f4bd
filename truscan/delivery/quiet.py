"""Hours in which nothing is sent to a person. Pure Python.

A message that is due inside them waits until they end; nothing is dropped for them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

# A reminder is replaced by that of the next day. Hours of quiet that leave a third of every day
# let each of them out before that; longer ones could hold reminders back for ever.
LONGEST = timedelta(hours=16)


@dataclass(frozen=True, slots=True)
class Quiet:
    """From `begins` to `ends` on the wall clock of `zone`, over midnight if `ends` is earlier."""

    begins: time
    ends: time
    zone: str

    def until(self, now: datetime) -> datetime | None:
        """When the quiet hours end that `now` (aware) lies in; None outside them."""
        tz = ZoneInfo(self.zone)
        today = now.astimezone(tz).date()
        for day in (today - timedelta(days=1), today):
            last = day if self.begins < self.ends else day + timedelta(days=1)
            begin = datetime.combine(day, self.begins, tzinfo=tz).astimezone(UTC)
            end = datetime.combine(last, self.ends, tzinfo=tz).astimezone(UTC)
            if begin <= now < end:
                return end
        return None


def why_not(begins: time | None, ends: time | None) -> str:
    """What is wrong with these hours, in a sentence; nothing if they are right or absent."""
    if begins is None and ends is None:
        return ""
    if begins is None or ends is None:
        return "Give both times of the quiet hours, or neither."
    length = (_minutes(ends) - _minutes(begins)) % (24 * 60)
    if length == 0:
        return "The quiet hours end when they begin: choose another time, or leave both empty."
    if timedelta(minutes=length) > LONGEST:
        return "Quiet hours last at most 16 hours, so that every reminder can leave on its day."
    return ""


def _minutes(at: time) -> int:
    return at.hour * 60 + at.minute
