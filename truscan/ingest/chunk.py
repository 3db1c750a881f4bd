"""A chunk: what one transaction of an import stores. Its rows go ahead of it in blocks."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from datetime import datetime

    from truscan.logs.record import RejectedLine


class Block(NamedTuple):
    """Rows of a chunk as binary COPY takes them; `repeats` holds those whose key came before."""

    data: bytes
    repeats: bytes = b""


@dataclass(slots=True)
class Chunk:
    """The account of a chunk's lines; comes after its last block."""

    rows: int = 0
    repeats: int = 0
    read: int = 0
    ignored: Counter[str] = field(default_factory=Counter)
    rejected: list[RejectedLine] = field(default_factory=list)
    rejected_bytes: int = 0
    # Computers that were named, by id: the newest time of ignored lines, and changed addresses.
    heard: dict[int, datetime] = field(default_factory=dict)
    addresses: dict[int, str] = field(default_factory=dict)
    # First and last event time.
    first_at: datetime | None = None
    last_at: datetime | None = None
    # Months of event times, as `2026-03`.
    months: set[str] = field(default_factory=set)
    last_line: int = 0
    bytes_done: int = 0
    format: str = ""
    encoding: str = ""
    # Hashes of the keys met; equal ones are only suspected to be repeats, SQL looks.
    seen: set[int] = field(default_factory=set)

    def close(self) -> Chunk:
        self.seen = set()
        return self


Piece = Block | Chunk
