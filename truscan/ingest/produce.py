"""From log lines to chunks: keys, ids and the narrow text that COPY takes."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from truscan.ingest.chunk import Block, Chunk, Piece
from truscan.ingest.dimensions import clean
from truscan.ingest.record_keys import facts_key, file_key, outcome_key
from truscan.ingest.resolve import Dimensions
from truscan.logs.identity import detection_key
from truscan.logs.record import IgnoredLine, LogRecord, RejectedLine

if TYPE_CHECKING:
    from truscan.logs.read import ReadState

# One transaction. The more rows, the fewer times the same count row is rewritten; the fewer, the
# sooner the first is stored and the shorter the last keeps everybody waiting. The first is small,
# so that storing begins early. Memory does not grow with it: rows go to PostgreSQL in blocks.
CHUNK_ROWS = 130_000
FIRST_ROWS = 30_000
CHUNK_LINES = 500_000
# Rejected lines wait for their transaction in memory, with their bytes.
CHUNK_REJECTS = 20_000
CHUNK_REJECTED_BYTES = 16 << 20
# A slow reader still shows progress this often.
CHUNK_SECONDS = 12.0
BLOCK_ROWS = 10_000

MAX_OCCURRENCES = 2_147_483_647
_ADDRESSES = 150_000
_EXTRA_FIELDS = ("description", "source_computer", "source_ip")
_NULL = "\\N"


def pieces(
    outcomes: Iterable[LogRecord | IgnoredLine | RejectedLine],
    *,
    state: ReadState,
    after_line: int = 0,
    rows: int = CHUNK_ROWS,
) -> Iterator[Piece]:
    """Blocks of rows, and after the last block of each chunk the chunk itself.

    A chunk has about `rows` detections; lines up to `after_line` are left out. The last piece is
    always a chunk, so that a file of nothing but ignored lines has its receipt too.
    """
    maker, block_rows = _Maker(), min(BLOCK_ROWS, rows)
    chunk, block, started = Chunk(), [], time.monotonic()
    limit = min(FIRST_ROWS, rows)
    for outcome in outcomes:
        if outcome.line_no <= after_line:
            continue
        chunk.read += 1
        chunk.last_line = outcome.line_no
        if isinstance(outcome, LogRecord):
            block.append(outcome)
            if len(block) < block_rows:
                continue
        else:
            maker.other(chunk, outcome)
            if chunk.read % block_rows and chunk.rejected_bytes < CHUNK_REJECTED_BYTES:
                continue
        yield maker.block(chunk, block)
        block = []
        is_late = time.monotonic() - started > CHUNK_SECONDS
        is_full = chunk.rows + chunk.repeats > limit - block_rows or chunk.read >= CHUNK_LINES
        if is_full or is_late or _is_heavy(chunk):
            yield _closed(chunk, state)
            chunk, started, limit = Chunk(), time.monotonic(), min(limit * 2, rows)
    if block:
        yield maker.block(chunk, block)
    maker.hear(chunk)
    chunk.last_line = max(chunk.last_line, after_line)
    yield _closed(chunk, state)


def _is_heavy(chunk: Chunk) -> bool:
    is_many = len(chunk.rejected) >= CHUNK_REJECTS
    return is_many or chunk.rejected_bytes >= CHUNK_REJECTED_BYTES


def _closed(chunk: Chunk, state: ReadState) -> Chunk:
    chunk.bytes_done = state.bytes_consumed
    chunk.format, chunk.encoding = state.format, state.encoding
    return chunk.close()


class _Maker:
    def __init__(self) -> None:
        self._dimensions = Dimensions()
        self._addresses: dict[str, str | None] = {}
        self._heard: dict[tuple[str | None, str | None], IgnoredLine] = {}

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

    def block(self, chunk: Chunk, records: list[LogRecord]) -> Block:
        """The text of some records; what no dictionary knows is looked up for all at once."""
        self._dimensions.make_room()
        if len(self._addresses) > _ADDRESSES:
            self._addresses.clear()
        lines: list[str] = []
        repeats: list[str] = []
        unknown = self._write(chunk, records, lines, repeats)
        if unknown:
            self._dimensions.learn(unknown)
            self._write(chunk, unknown, lines, repeats)
        self.hear(chunk)
        chunk.rows += len(lines)
        chunk.repeats += len(repeats)
        return Block("".join(lines).encode(), "".join(repeats).encode())

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
            computer, at = known[key], line.event_at
            if at and (computer not in chunk.heard or chunk.heard[computer] < at):
                chunk.heard[computer] = at
        self._heard = {}

    def _write(
        self, chunk: Chunk, records: list[LogRecord], lines: list[str], repeats: list[str]
    ) -> list[LogRecord]:
        d = self._dimensions
        computers, accounts, places, servers = d.computers, d.accounts, d.places, d.servers
        appearances, facts, outcomes = d.appearances, d.facts, d.outcomes
        addresses, seen, months = self._addresses, chunk.seen, chunk.months
        unknown = []
        first, last = chunk.first_at, chunk.last_at
        for r in records:
            domain = r.domain
            file = file_key(r)
            try:
                computer = computers[domain, r.computer]
                ids = (
                    f"{appearances[file]}\t{facts[facts_key(r, file)]}\t"
                    f"{places[domain, r.group, r.location]}\t{computer}\t"
                    f"{accounts[domain, r.user]}\t{servers[r.server]}\t{outcomes[outcome_key(r)]}"
                )
            except KeyError:
                unknown.append(r)
                continue
            at, end = r.event_at, r.end_at
            time_text = str(at)
            key = detection_key(r)
            count = r.occurrences
            line = (
                f"{time_text}\t{key}\t{r.line_no}\t"
                f"{count if 1 <= count <= MAX_OCCURRENCES else _bounded(count)}\t"
                f"{_NULL if r.inserted_at is None else r.inserted_at}\t"
                f"{time_text if end is at else _NULL if end is None else end}\t"
                f"{ids}\t{_extra(r)}\n"
            )
            months.add(time_text[:7])
            ident = hash((time_text, key))
            if ident in seen:
                repeats.append(line)
            else:
                seen.add(ident)
                lines.append(line)
            if first is None or last is None:
                first = last = at
            elif at < first:
                first = at
            elif at > last:
                last = at
            if r.ip_address and addresses.get(computer) != r.ip_address:
                addresses[computer] = chunk.addresses[computer] = r.ip_address
        chunk.first_at, chunk.last_at = first, last
        return unknown


def _bounded(count: int) -> int:
    return min(max(count, 1), MAX_OCCURRENCES)


def _extra(r: LogRecord) -> str:
    """What no column holds, as JSON in COPY's escaping; `\\N` if there is nothing."""
    if not r.extra and r.description is None and r.source_computer is None and r.source_ip is None:
        return _NULL
    held = {clean(k): clean(v) for k, v in r.extra.items()}
    for name in _EXTRA_FIELDS:
        value = getattr(r, name)
        if value is not None:
            held[name] = clean(value)
    if not held:
        return _NULL
    # JSON's own escapes leave no tab and no line end in the text.
    return json.dumps(held, ensure_ascii=False, sort_keys=True).replace("\\", "\\\\")
