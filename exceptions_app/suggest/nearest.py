"""The decided processes nearest to one, by what they share, the rarest counting most. Pure."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from exceptions_app.suggest.facts import NAMING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from exceptions_app.suggest.facts import Fact

SHOWN = 5
# Of a fact that many share, these newest ones are looked at; of all facts together about so many.
KEPT = 16
LOOKED_AT = 24
NAMES = frozenset(NAMING)


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A decided process; `shared` are the naming kinds of facts that both have, `likeness` is what
    all shared facts tell as a share of what the facts of the asked one tell."""

    process_id: int
    response: str
    shared: tuple[str, ...]
    likeness: float


class Nearest:
    """Finds neighbours through the facts that name a file or its maker. Facts are kept as numbers,
    which are small and quick to compare."""

    def __init__(self) -> None:
        self._number: dict[Fact, int] = {}
        self._decided: dict[int, tuple[frozenset[int], str]] = {}
        self._having: dict[int, list[int]] = defaultdict(list)
        self._count: Counter[int] = Counter()

    def add(self, process_id: int, facts: Sequence[Fact], response: str) -> None:
        """In order of their age: of many alike the newest are kept."""
        numbers = [self._number.setdefault(fact, len(self._number)) for fact in facts]
        self._count.update(numbers)
        told = [n for fact, n in zip(facts, numbers, strict=True) if fact[1]]
        self._decided[process_id] = (frozenset(told), response)
        for fact, number in zip(facts, numbers, strict=True):
            if fact[0] in NAMES and fact[1]:
                having = self._having[number]
                having.append(process_id)
                if len(having) > 2 * KEPT:
                    del having[:KEPT]

    def of(self, facts: Sequence[Fact], besides: int = 0) -> list[Neighbour]:
        """At most five, the likest first; `besides` is not its own neighbour."""
        known = {n: fact for fact in facts if fact[1] and (n := self._number.get(fact)) is not None}
        naming = [n for n, fact in known.items() if fact[0] in NAMES]
        found: dict[int, None] = {}
        for number in sorted(naming, key=lambda n: self._count[n]):
            if len(found) >= LOOKED_AT:
                break
            found |= dict.fromkeys(self._having[number][-KEPT:])
        found.pop(besides, None)
        worth = {n: math.log2(1 + len(self._decided) / self._count[n]) for n in known}
        whole = sum(worth.values()) + (len(facts) - len(known)) * math.log2(2 + len(self._decided))
        likeness = {
            pk: sum([worth[n] for n in self._decided[pk][0] & worth.keys()]) / (whole or 1)
            for pk in found
        }
        best = sorted(likeness, key=lambda pk: (-likeness[pk], -pk))[:SHOWN]
        return [self._told(pk, known, likeness[pk]) for pk in best]

    def _told(self, process_id: int, known: dict[int, Fact], likeness: float) -> Neighbour:
        theirs, response = self._decided[process_id]
        kinds = tuple(fact[0] for n, fact in known.items() if n in theirs and fact[0] in NAMES)
        return Neighbour(process_id, response, kinds, round(likeness, 3))
