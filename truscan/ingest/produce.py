"""From log lines to chunks: keys, ids and the narrow text that COPY takes."""

from __future__ import annotations

import time
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import compress
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from truscan.ingest.chunk import Block, Chunk, Piece
from truscan.ingest.packing import NULL, begin_row, moment, number_of
from truscan.ingest.resolve import Dimensions
from truscan.ingest.row_ids import RowIds, Times
from truscan.logs.identity import key_of
from truscan.logs.raw_rows import RawRows, joined
from truscan.logs.record import IgnoredLine, LogRecord, RejectedLine
from truscan.logs.ticks import moment_of, ticks_of

if TYPE_CHECKING:
    from truscan.logs.read import ReadState

# One transaction. The more rows, the fewer times the same count row is rewritten; the fewer, the
# sooner the first is stored and the shorter the last keeps everybody waiting. The first are small,
# so that storing begins early, and the last too, since nothing is read while the last is stored.
# Memory does not grow with it: rows go to PostgreSQL in blocks.
CHUNK_ROWS = 130_000
FIRST_ROWS = 30_000
CHUNK_LINES = 500_000
# Rejected lines wait for their transaction in memory, with their bytes.
CHUNK_REJECTS = 20_000
CHUNK_REJECTED_BYTES = 16 << 20
# A slow reader still shows progress this often.
CHUNK_SECONDS = 12.0
BLOCK_ROWS = 4_000

_ADDRESSES = 150_000
_DAY = 86_400_000_000


def pieces(
    outcomes: Iterable[LogRecord | IgnoredLine | RejectedLine | RawRows],
    *,
    state: ReadState,
    after_line: int = 0,
    rows: int = CHUNK_ROWS,
    size: int = 0,
) -> Iterator[Piece]:
    """Blocks of rows, and after the last block of each chunk the chunk itself.

    A chunk has about `rows` detections; lines up to `after_line` are left out. `size` is the number
    of bytes to read, 0 if it is not known. The last piece is always a chunk, so that a file of
    nothing but ignored lines has its receipt too.
    """
    maker, block_rows = _Maker(), min(BLOCK_ROWS, rows)
    chunk, in_block, started = Chunk(), 0, time.monotonic()
    limit, begin = min(FIRST_ROWS, rows), state.bytes_consumed
    for outcome in _parted(outcomes, after_line, block_rows):
        in_block += maker.take(chunk, outcome)
        if in_block < block_rows and chunk.rejected_bytes < CHUNK_REJECTED_BYTES:
            continue
        yield maker.block(chunk)
        in_block = 0
        is_late = time.monotonic() - started > CHUNK_SECONDS
        is_full = chunk.rows + chunk.repeats > limit - block_rows or chunk.read >= CHUNK_LINES
        if is_full or is_late or _is_heavy(chunk):
            yield _closed(chunk, state)
            limit = min(limit * 2, rows)
            if size > state.bytes_consumed > begin:
                a_byte = (chunk.rows + chunk.repeats) / (state.bytes_consumed - begin)
                limit = _towards_end(limit, int(a_byte * (size - state.bytes_consumed)))
            chunk, started, begin = Chunk(), time.monotonic(), state.bytes_consumed
    yield maker.block(chunk)
    chunk.last_line = max(chunk.last_line, after_line)
    yield _closed(chunk, state)


def _parted(
    outcomes: Iterable[LogRecord | IgnoredLine | RejectedLine | RawRows], after: int, most: int
) -> Iterator[LogRecord | IgnoredLine | RejectedLine | RawRows]:
    """What comes behind the line `after`, runs of rows in parts of at most `most`."""
    for outcome in outcomes:
        if not isinstance(outcome, RawRows):
            if outcome.line_no > after:
                yield outcome
            continue
        size = len(outcome.texts)
        for n in range(bisect_right(outcome.line_nos, after), size, most):
            yield outcome if not n and size <= most else outcome.part(n, n + most)


