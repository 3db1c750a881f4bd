from __future__ import annotations

import re
import zlib
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from lzma import LZMAError
from typing import BinaryIO, NamedTuple
from zipfile import BadZipFile

from truscan.logs.errors import LogError

_CHUNK = 1 << 18
# Below this size any ratio is harmless, and short logs compress astonishingly well.
DENSE_FROM = 16 << 20
# Of a line over the limit only its beginning is kept.
_LONG_KEPT = 4096
_UTF16_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n|$)")


@dataclass(slots=True, frozen=True)
class Limits:
    """How much of a file is read at most, in bytes after unpacking; `max_ratio` is the size after
    unpacking over the size before, looked at from 16 MiB on."""

    max_bytes: int = 8 << 30
    max_ratio: int = 200
    max_line: int = 1 << 20
    max_members: int = 1000


class Block(NamedTuple):
    """Some whole lines. Only the last block of a source may lack its line end.

    `long` marks one line over the limit, of which `data` has the beginning.
    """

    line_no: int
    offset: int
    data: bytes
    size: int
    long: bool = False


class Source:
    """One log: a file, or one member of an archive, already unpacked. It can be read once."""

    def __init__(
        self, name: str, stream: BinaryIO, limits: Limits, packed: BinaryIO | None = None
    ) -> None:
        self.name = name
        self.limits = limits
        self._stream = stream
        self._packed = packed
        self._packed_start = packed.tell() if packed else 0
        self._unpacked = 0
        self._carry = self._read_head()
        self.encoding, mark = _encoding_of(self._carry)
        self._carry = self._carry[mark:]
        # Where the text begins: behind a byte order mark.
        self.begin = mark
        self._offset = mark

    def _read_head(self) -> bytes:
        head = b""
        while len(head) < _CHUNK and (more := self._read()):
            head += more
        return head

    def _read(self) -> bytes:
        try:
            data = self._stream.read(_CHUNK)
        except EOFError as error:
            raise LogError(
                "cut-archive", "The compressed file ends too early: copy it again.", file=self.name
            ) from error
        except (OSError, zlib.error, LZMAError, BadZipFile, ValueError) as error:
            raise LogError(
                "broken-archive", f"The compressed file is damaged ({error}).", file=self.name
            ) from error
        self._unpacked += len(data)
        self._check_size()
        return data

    def _check_size(self) -> None:
        if self._unpacked > self.limits.max_bytes:
            raise LogError(
                "too-big",
                f"The log is larger than the {self.limits.max_bytes:,} bytes that are allowed.",
                file=self.name,
            )
        if self._packed and self._unpacked > DENSE_FROM:
            packed = max(1, self._packed.tell() - self._packed_start)
            if self._unpacked / packed > self.limits.max_ratio:
                raise LogError(
                    "too-dense",
                    f"The file unpacks to more than {self.limits.max_ratio} times its size. "
                    "No log does that: it is refused.",
                    file=self.name,
                )

    def head(self) -> bytes:
        """The first bytes behind a byte order mark, without consuming them."""
        return self._carry

    def lines(self) -> Iterator[tuple[int, int, bytes]]:
        """(line number, byte offset, raw line without its end and without padding NULs).

        Numbers count every physical line from 1, as an editor shows them; blank lines are left
        out. A line over `limits.max_line` comes with its first 4,096 bytes and is to be rejected.
        """
        for block in self.blocks():
            offset = block.offset
            if block.long:
                yield block.line_no, offset, block.data
                continue
            for n, line in enumerate(split_lines(block.data, self.encoding)):
                raw = bare(line, self.encoding)
                if raw:
                    yield block.line_no + n, offset, raw
                offset += len(line)

    def blocks(self) -> Iterator[Block]:
        """Whole lines in pieces of about 256 KiB, in constant memory."""
        line_no = 1
        carry, self._carry = self._carry, b""
        at_end = False
        while not at_end:
            cut = _last_line_end(carry, self.encoding)
            while not cut and len(carry) <= self.limits.max_line:
                more = self._read()
                if not more:
                    at_end = True
                    cut = len(carry)
                    break
                fresh = max(0, len(carry) - 2)
                carry += more
                cut = _last_line_end(carry, self.encoding, fresh)
            if not carry:
                return
            if not cut:
                carry = yield from self._long_line(carry, line_no)
                line_no += 1
                continue
            data, carry = carry[:cut], carry[cut:]
            for block in self._without_long(data, line_no):
                line_no = block.line_no + (1 if block.long else self._count(block.data))
                yield block
            if not at_end:
                carry += self._read()

    def _without_long(self, data: bytes, line_no: int) -> Iterator[Block]:
        """The data as one block, or parted where a line is over the limit."""
        if len(data) <= self.limits.max_line:
            yield self._block(line_no, data)
            return
        kept: list[bytes] = []
        for line in split_lines(data, self.encoding):
            if len(line) <= self.limits.max_line:
                kept.append(line)
                continue
            if kept:
                yield self._block(line_no, b"".join(kept))
                line_no += len(kept)
                kept = []
            yield self._block(line_no, line, is_long=True)
            line_no += 1
        if kept:
            yield self._block(line_no, b"".join(kept))

    def _block(self, line_no: int, data: bytes, *, is_long: bool = False) -> Block:
        offset, self._offset = self._offset, self._offset + len(data)
        return Block(line_no, offset, data[:_LONG_KEPT] if is_long else data, len(data), is_long)

    def _long_line(self, carry: bytes, line_no: int) -> Generator[Block, None, bytes]:
        """Pass over a line that is too long, without keeping it; returns what follows it."""
        kept, size = carry[:_LONG_KEPT], 0
        while True:
            end = _first_line_end(carry, self.encoding)
            if end:
                break
            # A carriage return may be waiting for its line feed, half a unit for the other half.
            passed = (len(carry) - 2) // 2 * 2
            size += passed
            carry = carry[passed:]
            more = self._read()
            if not more:
                end = len(carry)
                break
            carry += more
        size += end
        yield Block(line_no, self._offset, kept, size, True)
        self._offset += size
        return carry[end:]

    def _count(self, data: bytes) -> int:
        if self.encoding.startswith("utf-16"):
            return len(split_lines(data, self.encoding))
        if b"\r" not in data:
            return data.count(b"\n") + (not data.endswith(b"\n"))
        return len(data.splitlines())


