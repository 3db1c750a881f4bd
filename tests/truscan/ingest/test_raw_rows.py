from __future__ import annotations

import io
from collections import Counter
from typing import Any
from zlib import crc32

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.cases import cases
from tests.make import NOW
from truscan.ingest import find_or_make, resolve
from truscan.ingest.chunk import Block, Chunk
from truscan.ingest.packing import COLUMNS
from truscan.ingest.produce import pieces
from truscan.logs.read import ReadState, read, read_raw
from truscan.logs.reader import open_sources

SHA = "e3f9d95b43f06174f9bc5740ccc91a0e109f32695d65d0f1ca0d6d9bbd6e9b5c"
# What a cell may hold, by its column: what is usual, what says more than its field, what is none.
CELLS = {
    "Event": ["Potential risk found", "potential risk found ", "Forced detection", "odd"],
    "Computer": ["PC1", "pc1", " PC2 ", "", "\x00"],
    "IP Address": ["10.0.0.1", "10.0.0.2", ""],
    "Application": ["Tuner", "Helper", ""],
    "Application type": ["Trojan Worm", "127", ""],
    "Hash type": ["sha256", "SHA-1", "crc"],
    "Application hash": [SHA, SHA.upper(), "0" * 40, "none", ""],
    "File/Path": [r"c:\users\u1\a.exe", r"C:\Users\u2\a.exe", r"c:\tools\b.exe", ""],
    "File size (bytes)": ["1", "-1", "x", ""],
    "Sensitivity": ["10", "high", "101", ""],
    "Detection score": ["62", "127", "900", ""],
    "Occurrences": ["1", "3", "1", "3", "0", "", "many", "99999999999"],
    "Description": ["", "told", "x" * 5000],
    "Actual action": ["Left alone", "1", "odd", "Forced detection using file name"],
    "Event time": [*["2026-01-05 00:07:34", "2026-01-05 01:07:34"] * 5,
                   "2026-01-05 0:7:34", "1970-01-01", "2099-01-01 00:00:00",
                   "2026-01-05 00:61:00", "", "now"],
    "Inserted": ["2026-01-05 00:07:34", "2026-01-05 02:00:00", "", "0", "soon"],
    "End": ["2026-01-05 00:07:34", "2026-01-06 00:00:00", "", "never"],
    "Domain": ["Demo", "demo", ""],
    "Group": ["My Company\\West", "My Company\\West\\", "my company\\East", ""],
    "Location": ["Office", ""],
    "Server": ["sepm-01", ""],
    "User": ["u1", "U1 ", "u2", ""],
    "Source IP": ["", "10.9.9.9"],
    "Signer of somebody": ["", "S"],
}  # fmt: skip
ROWS = st.lists(st.tuples(*map(st.sampled_from, CELLS.values())), min_size=1, max_size=30)


def _made(dimension: Any, rows: dict[Any, Any], link: object = None) -> dict[Any, int]:
    return {key: crc32(repr((dimension.table, key)).encode()) >> 1 for key in rows}


@settings(max_examples=cases(30), deadline=None)
@given(rows=ROWS, block=st.integers(1, 9))
def test_rows_that_stay_raw_are_stored_as_their_records(
    rows: list[tuple[str, ...]], block: int
) -> None:
    data = "\r\n".join([",".join(CELLS), *map(",".join, rows)]).encode()
    with pytest.MonkeyPatch.context() as patch:
        for module in (resolve, find_or_make):
            patch.setattr(module, "find_or_make", _made)
        full, raw = _stored(read, data, block), _stored(read_raw, data, block)
    assert raw == full


def _stored(how: Any, data: bytes, block: int) -> Any:
    state = ReadState()
    (source,) = open_sources(io.BytesIO(data), "a.csv")
    outcomes = how(source, now=NOW, state=state)
    lines: Counter[tuple[bytes, ...]] = Counter()
    told: list[Any] = []
    for piece in pieces(outcomes, state=state, rows=block * 10):
        if isinstance(piece, Block):
            lines.update(_rows_of(piece.data + piece.repeats))
        else:
            told.append(_told(piece))
    return lines, told


def _told(chunk: Chunk) -> Any:
    return (
        chunk.rows, chunk.repeats, chunk.read, chunk.last_line, chunk.first_at, chunk.last_at,
        chunk.months, chunk.ignored, chunk.rejected, set(chunk.addresses),
    )  # fmt: skip


def _rows_of(data: bytes) -> list[tuple[bytes, ...]]:
    rows, at = [], 0
    while at < len(data):
        values, at = [], at + 2
        for _ in range(COLUMNS):
            size = int.from_bytes(data[at : at + 4], "big", signed=True)
            at += 4
            values.append(data[at : at + max(size, 0)])
            at += max(size, 0)
        rows.append(tuple(values))
    return rows
