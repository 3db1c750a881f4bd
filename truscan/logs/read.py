from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import chain

from truscan.logs.clock import Clock
from truscan.logs.columns import DATE_ORDER
from truscan.logs.console_csv import Line, Outcome
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


def read(
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
) -> Iterator[Outcome]:
    """Every line of a source that is not blank, as exactly one outcome, in the order of the file.

    `zone` is that of the log's times; `encoding` overrules the one that was found; `mapping` gives
    columns of a table their fields, and "@date_order" (dmy, mdy, ymd) the order of its dates.
    `now` bounds event times. With `final=False` a last line without its end is left for later, and
    `state` says where. Line numbers begin at `base_line_no + 1`. A quoted row over several lines
    is one outcome, at its first line.

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

    def of_block(self, block: Block, lines: list[Line]) -> list[Outcome]:
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

    def rest(self) -> list[Outcome]:
        """What waited for lines that did not come."""
        if not self._lines or not self._final:
            return []
        data = b"".join(self._raws)
        return self._feed(self._lines, data, len(data), False, at_end=True)

    def _feed(
        self, lines: list[Line], data: bytes, size: int, is_open: bool, *, at_end: bool = False
    ) -> list[Outcome]:
        line_no = self._base + self._state.lines_consumed + 1
        at_end = at_end or (is_open and self._final)
        out, used = self._reading.read(line_no, lines, at_end, is_open and self._final)
        self._lines, self._raws = lines[used:], []
        raws: list[bytes] | None = None
        if used < len(lines):
            raws = split_lines(data, self._encoding)
            self._raws = raws[used:]
            size -= sum(map(len, self._raws))
        for outcome in out:
            # The bytes as they stand in the file; a row over several lines brings its own.
            if outcome.__class__ is not LogRecord and not outcome.raw:  # type: ignore[union-attr]
                raws = raws or split_lines(data, self._encoding)
                raw = bare(raws[outcome.line_no - line_no], self._encoding)
                outcome.raw = raw  # type: ignore[union-attr]
        self._state.lines_consumed += used
        self._state.bytes_consumed += size
        return out

    def _long_line(self, block: Block) -> list[Outcome]:
        out: list[Outcome] = []
        if self._lines:
            data = b"".join(self._raws)
            out += self._feed(self._lines, data, len(data), False, at_end=True)
        line_no = self._base + self._state.lines_consumed + 1
        self._state.lines_consumed += 1
        self._state.bytes_consumed += block.size
        reason = f"The line is {block.size:,} bytes long; no log line is. Its beginning is kept."
        return [*out, RejectedLine(line_no, "too-long", reason, block.data[:RAW_SHOWN])]


def _ends_line(data: bytes, encoding: str) -> bool:
    if encoding.startswith("utf-16"):
        return data.endswith(("\n".encode(encoding), "\r".encode(encoding)))
    return data.endswith((b"\n", b"\r"))
