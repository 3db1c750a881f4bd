"""How a gate's number moved over the last days. Pure Python."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from truscan.ramp.thresholds import Unit
from truscan.ramp.units import show

WIDTH, HEIGHT, MARGIN = 80, 20, 2


@dataclass(frozen=True, slots=True)
class Note:
    """The number of a gate on a day, at a level; None = not known."""

    day: date
    level: str
    number: float | None


@dataclass(frozen=True, slots=True)
class Trend:
    """`points` of a line of known days, drawn `WIDTH` by `HEIGHT`; `sentence` says the same."""

    points: str
    sentence: str
    notes: tuple[Note, ...]


NOT_YET = Trend("", "No day before was noted yet.", ())


def trend_of(notes: Sequence[Note], today: date, now: float | None, unit: Unit) -> Trend:
    """The noted days before `today`, then the number of this moment.

    >>> day = date(2026, 3, 2)
    >>> trend_of([Note(day, "10", 9)], date(2026, 3, 4), 4, Unit.PROCESSES).sentence
    'Falling: 9 on 2 Mar, 4 now.'
    """
    known = [(note.day, note.number) for note in notes if note.number is not None]
    if not notes:
        return NOT_YET
    if not known or now is None:
        return Trend("", "Not known on all of these days.", tuple(notes))
    first_on, first = known[0]
    word = "Unchanged" if now == first else "Rising" if now > first else "Falling"
    said = f"{word}: {show(unit, first)} on {first_on.day} {first_on:%b}, {show(unit, now)} now."
    return Trend(_points([*known, (today, now)]), said, tuple(notes))


def _points(known: Sequence[tuple[date, float]]) -> str:
    first_on, last_on = known[0][0], known[-1][0]
    numbers = [number for _, number in known]
    low, high = min(numbers), max(numbers)
    days = max((last_on - first_on).days, 1)
    across, down = WIDTH - 2 * MARGIN, HEIGHT - 2 * MARGIN
    return " ".join(
        f"{MARGIN + across * (day - first_on).days / days:.1f},"
        f"{HEIGHT - MARGIN - down * ((number - low) / (high - low) if high > low else 0.5):.1f}"
        for day, number in known
    )
