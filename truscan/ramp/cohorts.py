"""Which groups climb first: cohorts in the order of measured readiness. Pure Python.

Readiness is three numbers: open processes per client, the share of potential risks that is covered
by a decision, and stability, the share of the processes of the last week that were known before it.
Each ranks the groups, and the mean of a group's ranks orders them: no weights to argue about. A
group that lacks one of the numbers is not ready; it waits in the last cohort and says what is
missing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from truscan.ramp.thresholds import Unit
from truscan.ramp.units import show

MIN_COHORTS, MAX_COHORTS = 2, 6


@dataclass(frozen=True, slots=True)
class Readiness:
    """What is measured of a group; None = not known, never zero."""

    group_id: int
    path: str
    clients: int | None
    open_processes: int | None
    covered: float | None
    stability: float | None

    @property
    def open_per_client(self) -> float | None:
        if self.open_processes is None or not self.clients:
            return None
        return self.open_processes / self.clients

    @property
    def covered_shown(self) -> str:
        return show(Unit.SHARE, self.covered)

    @property
    def stability_shown(self) -> str:
        return show(Unit.SHARE, self.stability)

    @property
    def missing(self) -> str:
        """What must be known first, as a sentence; empty when all is."""
        if self.open_processes is None:
            return "No detection of this group is stored: import its logs."
        if not self.clients:
            return "The number of clients is unknown: enter it on the page of the group."
        if self.covered is None:
            return "No potential risk was reported yet, so coverage is not known."
        return "" if self.stability is not None else "The last week brought no report."


@dataclass(frozen=True, slots=True)
class Cohort:
    """Groups that climb together; `number` counts from 1, the most ready first."""

    number: int
    groups: tuple[Readiness, ...]

    @property
    def clients(self) -> int | None:
        known = [group.clients for group in self.groups if group.clients is not None]
        return sum(known) if len(known) == len(self.groups) else None


MEASURES: tuple[Callable[[Readiness], float], ...] = (
    lambda group: group.open_per_client or 0.0,
    lambda group: -(group.covered or 0.0),
    lambda group: -(group.stability or 0.0),
)


def propose(groups: Sequence[Readiness], count: int) -> list[Cohort]:
    """At most `count` cohorts, each about twice as large as the one before, so that a few groups
    learn first what many will meet. Equal groups are ordered by path. ValueError outside 2 to 6."""
    if not MIN_COHORTS <= count <= MAX_COHORTS:
        raise ValueError(f"There are {MIN_COHORTS} to {MAX_COHORTS} cohorts, not {count}.")

    def by_path(group: Readiness) -> tuple[str, int]:
        return group.path, group.group_id

    ready = in_order([group for group in groups if not group.missing])
    waiting = sorted((group for group in groups if group.missing), key=by_path)
    sizes = _sizes(len(ready), count)
    parts: list[list[Readiness]] = []
    for size in sizes:
        parts.append(ready[:size])
        ready = ready[size:]
    if waiting:
        if len(parts) < count:
            parts.append([])
        parts[-1] = [*parts[-1], *waiting]
    return [Cohort(number, tuple(part)) for number, part in enumerate(parts, 1)]


def in_order(groups: Sequence[Readiness]) -> list[Readiness]:
    """The most ready first, by the sum of the ranks; equal numbers share a rank."""
    ranks = {group.group_id: 0 for group in groups}
    for measure in MEASURES:
        numbers = sorted({measure(group) for group in groups})
        place = {number: rank for rank, number in enumerate(numbers)}
        for group in groups:
            ranks[group.group_id] += place[measure(group)]
    return sorted(groups, key=lambda group: (ranks[group.group_id], group.path, group.group_id))


def digest_of(cohorts: Sequence[Cohort]) -> str:
    """Equal for equal cohorts of equal groups: what was shown is what is accepted."""
    told = ";".join(",".join(str(g.group_id) for g in cohort.groups) for cohort in cohorts)
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def _sizes(total: int, count: int) -> list[int]:
    """`total` in at most `count` parts as 1 : 2 : 4 ..., none of them empty."""
    count = min(count, total)
    sizes: list[int] = []
    for number in range(count):
        left, parts = total - sum(sizes), count - number
        sizes.append(max(1, min(round(left / (2**parts - 1)), left - parts + 1)))
    return sizes
