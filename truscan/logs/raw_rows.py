"""Rows that are cut into texts and not made into records yet: most repeat what is known."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from truscan.logs.errors import LineError
from truscan.logs.record import LogRecord, RejectedLine
from truscan.logs.rows import RowBuilder


@dataclass(slots=True)
class RawRows:
    """Successive rows of one layout; the first has the number `line_no`, no number is left out.

    `raw` gives the bytes of a line by its number, as they stand in the file.
    """

    builder: RowBuilder
    line_no: int
    texts: list[list[str]]
    raw: Callable[[int], bytes] = lambda _: b""

    def outcome(self, n: int) -> LogRecord | RejectedLine:
        """What the row at `n` tells."""
        line_no = self.line_no + n
        try:
            return self.builder.build(line_no, list(self.texts[n]))
        except LineError as error:
            return RejectedLine(line_no, error.code, error.reason, self.raw(line_no))

    def outcomes(self) -> Iterator[LogRecord | RejectedLine]:
        return map(self.outcome, range(len(self.texts)))
