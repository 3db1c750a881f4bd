"""Rows that are cut into texts and not made into records yet: most repeat what is known."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

from truscan.logs.errors import LineError
from truscan.logs.record import LogRecord, RejectedLine
from truscan.logs.rows import RowBuilder


@dataclass(slots=True)
class RawRows:
    """Rows of one layout, with the numbers of their lines.

    `raw` gives the bytes of a line by its number, as they stand in the file.
    """

    builder: RowBuilder
    line_nos: Sequence[int]
    texts: list[list[str]]
    raw: Callable[[int], bytes] = lambda _: b""

    def outcome(self, n: int) -> LogRecord | RejectedLine:
        """What the row at `n` tells."""
        line_no = self.line_nos[n]
        try:
            return self.builder.build(line_no, list(self.texts[n]))
        except LineError as error:
            return RejectedLine(line_no, error.code, error.reason, self.raw(line_no))

    def outcomes(self) -> Iterator[LogRecord | RejectedLine]:
        return map(self.outcome, range(len(self.texts)))

    def part(self, first: int, end: int) -> RawRows:
        return RawRows(self.builder, self.line_nos[first:end], self.texts[first:end], self.raw)

    def only(self, numbers: Sequence[int]) -> RawRows:
        line_nos = [self.line_nos[n] for n in numbers]
        return RawRows(self.builder, line_nos, [self.texts[n] for n in numbers], self.raw)


def joined(runs: Sequence[RawRows]) -> RawRows:
    """Successive runs of rows of one layout as one."""
    if len(runs) == 1:
        return runs[0]
    firsts = [run.line_nos[0] for run in runs]

    def raw(line_no: int) -> bytes:
        return runs[bisect_right(firsts, line_no) - 1].raw(line_no)

    line_nos = list(chain.from_iterable(run.line_nos for run in runs))
    texts = list(chain.from_iterable(run.texts for run in runs))
    return RawRows(runs[0].builder, line_nos, texts, raw)
