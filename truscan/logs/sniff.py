from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, Protocol

from truscan.logs.client_log import LAYOUT as CLIENT
from truscan.logs.client_log import ClientReader, is_client_line
from truscan.logs.columns import (
    DATE_ORDER,
    cells_of,
    delimiter_of,
    fields_of,
    is_enough,
    unknown_header,
)
from truscan.logs.console_csv import LAYOUT as CONSOLE
from truscan.logs.console_csv import Line, Outcome, TableReader, decide_date_order, unreadable
from truscan.logs.errors import LineError, LogError, UnknownHeader
from truscan.logs.label_reader import LabelReader
from truscan.logs.labelled import LABEL
from truscan.logs.other_types import other_kind
from truscan.logs.raw_rows import RawRows
from truscan.logs.record import IgnoredLine, LogRecord, RejectedLine
from truscan.logs.rows import Rules

LABELLED = "labelled"
# A log shows what it is within its first lines.
_LOOKED_AT = 200


class Reading(NamedTuple):
    """How a source is read: `read(line_no, lines, at_end, is_cut)` gives outcomes and lines used.

    `is_cut` says that the last line has no end.
    """

    format: str
    read: Callable[[int, Sequence[Line], bool, bool], tuple[Sequence[Outcome | RawRows], int]]


def reading_of(
    lines: Sequence[Line],
    name: str,
    rules: Rules,
    mapping: Mapping[str, str],
    *,
    is_continued: bool,
) -> Reading:
    """Recognise the format by the first lines of a source.

    `is_continued`: they come from the middle of a growing file, which only label forms are.
    Raises UnknownHeader, NeedsAnswer, or LogError if it is no log at all.
    """
    texts = [line for line in lines if isinstance(line, str) and line.strip()]
    if any(map(is_client_line, texts[:3])):
        return Reading(CLIENT, _line_by_line(ClientReader(rules).read))
    labelled = Reading(LABELLED, LabelReader(rules).read)
    if is_continued:
        return labelled
    try:
        return _table(texts, name, rules, mapping)
    except UnknownHeader:
        if not any(map(_is_labelled, texts[:_LOOKED_AT])):
            raise
    except _NoTableError as error:
        if not any(map(_is_labelled, texts[:_LOOKED_AT])):
            raise LogError(
                "unknown-format",
                "No line is of a log that the manager or a client writes, and there is no header "
                "of a table.",
                file=name,
                line=1,
            ) from error
    return labelled


class _NoTableError(Exception):
    pass


def _is_labelled(line: str) -> bool:
    # A time at the beginning alone may as well be the first cell of a table.
    is_known = "SymantecServer" in line or other_kind(line) not in (None, "other")
    return is_known or bool(LABEL.search(line))


def _table(texts: Sequence[str], name: str, rules: Rules, mapping: Mapping[str, str]) -> Reading:
    heads = [text for text in texts[:2] if not text.casefold().startswith("sep=")]
    # A label without a value looks like a column's name.
    if not heads or LABEL.search(heads[0]):
        raise _NoTableError
    delimiter = delimiter_of(heads[0])
    columns = cells_of(heads[0], delimiter)
    fields = fields_of(columns, mapping)
    if not is_enough(fields):
        if len(columns) < 2 or len(set(columns)) < len(columns) or not all(columns):
            raise _NoTableError
        raise unknown_header(columns, name)
    order = mapping.get(DATE_ORDER)
    if order is None:
        at = fields.index("event_at")
        rows = (cells_of(text, delimiter) for text in texts)
        order = decide_date_order((row[at] for row in rows if len(row) > at), name)
        rules = Rules(rules.clock.ordered(order), rules.vocabulary)
    table = TableReader(columns, fields, delimiter, rules)
    return Reading(CONSOLE, lambda no, lines, at_end, _: table.read(no, lines, at_end=at_end))


class _ReadLine(Protocol):
    def __call__(
        self, line_no: int, line: str, *, is_cut: bool = False
    ) -> LogRecord | IgnoredLine: ...


def _line_by_line(
    read: _ReadLine,
) -> Callable[[int, Sequence[Line], bool, bool], tuple[list[Outcome], int]]:
    def read_lines(
        line_no: int, lines: Sequence[Line], at_end: bool, is_cut: bool
    ) -> tuple[list[Outcome], int]:
        out: list[Outcome] = []
        last = line_no + len(lines) - 1 if is_cut else 0
        for no, line in enumerate(lines, line_no):
            if isinstance(line, bytes):
                out.append(unreadable(no, line))
            elif line:
                try:
                    out.append(read(no, line, is_cut=no == last))
                except LineError as error:
                    out.append(RejectedLine(no, error.code, error.reason, b""))
        return out, len(lines)

    return read_lines
