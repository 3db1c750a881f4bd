"""A computer-status table to rows: columns by their names, every bad line with its reason."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from exceptions_app.errors import BadValue
from truscan.logs.clock import Clock
from truscan.logs.columns import cells_of, delimiter_of, plain_name
from truscan.logs.console_csv import decide_date_order
from truscan.logs.errors import LineError, LogError, NeedsAnswer
from truscan.logs.source import Limits, Source
from truscan.logs.text import Decoder

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

# A quarter of a million clients in the widest form.
MOST_BYTES = 64 * 1024 * 1024
MOST_LINE = 64 * 1024
# A cell with line breaks is short; a quote that never closes must not swallow the file.
MOST_LINES_OF_ROW = 10

# The header of the console's export is not public: obvious names. "Serial number" alone may be
# that of the machine, so it is none of them.
COLUMNS = {
    "name": ("computer name", "computer", "client", "client name", "host", "host name", "hostname"),
    "domain": ("domain", "domain name", "sepm domain"),
    "group": ("group", "group name", "client group", "group path", "full path name"),
    "serial": (
        "policy serial", "policy serial number", "policy serial no", "profile serial no",
        "profileserialno", "profile serial number", "policyserialnumber",
    ),
    "group_serial": (
        "group serial", "group serial number", "group policy serial", "group policy serial number",
        "latest policy serial number",
    ),
    "version": (
        "version", "client version", "agent version", "product version", "agentversion",
        "sep version", "software version",
    ),
    "location": ("location", "location name", "current location"),
    "checked_in": (
        "last check in", "last checkin", "last check in time", "last checkin time", "last contact",
        "last connected", "last time status changed", "last status change", "last update time",
    ),
}  # fmt: skip
FIELDS = {alias: name for name, aliases in COLUMNS.items() for alias in aliases}


class StatusRefused(BadValue):
    """The table cannot be read as a whole; the sentence says what to do."""


@dataclass(frozen=True, slots=True)
class StatusRow:
    """One computer as the table tells it; what it does not tell is empty or None."""

    line_no: int
    name: str
    domain: str = ""
    group: str = ""
    serial: str = ""
    group_serial: str = ""
    version: str = ""
    location: str = ""
    checked_in_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class BadLine:
    line_no: int
    why: str


@dataclass(slots=True)
class StatusFile:
    """What was read: rows, bad lines, columns that nothing is known of."""

    encoding: str = ""
    rows: list[StatusRow] = field(default_factory=list)
    bad: list[BadLine] = field(default_factory=list)
    unknown_columns: list[str] = field(default_factory=list)
    fields: list[str] = field(default_factory=list)


def read_status(
    body: bytes, *, now: datetime, zone: str = "UTC", order: str | None = None
) -> StatusFile:
    """The table in the bytes; times without an offset are of `zone`, dates are written in `order`.

    StatusRefused if the header or the dates leave open what is meant.
    """
    if len(body) > MOST_BYTES:
        raise StatusRefused(f"The file has more than {MOST_BYTES >> 20} MB: split it by groups.")
    try:
        source = Source("status", io.BytesIO(body), Limits(max_line=MOST_LINE))
        decoder = Decoder(source, None)
        lines = [
            (block.line_no + n, b"" if block.long else line)
            for block in source.blocks()
            for n, line in enumerate(decoder.lines(block))
        ]
        return _read_lines(lines, decoder.encoding, Clock(zone, now, order), order)
    except NeedsAnswer as error:
        raise StatusRefused(f"{error} Say the order of the dates: dmy or mdy.") from error
    except LogError as error:
        raise StatusRefused(str(error)) from error


def _read_lines(
    lines: Sequence[tuple[int, str | bytes]], encoding: str, clock: Clock, order: str | None
) -> StatusFile:
    found = StatusFile(encoding)
    start = next((n for n, (_, line) in enumerate(lines) if line or line == b""), None)
    if start is not None and str(lines[start][1]).casefold().startswith("sep="):
        start += 1
    header = lines[start][1] if start is not None and start < len(lines) else ""
    if not header or isinstance(header, bytes):
        raise StatusRefused("The file has no header line: export the table with its column names.")
    delimiter = delimiter_of(header)
    columns = cells_of(header, delimiter)
    places = _places(columns, found)
    raw: list[tuple[int, dict[str, str]]] = []
    for line_no, row in _rows(lines[cast("int", start) + 1 :], delimiter, found):
        if row == columns:
            continue
        while len(row) > len(columns) and not row[-1].strip():
            row.pop()
        if len(row) != len(columns):
            why = f"The row has {len(row)} cells, the header {len(columns)}."
            found.bad.append(BadLine(line_no, why))
            continue
        raw.append((line_no, {name: row[at].strip() for name, at in places.items()}))
    if order is None:
        order = decide_date_order((told.get("checked_in", "") for _, told in raw), "status")
        clock = clock.ordered(order) if order else clock
    for line_no, told in raw:
        _add(line_no, told, clock, found)
    found.bad.sort(key=lambda one: one.line_no)
    return found


def _places(columns: Sequence[str], found: StatusFile) -> dict[str, int]:
    places: dict[str, int] = {}
    for at, column in enumerate(columns):
        name = FIELDS.get(plain_name(column))
        if name is None:
            found.unknown_columns.append(column.strip()[:80] or f"column {at + 1}")
        elif name in places:
            raise StatusRefused(
                f"Two columns could be the {name.replace('_', ' ')}: leave one of them out."
            )
        else:
            places[name] = at
    if "name" not in places or not {"serial", "checked_in", "version"} & places.keys():
        raise StatusRefused(
            "The header must name the computer (Computer name) and what it runs"
            " (Policy serial number, Last check-in or Client version)."
        )
    found.fields = sorted(places)
    return places


def _rows(
    lines: Sequence[tuple[int, str | bytes]], delimiter: str, found: StatusFile
) -> Iterator[tuple[int, list[str]]]:
    n = 0
    while n < len(lines):
        line_no, line = lines[n]
        size = 1
        if isinstance(line, bytes):
            why = "The line is too long." if not line else "The line is no text, or holds a NUL."
            found.bad.append(BadLine(line_no, why))
        elif line:
            size, row = _row(lines[n : n + MOST_LINES_OF_ROW], delimiter)
            if row is None:
                found.bad.append(BadLine(line_no, "A quote opens and never closes."))
            else:
                yield line_no, row
        n += size


def _row(lines: Sequence[tuple[int, str | bytes]], delimiter: str) -> tuple[int, list[str] | None]:
    text = ""
    for size, (_, line) in enumerate(lines, 1):
        if isinstance(line, bytes):
            break
        text = f"{text}\n{line}" if size > 1 else line
        if text.count('"') % 2 == 0:
            return size, next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter), [])
    return 1, None


def _add(line_no: int, told: dict[str, str], clock: Clock, found: StatusFile) -> None:
    name = told.get("name", "")
    if not name or len(name) > 255:
        found.bad.append(BadLine(line_no, "The line names no computer, or one that is too long."))
        return
    try:
        at = clock.read(told.get("checked_in", ""))
        if at is not None:
            at = clock.event_at(told["checked_in"])
    except LineError as error:
        found.bad.append(BadLine(line_no, error.reason))
        return
    found.rows.append(
        StatusRow(
            line_no, name, told.get("domain", ""), told.get("group", ""),
            told.get("serial", ""), told.get("group_serial", ""), told.get("version", ""),
            told.get("location", ""), at,
        )
    )  # fmt: skip
