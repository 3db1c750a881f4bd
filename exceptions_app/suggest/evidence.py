"""How much each fact speaks for each response: counts over the decided processes. Pure.

For a fact the counts tell how often it went with each response; its weight for a response is the
logarithm of how much more often than the response occurs anyway, drawn towards nothing while there
are few cases. Weights are added, and the sums turned into shares. That facts depend on each other
makes the shares too sure of themselves, which is why nobody reads them before they are calibrated
(`calibrate`). Leaving one process out is exact, since its own counts are subtracted.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from exceptions_app.suggest.facts import Fact

# A fact counts as if it had been seen so many times more, in the site's usual mixture.
DRAWN = 2.0
NOTHING: dict[str, int] = {}


@dataclass(frozen=True, slots=True)
class Weighed:
    """The response that the facts speak for, and how sure they are (0 to 1, not calibrated)."""

    response: str
    share: float


@dataclass(slots=True)
class Tally:
    """Decided processes counted by response, and by fact and response."""

    responses: Counter[str] = field(default_factory=Counter)
    facts: dict[Fact, dict[str, int]] = field(default_factory=lambda: defaultdict(dict))

    def add(self, facts: Sequence[Fact], response: str) -> None:
        self.responses[response] += 1
        for fact in facts:
            counts = self.facts[fact]
            counts[response] = counts.get(response, 0) + 1

    def weigh(self, facts: Sequence[Fact], own: str = "") -> Weighed | None:
        """`own`: these facts are those of a counted process with this response, which is left out.
        None without any decided process."""
        known = {r: n - (r == own) for r, n in sorted(self.responses.items()) if n - (r == own)}
        if not known:
            return None
        total = sum(known.values())
        counts = [self.facts.get(fact, NOTHING) for fact in facts]
        seen = [sum(c.values()) - bool(own) + DRAWN for c in counts]
        sums: dict[str, float] = {}
        for response, number in known.items():
            usual, less = (number + 0.5) / (total + 0.5 * len(known)), response == own
            drawn = DRAWN * usual
            sums[response] = math.log(usual) + sum(
                [
                    math.log((c.get(response, 0) - less + drawn) / (n * usual))
                    for c, n in zip(counts, seen, strict=True)
                ]
            )
        best = max(sums, key=lambda response: sums[response])
        return Weighed(best, 1 / sum([math.exp(value - sums[best]) for value in sums.values()]))

    def moves(self, fact: Fact, response: str, own: str = "") -> tuple[int, int, float]:
        """How many decided processes have the fact, how many of them the response, and by how much
        the fact moves the odds of the response (logarithm): above zero it speaks for it."""
        counts = self.facts.get(fact, NOTHING)
        having = sum(counts.values()) - bool(own)
        agreeing = counts.get(response, 0) - (response == own)
        total = self.responses.total() - bool(own)
        usual = (self.responses[response] - (response == own) + 0.5) / (total + 1)
        share = (agreeing + DRAWN * usual) / (having + DRAWN)
        return having, agreeing, _odds(share) - _odds(usual)


def _odds(share: float) -> float:
    return math.log(share / (1 - share))
