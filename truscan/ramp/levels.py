"""The levels of a plan side by side, and whether the ratio stayed what it was. Pure Python."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from truscan.ramp.before_after import Figures, Known, Sums, sums_of

# "Nearly constant" is not a number in the guide: half more or a third less counts as nearly here.
NEARLY = 1.5
# A ratio over fewer security risks says little.
LEAST_RISKS = 10


@dataclass(frozen=True, slots=True)
class AtLevel:
    """A stretch of whole days at one level, in all groups and by group id (without loads)."""

    level: str
    name: str
    sums: Sums
    by_group: dict[int, Sums]


class Shown(StrEnum):
    """What a heat map shows; no colour of it means danger: a level is effort, not badness."""

    A_DAY = "detections"
    PER_CLIENT = "per-client"
    RATIO = "ratio"
    COVERED = "covered"


@dataclass(frozen=True, slots=True)
class Constancy:
    """How far the ratios lie from that of all levels together. `pooled` None = not known."""

    pooled: float | None
    lowest: float | None
    highest: float | None
    levels: int
    left_out: int

    @property
    def times(self) -> float | None:
        """The farthest level: so many times the pooled ratio, or so many times below it."""
        if not self.pooled or not self.lowest or not self.highest:
            return None
        return max(self.highest / self.pooled, self.pooled / self.lowest)

    @property
    def sentence(self) -> str:
        if self.levels < 2 or self.pooled is None:
            return (
                f"Not known: it takes two levels with at least {LEAST_RISKS} security risks each."
            )
        if not self.pooled:
            return "Nothing possibly legitimate was reported at any of these levels."
        told = (
            f"{self.levels} levels lie between {self.lowest:.1f} and {self.highest:.1f}, "
            f"all together at {self.pooled:.1f}"
        )
        if self.times is None:
            return f"{told}."
        word = "nearly constant" if self.times <= NEARLY else "not nearly constant"
        return f"{told}: {word}. The farthest is {self.times:.2f} times away."


def at_levels(spells: Sequence[tuple[str, str, date, date]], known: Known) -> list[AtLevel]:
    """(level, its name, first day, last day) with what these days brought."""
    parts: dict[int, list[Figures]] = defaultdict(list)
    for figures in known.figures:
        parts[figures.group_id].append(figures)
    return [
        AtLevel(
            level,
            name,
            sums_of(known, first, last),
            {group: sums_of(Known(part, (), {}), first, last) for group, part in parts.items()},
        )
        for level, name, first, last in spells
    ]


def constancy(levels: Sequence[AtLevel]) -> Constancy:
    """Of the levels with enough security risks; the others are only counted."""
    told = [one.sums for one in levels if one.sums.reported]
    counted = [sums for sums in told if sums.security >= LEAST_RISKS]
    ratios = [sums.ratio for sums in counted if sums.ratio is not None]
    security = sum(sums.security for sums in counted)
    potential = sum(sums.potential for sums in counted)
    return Constancy(
        potential / security if security else None,
        min(ratios, default=None),
        max(ratios, default=None),
        len(counted),
        len(told) - len(counted),
    )


def value_of(shown: Shown, sums: Sums | None, clients: int | None) -> float | None:
    """A cell of the heat map; None = not known, as the clients of a group may be."""
    if sums is None or not sums.reported:
        return None
    if shown is Shown.RATIO:
        return sums.ratio
    if shown is Shown.COVERED:
        return sums.covered
    if shown is Shown.PER_CLIENT:
        return (sums.a_day or 0) / clients if clients else None
    return sums.a_day