def _towards_end(limit: int, left: int) -> int:
    """Half of the rows that seem to be left, once that is less than a chunk."""
    return min(limit, max(FIRST_ROWS, left // 2))


def _is_heavy(chunk: Chunk) -> bool:
    is_many = len(chunk.rejected) >= CHUNK_REJECTS
    return is_many or chunk.rejected_bytes >= CHUNK_REJECTED_BYTES


def _closed(chunk: Chunk, state: ReadState) -> Chunk:
    chunk.bytes_done = state.bytes_consumed
    chunk.format, chunk.encoding = state.format, state.encoding
    chunk.rejected.sort(key=attrgetter("line_no"))
    return chunk.close()


class _Maker:
    """Makes rows for COPY; what no dictionary knows waits, to be looked up for a block at once."""

    def __init__(self) -> None:
        self._dimensions = Dimensions()
        self._row_ids: dict[int, RowIds] = {}
        self._addresses: dict[bytes, str | None] = {}
        self._heard: dict[tuple[str | None, str | None], IgnoredLine] = {}
        self._lines: list[bytes] = []
        self._repeats: list[bytes] = []
        self._waiting: dict[int, list[RawRows]] = {}
        self._unknown: list[LogRecord] = []

    def take(self, chunk: Chunk, outcome: LogRecord | IgnoredLine | RejectedLine | RawRows) -> int:
        """Add some lines of the log to a chunk; how many."""
        if isinstance(outcome, RawRows):
            self._waiting.setdefault(id(outcome.builder), []).append(outcome)
            chunk.read += len(outcome.texts)
            chunk.last_line = outcome.line_nos[-1]
            return len(outcome.texts)
        chunk.read += 1
        chunk.last_line = outcome.line_no
        if isinstance(outcome, LogRecord):
            self._take_full(chunk, outcome)
        else:
            self.other(chunk, outcome)
        return 1

    def _take_rows(self, chunk: Chunk, rows: RawRows) -> None:
        ids = self._row_ids.get(id(rows.builder))
        if ids is None:
            ids = self._row_ids[id(rows.builder)] = RowIds(rows.builder, self._dimensions)
        times = ids.times(rows.texts)
        occurrences = ids.occurrences(rows)
        numbers: Sequence[int] = range(len(rows.texts))
        if None in times or None in occurrences:
            # Rows that may be rejected: others are not to learn from them.
            usable = [
                time is not None and count is not None
                for time, count in zip(times, occurrences, strict=True)
            ]
            for n, is_usable in enumerate(usable):
                if not is_usable:
                    self._take_slow(chunk, rows, n)
            numbers = list(compress(numbers, usable))
            times = list(compress(times, usable))
            occurrences = list(compress(occurrences, usable))
        chosen = rows if len(times) == len(rows.texts) else rows.only(numbers)
        columns = ids.of(chosen)
        found = zip(*columns, occurrences, strict=True)
        ats, latest = [], {}
        for n, line_no, at, address, row in zip(
            numbers, chosen.line_nos, times, map(ids.address, chosen.texts), found, strict=True
        ):
            if at is None or None in row:
                self._take_slow(chunk, rows, n)
                continue
            self._add(chunk, line_no, at, row)
            ats.append(at[0])
            if address:
                latest[row[0][0]] = address
        _span(chunk, ats)
        for computer, address in latest.items():
            self._note_address(chunk, computer, address.strip())

    def _take_slow(self, chunk: Chunk, rows: RawRows, n: int) -> None:
        outcome = rows.outcome(n)
        if isinstance(outcome, RejectedLine):
            self.other(chunk, outcome)
        else:
            self._take_full(chunk, outcome)

    def _take_full(self, chunk: Chunk, record: LogRecord) -> None:
        try:
            self._add_full(chunk, record)
        except KeyError:
            self._unknown.append(record)

    def _add_full(self, chunk: Chunk, r: LogRecord) -> None:
        """A row by its record; KeyError if one of its dimensions is not known yet."""
        found = self._dimensions.ids_of(r)
        at = ticks_of(r.event_at)
        inserted_at, end_at = (
            NULL if time is None else moment(ticks_of(time)) for time in (r.inserted_at, r.end_at)
        )
        self._add(chunk, r.line_no, (at, inserted_at, end_at), found)
        _span(chunk, [at])
        self._note_address(chunk, found.computer[0], r.ip_address)

    def _add(self, chunk: Chunk, line_no: int, times: Times, ids: Any) -> None:
        at, inserted_at, end_at = times
        (
            (computer, computer_part), (account, user_part), place, server, (file, file_part),
            facts, (outcome, event_part), extra, occurrences,
        ) = ids  # fmt: skip
        key = key_of(event_part + computer_part + file_part + user_part)
        line = b"".join(
            (begin_row(at, key, line_no), occurrences, inserted_at, end_at, file, facts, place,
             computer, account, server, outcome, extra)
        )  # fmt: skip
        ident = hash((at, key))
        if ident in chunk.seen:
            self._repeats.append(line)
        else:
            chunk.seen.add(ident)
            self._lines.append(line)

    def _note_address(self, chunk: Chunk, computer: bytes, address: str | None) -> None:
        if address and self._addresses.get(computer) != address:
            self._addresses[computer] = address
            chunk.addresses[number_of(computer)] = address

    def other(self, chunk: Chunk, outcome: IgnoredLine | RejectedLine) -> None:
        if isinstance(outcome, RejectedLine):
            chunk.rejected.append(outcome)
            chunk.rejected_bytes += len(outcome.raw)
            return
        chunk.ignored[outcome.reason] += 1
        if outcome.computer and outcome.event_at:
            key = (outcome.domain, outcome.computer)
            before = self._heard.get(key)
            if before is None or before.event_at < outcome.event_at:  # type: ignore[operator]
                self._heard[key] = outcome

    def block(self, chunk: Chunk) -> Block:
        """The rows taken since the last block."""
        for runs in self._waiting.values():
            self._take_rows(chunk, joined(runs))
        self._waiting = {}
        if self._unknown:
            self._dimensions.learn(self._unknown)
            for record in self._unknown:
                self._add_full(chunk, record)
        self.hear(chunk)
        block = Block(b"".join(self._lines), b"".join(self._repeats))
        chunk.rows += len(self._lines)
        chunk.repeats += len(self._repeats)
        self._lines, self._repeats, self._unknown = [], [], []
        self._dimensions.make_room()
        if len(self._addresses) > _ADDRESSES:
            self._addresses.clear()
        return block

    def hear(self, chunk: Chunk) -> None:
        """Note the computers that ignored lines named."""
        if not self._heard:
            return
        known = self._dimensions.computers
        missing: dict[tuple[str | None, str | None], str | None]
        missing = {key: None for key in self._heard if key not in known}
        if missing:
            self._dimensions.learn_computers(missing)
        for key, line in self._heard.items():
            computer, at = number_of(known[key]), line.event_at
            if at and (computer not in chunk.heard or chunk.heard[computer] < at):
                chunk.heard[computer] = at
        self._heard = {}


def _span(chunk: Chunk, ats: list[int]) -> None:
    """Note the first and last event time, and the months."""
    if not ats:
        return
    first, last = moment_of(min(ats)), moment_of(max(ats))
    chunk.first_at = first if chunk.first_at is None else min(chunk.first_at, first)
    chunk.last_at = last if chunk.last_at is None else max(chunk.last_at, last)
    days = {at // _DAY for at in ats}
    chunk.months.update(f"{moment_of(day * _DAY):%Y-%m}" for day in days)
