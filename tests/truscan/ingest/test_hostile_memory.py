"""Files made of nothing but lines to reject: what waits for a transaction stays small."""

from __future__ import annotations

import pytest

from tests.truscan.ingest.lines import bring_in, console_csv
from tests.truscan.ingest.test_job import record
from truscan.ingest.chunk import Chunk
from truscan.ingest.produce import pieces
from truscan.logs.read import ReadState
from truscan.logs.record import RejectedLine


@pytest.mark.django_db
@pytest.mark.parametrize(("lines", "size", "most"), [(200, 1 << 20, 17), (90_000, 16, 30_000)])
def test_rejected_lines_are_stored_before_they_are_many(lines: int, size: int, most: int) -> None:
    raw = b"x" * size
    outcomes = (RejectedLine(n, "c", "r", raw) for n in range(1, lines + 1))
    read = 0
    for piece in pieces(outcomes, state=ReadState()):
        if isinstance(piece, Chunk):
            assert len(piece.rejected) <= most
            read += piece.read
    assert read == lines


@pytest.mark.django_db
def test_a_file_of_long_lines_is_all_accounted_for() -> None:
    row = bring_in(console_csv([record()]) + (b"y" * 700_000 + b"\n") * 60, chunk_rows=100)
    assert (row.state, row.inserted, row.rejected, row.read) == ("done", 1, 60, 62)
