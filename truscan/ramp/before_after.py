"""What every change brought: the whole days before it beside those after it. Pure Python.

A change is a level of the plan, a level of another track of the same scan policy, or a recorded
setting. The guide reads the log again after each (p. 72) and says that the ratio of legitimate to
malicious stays nearly constant over the levels, only the quantity grows (pp. 76-79). The day of a
change belongs to neither side. A window never reaches over another change, but for one: a level
of another track does not cut the windows of this one, which it hardly touches. A day without any
report is not known: it is not counted, and never zero.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

ONE_DAY = timedelta(days=1)
# With fewer days on a side, weekends weigh more on one than on the other.
WEEK = 7
# Two weeks each side: the same weekdays, and near enough to be compared.
WINDOW = timedelta(days=14)


class Kind(StrEnum):
    LEVEL = "level"
    SETTING = "setting"
    TRACK = "track"


@dataclass(frozen=True, slots=True)
class Change:
    """`on` is its UTC day; `level` the level that is in force from it, of the plan's own only."""

    kind: Kind
    at: datetime
    on: date
    title: str
    by: str
    reason: str = ""
    level: str = ""


@dataclass(frozen=True, slots=True)
class Figures:
    """Occurrences of one UTC day in one group; `ignored` are those of Potential risk found whose
    process people hold for legitimate there. There is one only where something was reported."""

    day: date
    group_id: int
    potential: int
    security: int
    commercial: int
    other: int
    ignored: int


@dataclass(frozen=True, slots=True)
class Load:
    """A day's detections of all tracks, the clients and the users that had any: what pops up is
    not divided by tracks. Who had some in two groups counts in both."""

    day: date
    detections: int
    clients: int
    users: int


@dataclass(frozen=True, slots=True)
class Known:
    """All that is known of the days of a plan. `new` are processes first seen there on a day."""

    figures: Sequence[Figures]
    loads: Sequence[Load]
    new: dict[date, int]


@dataclass(frozen=True, slots=True)
class Sums:
    """Occurrences from `first` to `last`, both included; `reported` of the days brought reports.

    Without any, the sums are no facts: the properties are None.
    """

    first: date
    last: date
    reported: int
    potential: int
    security: int
    commercial: int
    other: int
    ignored: int
    new: int
    load: Load

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def whole(self) -> int:
        return self.potential + self.security + self.commercial + self.other

    @property
    def a_day(self) -> float | None:
        return self.whole / self.reported if self.reported else None

    @property
    def potential_a_day(self) -> float | None:
        return self.potential / self.reported if self.reported else None

    @property
    def security_a_day(self) -> float | None:
        return self.security / self.reported if self.reported else None

    @property
    def commercial_a_day(self) -> float | None:
        return self.commercial / self.reported if self.reported else None

    @property
    def ratio(self) -> float | None:
        """Possibly legitimate to security risk."""
        return self.potential / self.security if self.security else None

    @property
    def covered(self) -> float | None:
        """Share of the possibly legitimate that have Ignore today."""
        return self.ignored / self.potential if self.potential else None

    @property
    def per_client(self) -> float | None:
        """Detections of a client and day with any."""
        return self.load.detections / self.load.clients if self.load.clients else None

    @property
    def per_user(self) -> float | None:
        """Notifications that a user would get on a day with any."""
        return self.load.detections / self.load.users if self.load.users else None


@dataclass(frozen=True, slots=True)
class Comparison:
    """Changes of one day and the days around it; None = no whole day between two changes."""

    changes: tuple[Change, ...]
    before: Sums | None
    after: Sums | None

    @property
    def on(self) -> date:
        return self.changes[0].on

    @property
    def growth(self) -> float | None:
        """How many times the detections a day of before."""
        return self._times(lambda side: side.a_day)

    @property
    def ratio_times(self) -> float | None:
        return self._times(lambda side: side.ratio)

    def _times(self, figure: Callable[[Sums], float | None]) -> float | None:
        before = figure(self.before) if self.before else None
        after = figure(self.after) if self.after else None
        return after / before if before and after is not None else None

    @property
    def caution(self) -> str:
        """What to think of when the two sides are compared; empty when nothing."""
        if self.why_not or all(s and s.reported >= WEEK for s in (self.before, self.after)):
            return ""
        return "Less than a week on a side: a weekend may weigh more than the change."

    @property
    def why_not(self) -> str:
        """A sentence when the two sides cannot be compared; empty when they can."""
        for side, name, neighbour in (
            (self.before, "before", "the one before"),
            (self.after, "after", "the next one or today"),
        ):
            if side is None:
                return f"No whole day lies between this change and {neighbour}."
            if not side.reported:
                return f"Not known: no report of these groups from the days {name} it."
        return ""


def compare(changes: Sequence[Change], known: Known, today: date) -> list[Comparison]:
    """Every change, those of one day together, in the order of time."""
    by_day: dict[date, list[Change]] = defaultdict(list)
    for change in sorted(changes, key=lambda change: change.at):
        by_day[change.on].append(change)
    cutting = [on for on, of in by_day.items() if any(c.kind is not Kind.TRACK for c in of)]
    found = []
    for on, together in sorted(by_day.items()):
        edges = cutting if on in cutting else by_day
        earliest = max((day + ONE_DAY for day in edges if day < on), default=on - WINDOW)
        latest = min((day - ONE_DAY for day in edges if day > on), default=today)
        before = _sums(known, max(earliest, on - WINDOW), on - ONE_DAY)
        after = _sums(known, on + ONE_DAY, min(latest, on + WINDOW, today))
        found.append(Comparison(tuple(together), before, after))
    return found


def sums_of(known: Known, first: date, last: date) -> Sums:
    """The days from `first` to `last`, both included."""
    mine = [figures for figures in known.figures if first <= figures.day <= last]
    loads = [load for load in known.loads if first <= load.day <= last]
    return Sums(
        first,
        last,
        len({figures.day for figures in mine}),
        sum(figures.potential for figures in mine),
        sum(figures.security for figures in mine),
        sum(figures.commercial for figures in mine),
        sum(figures.other for figures in mine),
        sum(figures.ignored for figures in mine),
        sum(many for day, many in known.new.items() if first <= day <= last),
        _load(first, loads),
    )


def _sums(known: Known, first: date, last: date) -> Sums | None:
    return sums_of(known, first, last) if first <= last else None


def _load(first: date, loads: Iterable[Load]) -> Load:
    detections = clients = users = 0
    for load in loads:
        detections += load.detections
        clients += load.clients
        users += load.users
    return Load(first, detections, clients, users)
