from __future__ import annotations

import bz2
import gzip
import io
import lzma
import re
import stat
import zipfile
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO, cast

from truscan.logs.errors import LogError
from truscan.logs.source import DENSE_FROM, Limits, Source

_PACKED = {b"\x1f\x8b": "gz", b"BZh": "bz2", b"\xfd7zXZ\x00": "xz"}
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
# What people drop by mistake, and what its beginning says it is.
_FOREIGN = {
    b"\x89PNG": "a PNG image", b"\xff\xd8\xff": "a JPEG image", b"GIF8": "a GIF image",
    b"%PDF": "a PDF document", b"\x7fELF": "a program", b"MZ": "a Windows program",
    b"SQLite format 3": "a database", b"\xd0\xcf\x11\xe0": "an Office document",
    b"7z\xbc\xaf\x27\x1c": "a 7-Zip archive", b"Rar!": "a RAR archive",
    b"\x28\xb5\x2f\xfd": "a Zstandard archive", b"RIFF": "a sound or picture",
}  # fmt: skip
_CONTROL = bytes(n for n in range(1, 32) if n not in b"\t\n\r\f\x1b\x0b")
_DEFAULT = Limits()
# Of a member; the receipt shows and finds it by its whole name.
_LONGEST_NAME = 500


def open_sources(
    path_or_file: str | Path | BinaryIO,
    name: str | None = None,
    limits: Limits = _DEFAULT,
    *,
    start: int = 0,
    member: str | None = None,
) -> Iterator[Source]:
    """The logs in a file: itself, unpacked from gz, bz2 or xz, or the members of a zip file.

    A member is named `a.zip!b.log`; every member must be read before the next one is asked for.
    `start` skips bytes of a growing plain file; `member` opens that one of a zip file alone.
    Raises LogError (empty, binary, damaged, nested, over the limits, a member's name outside the
    folder or twice) before any line is given out, where that can be known.
    """
    with ExitStack() as stack:
        if isinstance(path_or_file, str | Path):
            name = name or Path(path_or_file).name
            try:
                file: BinaryIO = stack.enter_context(Path(path_or_file).open("rb"))
            except OSError as error:
                raise LogError("cannot-open", f"Cannot open it: {error}.", file=name) from error
        else:
            file = path_or_file
            name = name or str(getattr(file, "name", "log"))
        if start:
            file.seek(start)
        yield from _open(file, name, limits, member)


def _open(file: BinaryIO, name: str, limits: Limits, member: str | None = None) -> Iterator[Source]:
    begin = file.tell()
    magic = file.read(8)
    file.seek(begin)
    if magic.startswith(_ZIP):
        yield from _members(file, name, limits, member)
        return
    kind = _packing(magic)
    if kind is None:
        yield _checked(Source(name, file, limits), is_inside=False)
        return
    with _unpack(kind, file) as stream:
        yield _checked(Source(name, stream, limits, packed=file), is_inside=True)


def _packing(magic: bytes) -> str | None:
    return next((kind for start, kind in _PACKED.items() if magic.startswith(start)), None)


def _unpack(kind: str, file: BinaryIO) -> BinaryIO:
    if kind == "gz":
        return cast("BinaryIO", gzip.GzipFile(fileobj=file, mode="rb"))
    if kind == "bz2":
        return cast("BinaryIO", bz2.BZ2File(file))
    return cast("BinaryIO", lzma.LZMAFile(file))


def _members(file: BinaryIO, name: str, limits: Limits, member: str | None) -> Iterator[Source]:
    packed = file.seek(0, io.SEEK_END)
    try:
        archive = zipfile.ZipFile(file)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise LogError(
            "broken-archive", f"The zip file is damaged ({error}).", file=name
        ) from error
    with archive:
        members = [info for info in archive.infolist() if not info.is_dir()]
        _check_members(members, name, limits, packed)
        for info in members:
            if member is not None and info.filename != member:
                continue
            label = f"{name}!{info.filename}"
            try:
                stream = archive.open(info)
            except (zipfile.BadZipFile, RuntimeError, NotImplementedError, OSError) as error:
                raise LogError(
                    "broken-archive", f"The member cannot be unpacked ({error}).", file=label
                ) from error
            with stream:
                yield _checked(Source(label, cast("BinaryIO", stream), limits), is_inside=True)


