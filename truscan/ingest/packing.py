"""Values in the binary form of COPY: each has its length before it."""

from __future__ import annotations

from struct import Struct

HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
END = b"\xff\xff"
NULL = b"\xff\xff\xff\xff"

_SMALL, _INTEGER, _LONG, _FLAG = (Struct(f">i{kind}").pack for kind in "hiq?")
_LENGTH = Struct(">i").pack
# Number of columns, then event_at, key and line_no, with which every row begins.
_BEGIN = Struct(">hiqi8siq").pack
COLUMNS = 20


def begin_row(at: int, key: bytes, line_no: int) -> bytes:
    return _BEGIN(COLUMNS, 8, at, 8, key, 8, line_no)


def small(number: int | None) -> bytes:
    return NULL if number is None else _SMALL(2, number)


def integer(number: int) -> bytes:
    return _INTEGER(4, number)


def number_of(packed: bytes) -> int:
    """The first integer of what `integer` packed."""
    return int.from_bytes(packed[4:8], "big", signed=True)


def flag(value: bool) -> bytes:
    return _FLAG(1, value)


def moment(ticks: int) -> bytes:
    """Microseconds since 2000."""
    return _LONG(8, ticks)


def json_text(text: str) -> bytes:
    """A jsonb value: its text behind the number of the form."""
    data = text.encode()
    return _LENGTH(len(data) + 1) + b"\x01" + data
