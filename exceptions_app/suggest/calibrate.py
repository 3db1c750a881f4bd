"""How often the site's people agreed with suggestions that were so sure. Pure.

Every decided process is judged by all the others. The answers of one response are put in order of
how sure they were, cut into pieces, and neighbouring pieces are put together until the share of
right ones never grows as the sureness falls (isotonic regression by pooling). What is right in a
piece is the confidence that is shown; whether to speak goes by its lower bound (Wilson, one-sided
95 %), so that a lucky handful is not taken for knowledge.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# A piece is no smaller, so that its share means something.
PIECE = 10
Z = 1.645
FLOOR = 0.90


@dataclass(frozen=True, slots=True)
class Band:
    """Answers at least so sure: how many, and how many of them were right."""

    lowest: float
    answers: int
    right: int

    @property
    def rate(self) -> float:
        return self.right / self.answers

    @property
    def bound(self) -> float:
        return wilson(self.right, self.answers)


def wilson(right: int, answers: int) -> float:
    """The lower bound of a share. wilson(25, 25) is 0.90, wilson(5, 5) is 0.65."""
    if not answers:
        return 0.0
    share, z2 = right / answers, Z * Z
    spread = Z * math.sqrt(share * (1 - share) / answers + z2 / 4 / answers / answers)
    return (share + z2 / 2 / answers - spread) / (1 + z2 / answers)


def bands_of(answers: Iterable[tuple[float, bool]]) -> list[Band]:
    """(how sure, was it right) -> bands, the surest first; equal sureness is never cut apart."""
    bands: list[Band] = []
    for piece in _pieces(sorted(answers, reverse=True)):
        bands.append(Band(piece[-1][0], len(piece), sum(right for _, right in piece)))
        while len(bands) > 1 and bands[-1].rate >= bands[-2].rate:
            last, before = bands.pop(), bands.pop()
            bands.append(
                Band(last.lowest, before.answers + last.answers, before.right + last.right)
            )
    return bands


def _pieces(answers: Sequence[tuple[float, bool]]) -> Iterable[Sequence[tuple[float, bool]]]:
    start = 0
    while start < len(answers):
        end = min(start + PIECE, len(answers))
        while end < len(answers) and answers[end][0] == answers[end - 1][0]:
            end += 1
        if len(answers) - end < PIECE:
            end = len(answers)
        yield answers[start:end]
        start = end


def band_for(bands: Sequence[Band], share: float) -> Band | None:
    """The band that an answer so sure falls into; None if none of the history was so unsure."""
    return next((band for band in bands if share >= band.lowest), None)


def speaks(band: Band, usual: float, floor: float = FLOOR) -> bool:
    """Whether such an answer is shown: right often enough, and wrong at most half as often as
    somebody who always says the response that is given in `usual` of all cases.

    Where 97 of 100 processes are ignored, "Ignore" is right in 97 % of cases without looking.
    """
    return band.bound >= floor and 1 - band.rate <= (1 - usual) / 2