def _check_members(members: list[zipfile.ZipInfo], name: str, limits: Limits, packed: int) -> None:
    if not members:
        raise LogError("empty", "The zip file holds no file.", file=name)
    if len(members) > limits.max_members:
        raise LogError(
            "too-many-members",
            f"The zip file holds {len(members):,} files; {limits.max_members:,} are allowed.",
            file=name,
        )
    for info in members:
        _check_member(info, f"{name}!{info.filename}", limits)
    names = Counter(info.filename for info in members)
    if twice := next((n for n, count in names.items() if count > 1), None):
        raise LogError(
            "name-twice",
            "The name comes twice in the zip file, and one would hide the other: pack it again.",
            file=f"{name}!{twice}",
        )
    size = sum(info.file_size for info in members)
    # Members may share their packed bytes, so the whole file is what they are measured by.
    if size > max(DENSE_FROM, limits.max_ratio * packed):
        raise LogError(
            "too-dense",
            f"The members claim to unpack to more than {limits.max_ratio} times its size. "
            "No log does that: it is refused.",
            file=name,
        )
    if size > limits.max_bytes:
        raise LogError(
            "too-big",
            f"The zip file unpacks to more than the {limits.max_bytes:,} bytes that are allowed.",
            file=name,
        )


def _check_member(info: zipfile.ZipInfo, label: str, limits: Limits) -> None:
    parts = re.split(r"[\\/]", info.orig_filename)
    is_outside = ".." in parts or parts[0] == "" or re.match(r"[A-Za-z]:", parts[0])
    if is_outside or "\0" in info.orig_filename or stat.S_ISLNK(info.external_attr >> 16):
        raise LogError(
            "unsafe-name", "The member points outside the archive's folder: refused.", file=label
        )
    if len(info.filename) > _LONGEST_NAME:
        raise LogError(
            "long-name",
            f"The member's name is longer than the {_LONGEST_NAME} characters that are kept.",
            file=label[:_LONGEST_NAME],
        )
    if info.flag_bits & 1:
        raise LogError("encrypted", "The member is encrypted: unpack it first.", file=label)
    most = max(DENSE_FROM, limits.max_ratio * info.compress_size)
    if info.file_size > most:
        raise LogError(
            "too-dense",
            f"The member claims to unpack to more than {limits.max_ratio} times its size. "
            "No log does that: it is refused.",
            file=label,
        )


def _checked(source: Source, *, is_inside: bool) -> Source:
    """The source, if it looks like text at all."""
    head = source.head()
    if not head.strip(b"\0\r\n\t "):
        raise LogError("empty", "The file is empty.", file=source.name)
    if is_inside and (head.startswith(_ZIP) or _packing(head) or head[257:262] == b"ustar"):
        raise LogError(
            "nested-archive",
            "An archive inside an archive is not opened: unpack the outer one first.",
            file=source.name,
        )
    if source.encoding.startswith("utf-16"):
        return source
    foreign = next((what for start, what in _FOREIGN.items() if head.startswith(start)), None)
    if head[257:262] == b"ustar":
        foreign = "a tar archive: unpack it first"
    sample = head[:8192]
    printed = sample.translate(None, _CONTROL + b"\0")
    if foreign and (foreign != "a Windows program" or len(printed) < len(sample)):
        raise LogError("not-a-log", f"The file is {foreign}, not a log.", file=source.name)
    if len(sample.translate(None, _CONTROL)) < len(sample) * 0.97:
        raise LogError("not-a-log", "The file is binary data, not a log.", file=source.name)
    return source
