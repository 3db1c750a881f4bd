from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from itertools import chain
from typing import Required, TypedDict, Unpack

from truscan.logs.clock import Clock
from truscan.logs.columns import DATE_ORDER
from truscan.logs.console_csv import Line, Outcome
from truscan.logs.raw_rows import RawRows
from truscan.logs.record import RAW_SHOWN, LogRecord, RejectedLine
from truscan.logs.rows import Rules
from truscan.logs.sniff import Reading, reading_of
from truscan.logs.source import Block, Source, bare, split_lines
from truscan.logs.text import Decoder
from truscan.logs.vocabulary import Vocabulary

# Dates are ordered by what this many lines prove; later ones must fit.
_PEEK_BLOCKS = 8


@dataclass(slots=True)
class ReadState:
    """Where reading stopped, and what was found; filled while `read` runs.

    `bytes_consumed` and `lines_consumed` (blank ones counted) are those of the source; a growing
    file is read on from there, with `base_line_no + lines_consumed`.
    """

    format: str = ""
    encoding: str = ""
    bytes_consumed: int = 0
    lines_consumed: int = 0


class Given(TypedDict, total=False):
    """How a source is read; `read_raw` says what each means."""

    zone: str
    encoding: str | None
    mapping: Mapping[str, str] | None
    vocabulary: Vocabulary | None
    now: Required[datetime]
    base_line_no: int
    final: bool
    state: ReadState | None


def read(source: Source, **given: Unpack[Given]) -> Iterator[Outcome]:
    """Every line of a source that is not blank, as exactly one outcome, in the order of the file.

    A quoted row over several lines is one outcome, at its first line. The keywords are those of
    `read_raw`.
    """
    for outcome in read_raw(source, **given):
        if isinstance(outcome, RawRows):
            yield from outcome.outcomes()
        else:
            yield outcome


def read_raw(
    source: Source,
    *,
    zone: str = "UTC",
    encoding: str | None = None,
    mapping: Mapping[str, str] | None = None,
    vocabulary: Vocabulary | None = None,
    now: datetime,
    base_line_no: int = 0,
    final: bool = True,
    state: ReadState | None = None,
) -> Iterator[Outcome | RawRows]:
    """As `read`, with rows left as texts where they need no other care.

    `zone` is that of the log's times; `encoding` overrules the one that was found; `mapping` gives
    columns of a table their fields, and "@date_order" (dmy, mdy, ymd) the order of its dates.
    `now` bounds event times. With `final=False` a last line without its end is left for later, and
    `state` says where. Line numbers begin at `base_line_no + 1`.

    Raises LogError if the source cannot be read as a whole: NeedsAnswer, UnknownHeader among them.
    """
    state = state if state is not None else ReadState()
    decoder = Decoder(source, encoding)
    state.encoding = decoder.encoding
    mapping = mapping or {}
    clock = Clock(zone, now, mapping.get(DATE_ORDER))
    rules = Rules(clock, vocabulary or Vocabulary())
    blocks = source.blocks()
    peeked = _peek(blocks, decoder)
    seen = [line for _, lines in peeked for line in lines]
    reading = reading_of(seen, source.name, rules, mapping, is_continued=base_line_no > 0)
    state.format = reading.format
    state.bytes_consumed = source.begin
    fresh = ((block, decoder.lines(block)) for block in blocks)
    run = _Run(reading, state, decoder.encoding, base_line_no, final)
    for block, lines in chain(peeked, fresh):
        yield from run.of_block(block, lines)
    yield from run.rest()


def _peek(blocks: Iterator[Block], decoder: Decoder) -> list[tuple[Block, list[Line]]]:
    some = zip(range(_PEEK_BLOCKS), blocks, strict=False)
    return [(block, decoder.lines(block)) for _, block in some]


class _Run:
    """Feeds blocks to a reading and keeps account of what was consumed."""

    def __init__(
        self, reading: Reading, state: ReadState, encoding: str, base: int, final: bool
    ) -> None:
        self._reading = reading
        self._state = state
        self._encoding = encoding
        self._base = base
        self._final = final
        # A quoted row at the end of a block waits for the next one: its lines, with their ends.
        self._lines: list[Line] = []
        self._raws: list[bytes] = []

    def of_block(self, block: Block, lines: list[Line]) -> Sequence[Outcome | RawRows]:
        if block.long:
            return self._long_line(block)
        is_open = not _ends_line(block.data, self._encoding)
        if is_open and not self._final:
            lines = lines[:-1]
            kept = b"".join(split_lines(block.data, self._encoding)[:-1])
            block = block._replace(data=kept, size=len(kept))
        if not self._lines:
            return self._feed(lines, block.data, block.size, is_open)
        raws = self._raws + split_lines(block.data, self._encoding)
        data = b"".join(raws)
        return self._feed(self._lines + lines, data, len(data), is_open)

    def rest(self) -> Sequence[Outcome | RawRows]:
        """What waited for lines that did not come."""
        if not self._lines or not self._final:
            return []
        data = b"".join(self._raws)
        return self._feed(self._lines, data, len(data), False, at_end=True)

    def _feed(
        self, lines: list[Line], data: bytes, size: int, is_open: bool, *, at_end: bool = False
    ) -> Sequence[Outcome | RawRows]:
        line_no = self._base + self._state.lines_consumed + 1
        at_end = at_end or (is_open and self._final)
        out, used = self._reading.read(line_no, lines, at_end, is_open and self._final)
        self._lines, self._raws = lines[used:], []
        raws = _Raws(data, self._encoding, line_no)
        if used < len(lines):
            self._raws = raws.lines[used:]
            size -= sum(map(len, self._raws))
        for outcome in out:
            if isinstance(outcome, RawRows):
                outcome.raw = raws.of
            # A row over several lines brings its own bytes.
            elif not isinstance(outcome, LogRecord) and not outcome.raw:
                outcome.raw = raws.of(outcome.line_no)
        self._state.lines_consumed += used
        self._state.bytes_consumed += size
        return out

    def _long_line(self, block: Block) -> Sequence[Outcome | RawRows]:
        out: list[Outcome | RawRows] = []
        if self._lines:
            data = b"".join(self._raws)
            out += self._feed(self._lines, data, len(data), False, at_end=True)
        line_no = self._base + self._state.lines_consumed + 1
        self._state.lines_consumed += 1
        self._state.bytes_consumed += block.size
        reason = f"The line is {block.size:,} bytes long; no log line is. Its beginning is kept."
        return [*out, RejectedLine(line_no, "too-long", reason, block.data[:RAW_SHOWN])]


class _Raws:
    """The lines of a piece of a source as they stand in the file, cut when one is asked for."""

    def __init__(self, data: bytes, encoding: str, line_no: int) -> None:
        self._data = data
        self._encoding = encoding
        self._first = line_no

    @cached_property
    def lines(self) -> list[bytes]:
        return split_lines(self._data, self._encoding)

    def of(self, line_no: int) -> bytes:
        return bare(self.lines[line_no - self._first], self._encoding)


def _ends_line(data: bytes, encoding: str) -> bool:
    if encoding.startswith("utf-16"):
        return data.endswith(("\n".encode(encoding), "\r".encode(encoding)))
    return data.endswith((b"\n", b"\r"))
