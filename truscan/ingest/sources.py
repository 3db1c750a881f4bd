"""The logs inside a stored file: what there is, and one of them opened for reading."""

from __future__ import annotations

import io
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from truscan.ingest.errors import FileMissing
from truscan.logs.reader import open_sources
from truscan.logs.vocabulary import Vocabulary
from truscan.models.log_import import LogImport, VocabularyTerm

if TYPE_CHECKING:
    from collections.abc import Iterator

    from truscan.logs.source import Source


# gzip, bzip2, xz: what they unpack to is not known beforehand.
_PACKED = (b"\x1f\x8b", b"BZh", b"\xfd7zX")


class Listed(NamedTuple):
    """A log in a file; `member` is empty unless it is in an archive, `size` 0 if not known."""

    name: str
    member: str
    size: int


def list_sources(file: BinaryIO, name: str) -> list[Listed]:
    """Every log in a file, each looked at enough to refuse what is none; LogError if one is."""
    begin = file.tell()
    size = file.seek(0, io.SEEK_END) - begin
    file.seek(begin)
    listed = []
    for source in open_sources(file, name):
        member = source.name.removeprefix(f"{name}!") if source.name != name else ""
        listed.append(Listed(source.name, member, 0 if member or _is_packed(file, begin) else size))
    file.seek(begin)
    return listed


def _is_packed(file: BinaryIO, begin: int) -> bool:
    at = file.tell()
    file.seek(begin)
    magic = file.read(4)
    file.seek(at)
    return magic.startswith(_PACKED)


@contextmanager
def source_of(stored: BinaryIO, row: LogImport) -> Iterator[Source]:
    """The log of an import in its stored file."""
    name = row.name.removesuffix(f"!{row.member}") if row.member else row.name
    found = open_sources(stored, name, member=row.member or None)
    try:
        for source in found:
            yield source
            return
    finally:
        found.close()  # type: ignore[attr-defined]
    raise FileMissing(f"{row.name}: the archive has no such member.")


def vocabulary() -> Vocabulary:
    """Built-in words and those that an administrator explained."""
    return Vocabulary(VocabularyTerm.objects.values_list("kind", "text", "meaning"))
