from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from typing import cast

from truscan.logs.clock import date_order
from truscan.logs.errors import LineError, LogError, NeedsAnswer
from truscan.logs.raw_rows import RawRows
from truscan.logs.record import IgnoredLine, LogRecord, RejectedLine
from truscan.logs.rows import RowBuilder, Rules

LAYOUT = "console-csv"
# A cell with line breaks is short; a quote that never closes must not swallow the file.
_MOST_LINES = 30
_MOST_CHARACTERS = 1 << 20
# Longer than any line that is read: what is too long is decided in one place, `Limits`.
csv.field_size_limit(1 << 24)


# Put behind the lines: a row that is still open takes it into itself, and is found out.
_MARK = "\x1e"

Line = str | bytes
Outcome = LogRecord | IgnoredLine | RejectedLine


class TableReader:
    """Reads the rows of the console's export, its header among them."""

    def __init__(
        self,
        columns: Sequence[str],
        fields: Sequence[str | None],
        delimiter: str,
        rules: Rules,
    ) -> None:
        self._width = len(columns)
        self._delimiter = delimiter
        self._header = list(columns)
        labels = [column.strip() or f"column {n + 1}" for n, column in enumerate(columns)]
        self._builder = RowBuilder(LAYOUT, list(zip(fields, labels, strict=True)), rules)

    def read(
        self, line_no: int, lines: Sequence[Line], *, at_end: bool
    ) -> tuple[Sequence[Outcome | RawRows], int]:
        """Outcomes of successive physical lines, and how many of them were used.

        The others wait for the lines that end their quoted row; `at_end` says that none come.
        """
        rows = self._parse(lines)
        if rows is None or len(rows) != len(lines):
            return self._row_by_row(line_no, lines, at_end)
        return self._runs(line_no, rows), len(lines)

    def _runs(self, line_no: int, rows: list[list[str]]) -> list[Outcome | RawRows]:
        """Rows that have every cell stay raw, in runs; others are told one by one."""
        out: list[Outcome | RawRows] = []
        first = 0
        for n, row in enumerate(rows):
            if len(row) == self._width and row != self._header:
                continue
            self._add_run(out, line_no + first, rows[first:n])
            first = n + 1
            outcome = self._row(line_no + n, row)
            if outcome is not None:
                out.append(outcome)
        self._add_run(out, line_no + first, rows[first:])
        return out

    def _add_run(self, out: list[Outcome | RawRows], line_no: int, rows: list[list[str]]) -> None:
        if rows:
            out.append(RawRows(self._builder, range(line_no, line_no + len(rows)), rows))

    def _parse(self, lines: Sequence[Line]) -> list[list[str]] | None:
        """The lines as rows; None if one is no text, or the last row stays open."""
        try:
            rows = list(csv.reader(cast("list[str]", [*lines, _MARK]), delimiter=self._delimiter))
        except csv.Error:
            return None
        return rows[:-1] if rows[-1] == [_MARK] else None

    def _row_by_row(
        self, line_no: int, lines: Sequence[Line], at_end: bool
    ) -> tuple[list[Outcome], int]:
        out: list[Outcome | None] = []
        n = 0
        while n < len(lines):
            size = self._extent(lines, n)
            if size is None and not at_end and len(lines) - n < _MOST_LINES:
                break
            # A quote that never closes spoils its own line alone.
            text = lines[n] if size in (None, 1) else "\n".join(map(str, lines[n : n + size]))
            out.append(self._single(line_no + n, text))
            n += size or 1
        return [outcome for outcome in out if outcome is not None], n

    def _extent(self, lines: Sequence[Line], n: int) -> int | None:
        """How many physical lines the row at `n` has; None if its quote does not close."""
        text = ""
        for size, line in enumerate(lines[n : n + _MOST_LINES], start=1):
            if isinstance(line, bytes):
                return 1 if size == 1 else None
            text = f"{text}\n{line}" if size > 1 else line
            if len(text) > _MOST_CHARACTERS and size > 1:
                return None
            # Only a line with a quote can close the row, and quotes come in pairs.
            if size > 1 and ('"' not in line or text.count('"') % 2):
                continue
            rows = self._parse([text])
            if rows is not None and (size == 1 or len(rows[0]) == self._width):
                return size
        return None

    def _single(self, line_no: int, text: Line) -> Outcome | None:
        if isinstance(text, bytes):
            return unreadable(line_no, text)
        rows = self._parse([text])
        if rows is None:
            return RejectedLine(line_no, "open-quote", "A quote opens and never closes.", b"")
        outcome = self._row(line_no, rows[0] if rows else [])
        if isinstance(outcome, RejectedLine) and "\n" in text:
            outcome.raw = text.encode("utf-8", "surrogatepass")
        return outcome

    def _row(self, line_no: int, row: list[str]) -> Outcome | None:
        if len(row) != self._width:
            if not row:  # a blank line; one of other white space than ASCII's is not blank
                return None
            if row[0].casefold().startswith("sep="):
                return IgnoredLine(line_no, "header")
            while len(row) > self._width and not row[-1].strip():
                row.pop()
        if len(row) != self._width:
            told = f"The row has {len(row)} cells, the header {self._width}"
            return RejectedLine(line_no, "bad-width", f"{told}: a quote or cell is missing.", b"")
        if row == self._header:
            return IgnoredLine(line_no, "header")
        try:
            return self._builder.build(line_no, row)
        except LineError as error:
            return RejectedLine(line_no, error.code, error.reason, b"")


def unreadable(line_no: int, raw: bytes) -> RejectedLine:
    """A line that is no text in any encoding that was tried."""
    what = "a NUL byte" if b"\0" in raw else "bytes that the encoding does not know"
    return RejectedLine(line_no, "bad-bytes", f"The line holds {what}.", raw)


def decide_date_order(texts: Iterable[str], name: str) -> str | None:
    """The order of numeric dates, as far as the texts prove one.

    None: every date begins with the year. NeedsAnswer if both orders fit all of them; LogError if
    they contradict each other.
    """
    seen = {order for text in texts if (order := date_order(text))} - {"ymd"}
    if {"dmy", "mdy"} <= seen:
        raise LogError(
            "mixed-dates", "Some dates can only be day/month, others only month/day.", file=name
        )
    proven = seen & {"dmy", "mdy"}
    if proven:
        return proven.pop()
    if "?" in seen:
        raise NeedsAnswer(
            "Are the dates day/month/year or month/day/year? The file does not show it.",
            ("dmy", "mdy"),
            key="@date_order",
            file=name,
        )
    return "dmy" if seen else None