def split_lines(data: bytes, encoding: str) -> list[bytes]:
    """The physical lines with their ends: LF, CRLF or CR."""
    if not encoding.startswith("utf-16"):
        return data.splitlines(keepends=True)
    # Lone surrogates and a last odd byte survive the way to text and back.
    text = data[: len(data) // 2 * 2].decode(encoding, "surrogatepass")
    lines = [m[0].encode(encoding, "surrogatepass") for m in _UTF16_LINE.finditer(text) if m[0]]
    if len(data) % 2:
        lines[-1:] = [b"".join(lines[-1:]) + data[-1:]]
    return lines


def bare(line: bytes, encoding: str) -> bytes:
    """The line without its end and without the NULs that pad a growing file; blank is empty."""
    if encoding.startswith("utf-16"):
        text = line[: len(line) // 2 * 2].decode(encoding, "surrogatepass").strip("\r\n\0")
        return text.encode(encoding, "surrogatepass") if text.strip() else b""
    line = line.strip(b"\r\n\0")
    return line if line.strip() else b""


def _last_line_end(data: bytes, encoding: str, fresh: int = 0) -> int:
    """Where the last complete line ends; 0 if none does. Looks no further back than `fresh`."""
    if encoding.startswith("utf-16"):
        even = data[: len(data) // 2 * 2]
        at = max(_rfind16(even, "\n", encoding), _rfind16(even[:-2], "\r", encoding))
        return at + 2 if at >= 0 else 0
    # A carriage return at the very end may be half of a CRLF.
    at = max(data.rfind(b"\n", fresh), data.rfind(b"\r", fresh, len(data) - 1))
    return at + 1


def _first_line_end(data: bytes, encoding: str) -> int:
    if encoding.startswith("utf-16"):
        lines = split_lines(data[: len(data) // 2 * 2], encoding)
        first = lines[0] if lines else b""
        text = first.decode(encoding, "surrogatepass")
        is_whole = text.endswith("\n") or (text.endswith("\r") and len(lines) > 1)
        return len(first) if is_whole else 0
    found = re.search(rb"\r\n|\n|\r(?!\n)(?=.)", data, re.DOTALL)
    return found.end() if found else 0


def _rfind16(data: bytes, char: str, encoding: str) -> int:
    unit = char.encode(encoding)
    at = data.rfind(unit)
    while at >= 0 and at % 2:
        at = data.rfind(unit, 0, at + 1)
    return at


def _encoding_of(head: bytes) -> tuple[str, int]:
    """Encoding and length of the byte order mark. Code pages are told from UTF-8 line by line."""
    for mark, name in ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"),
                       (b"\xfe\xff", "utf-16-be")):  # fmt: skip
        if head.startswith(mark):
            return name, len(mark)
    # Logs are mostly ASCII: in UTF-16 every other byte is then NUL.
    sample = head[:256]
    sample = sample[: len(sample) // 2 * 2]
    half = len(sample) // 2
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    if half >= 8 and odd > half * 0.6 and even < half * 0.1:
        return "utf-16-le", 0
    if half >= 8 and even > half * 0.6 and odd < half * 0.1:
        return "utf-16-be", 0
    return "utf-8", 0
