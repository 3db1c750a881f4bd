"""How much of what scans at this level would report has not been reported yet. Pure Python.

A level has been watched for long enough when what comes next is, most likely, known already. Two
old estimators tell that from the processes that were seen only once or twice:

Good-Turing (I. J. Good, "The population frequencies of species and the estimation of population
parameters", Biometrika 40, 1953): the probability that the next observation is of a kind never
seen so far is about f1 / N, with N observations and f1 kinds seen exactly once. Its variance is
about (f1 + 2 f2) / N^2 - f1^2 / N^3.

Chao1, bias-corrected (A. Chao, "Nonparametric estimation of the number of classes in a
population", Scandinavian Journal of Statistics 11, 1984): at least about f1 (f1 - 1) /
(2 (f2 + 1)) kinds exist that were not seen at all, f2 being those seen exactly twice. It is a
lower bound.

Both want observations that do not depend on each other. A computer reports the same process at
every hourly scan, and the computers of one group get the same programs, so neither occurrences
nor rows will do: an observation is a process on one day in one group, however often and on
however many computers it was reported there. (Applied to such days, Chao1 is what the literature
calls Chao2.) Days after one another still resemble each other; the estimate is rather too low
where a program arrives everywhere at once.

What is ignored is scanned on and no longer reported, so N has to count what the log keeps silent
about: the chance is f1 / (N + S). S adds up, for each ignored process of a group, the days since
it was last reported, each with the chance that it would have been: 1 - exp(-rows / days) from the
rows and the days of its time in the log, as if rows came independently.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, exp, sqrt

LEAST_BOUND = 0.001


@dataclass(frozen=True, slots=True)
class Seen:
    """Observations of a level: `total` of them, of `kinds` processes, `once` and `twice` of these
    observed exactly once and twice; `silent` are those that ignored processes would have added."""

    total: int
    kinds: int
    once: int
    twice: int
    silent: float = 0

    @property
    def scanned(self) -> float:
        return self.total + self.silent


@dataclass(frozen=True, slots=True)
class Unseen:
    """`probability` that the next observation is of a new process, with its standard `error`;
    `processes` still unseen, at least."""

    probability: float
    error: float
    processes: float


def estimate(seen: Seen) -> Unseen | None:
    """Good-Turing and Chao1; None when nothing was observed: nothing seen is not nothing there.

    >>> estimate(Seen(total=200, kinds=40, once=6, twice=4)).probability
    0.03
    >>> estimate(Seen(total=200, kinds=40, once=6, twice=4, silent=100)).probability
    0.02
    """
    if seen.total <= 0:
        return None
    once, twice, total = seen.once, seen.twice, seen.scanned
    variance = (once + 2 * twice) / total**2 - once**2 / total**3
    return Unseen(
        once / total, sqrt(max(variance, 0.0)), once * (once - 1) / (2 * (twice + 1)) if once else 0
    )


def silent_days(rows: int, days: int, quiet: int) -> float:
    """How often an ignored process would have been observed in a group on `quiet` days, after
    `rows` rows on the `days` from its first report to its last.

    >>> silent_days(rows=70, days=7, quiet=4) > 3.99
    True
    """
    return max(quiet, 0) * (1 - exp(-rows / max(days, 1)))


def enough_for(bound: float) -> int:
    """How many observations a verdict on `bound` takes.

    With none new among n, the probability of a new one is below 3 / n in 95 of 100 cases (the
    rule of three), so fewer than 3 / bound observations cannot show that it is below the bound.
    A bound below one in a thousand is taken as that: nobody watches a level for ever.
    """
    return ceil(3 / max(bound, LEAST_BOUND))
