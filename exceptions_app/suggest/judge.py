"""What the decided processes of a site suggest for one that is not decided. Pure.

judge = Judge(history)              # [(Seen, response)], the oldest first
judge.calibration.accuracy          # of what it would have said of its own history
judge.of(seen)                      # a Suggested, or None where it has nothing to say
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from exceptions_app.suggest.calibrate import FLOOR, Band, band_for, bands_of, speaks
from exceptions_app.suggest.evidence import Tally
from exceptions_app.suggest.facts import facts_of
from exceptions_app.suggest.nearest import Nearest, Neighbour

if TYPE_CHECKING:
    from collections.abc import Sequence

    from exceptions_app.suggest.facts import Fact, Seen

# Fewer decisions are no history: nothing is said, and the page says how many are missing.
FEWEST = 30
# So many are judged by the others: more would not move the bands, and it takes its time.
JUDGED_MOST = 20_000
# Facts that say nearly the same are told once, by the one that moves most.
FAMILIES = {
    "build": "file", "file": "file", "name": "file",
    "folder": "place", "place": "place", "location": "place",
    "signer": "maker", "company": "maker",
    "risk_class": "event", "events": "event", "type": "event",
    "computers": "spread", "groups": "spread",
    "disposition": "reputation", "confidence": "reputation", "prevalence": "reputation",
}  # fmt: skip
# A fact that moves the odds by less than a third is not worth a line.
WORTH_TELLING = 0.3


@dataclass(frozen=True, slots=True)
class Reason:
    """A fact, how many decided processes share it, how many of them have the response, and its
    weight: above zero it speaks for the response."""

    kind: str
    value: str
    having: int
    agreeing: int
    weight: float


@dataclass(frozen=True, slots=True)
class Suggested:
    response: str
    band: Band
    reasons: tuple[Reason, ...]
    neighbours: tuple[Neighbour, ...]


@dataclass(slots=True)
class Calibration:
    """What leaving one out told. `judged` were, `said` of them got an answer that would be shown,
    `right` of these were what the person decided. `by_response`: (said, right, decided so)."""

    history: int = 0
    judged: int = 0
    said: int = 0
    right: int = 0
    bands: dict[str, list[Band]] = field(default_factory=dict)
    usual: dict[str, float] = field(default_factory=dict)
    by_response: dict[str, tuple[int, int, int]] = field(default_factory=dict)

    @property
    def is_enough(self) -> bool:
        return self.history >= FEWEST

    @property
    def accuracy(self) -> float | None:
        return self.right / self.said if self.said else None

    @property
    def coverage(self) -> float | None:
        return self.said / self.judged if self.judged else None


class Judge:
    def __init__(self, history: Sequence[tuple[Seen, str]], floor: float = FLOOR) -> None:
        self.floor = floor
        self._tally, self._nearest = Tally(), Nearest()
        self._known: dict[tuple[Fact, ...], Suggested | None] = {}
        self._own = {seen.process_id: response for seen, response in history}
        decided = [(seen.process_id, facts_of(seen), response) for seen, response in history]
        for process_id, facts, response in decided:
            self._tally.add(facts, response)
            self._nearest.add(process_id, facts, response)
        self.calibration = self._calibrate([(facts, response) for _, facts, response in decided])

    def _calibrate(self, decided: Sequence[tuple[tuple[Fact, ...], str]]) -> Calibration:
        told = Calibration(history=len(decided))
        if not told.is_enough:
            return told
        # Evenly over the whole history, so that no quarter of it weighs more.
        step = max(1, -(-len(decided) // JUDGED_MOST))
        sample = decided[::step]
        answers: dict[str, list[tuple[float, bool]]] = defaultdict(list)
        for facts, response in sample:
            if (found := self._tally.weigh(facts, response)) is not None:
                answers[found.response].append((found.share, found.response == response))
        told.judged = len(sample)
        told.bands = {response: bands_of(rows) for response, rows in sorted(answers.items())}
        total = self._tally.responses.total()
        told.usual = {r: n / total for r, n in sorted(self._tally.responses.items())}
        decided_so = Counter(response for _, response in sample)
        for response in told.usual:
            shown = [b for b in told.bands.get(response, ()) if self._speaks(b, response, told)]
            said, right = sum(b.answers for b in shown), sum(b.right for b in shown)
            told.by_response[response] = (said, right, decided_so[response])
            told.said, told.right = told.said + said, told.right + right
        return told

    def _speaks(self, band: Band, response: str, told: Calibration) -> bool:
        return speaks(band, told.usual.get(response, 1.0), self.floor)

    def of(self, seen: Seen) -> Suggested | None:
        """Equal facts have equal answers. A process that is decided somewhere is judged by the
        others."""
        if not self.calibration.is_enough:
            return None
        facts = facts_of(seen)
        if seen.process_id in self._own:
            return self._judge(facts, seen.process_id)
        if facts not in self._known:
            self._known[facts] = self._judge(facts, seen.process_id)
        return self._known[facts]

    def _judge(self, facts: tuple[Fact, ...], process_id: int) -> Suggested | None:
        own = self._own.get(process_id, "")
        found = self._tally.weigh(facts, own)
        if found is None:
            return None
        band = band_for(self.calibration.bands.get(found.response, ()), found.share)
        if band is None or not self._speaks(band, found.response, self.calibration):
            return None
        reasons = self._reasons(facts, found.response, own)
        near = tuple(self._nearest.of(facts, process_id))
        return Suggested(found.response, band, reasons, near)

    def _reasons(self, facts: Sequence[Fact], response: str, own: str) -> tuple[Reason, ...]:
        """Of each family the one that moves the odds most, for or against, the strongest first."""
        told: list[Reason] = []
        for kind, value in facts:
            having, agreeing, weight = self._tally.moves((kind, value), response, own)
            if having and abs(weight) >= WORTH_TELLING:
                told.append(Reason(kind, value, having, agreeing, round(weight, 3)))
        told.sort(key=lambda reason: -abs(reason.weight))
        first: dict[str, Reason] = {}
        for reason in told:
            first.setdefault(FAMILIES[reason.kind], reason)
        return tuple(first.values())
