"""The raw line behind a detection, read from the stored file."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO, cast

from django.core.files.storage import default_storage

from truscan.logs.errors import LogError
from truscan.logs.reader import open_sources
from truscan.logs.source import bare, split_lines

if TYPE_CHECKING:
    from truscan.logs.source import Source
    from truscan.models.log_import import LogImport


def raw_line(log_import: LogImport, line_no: int) -> bytes | None:
    """The bytes of a line without its end; None if file, member or line is not there any more.

    Whole blocks before the line are only counted, so that a line at the end of a large file is
    found in about a second.
    """
    wanted = line_no - log_import.base_line_no
    try:
        with default_storage.open(log_import.file.stored_as, "rb") as file:
            stored, member = cast("BinaryIO", file), log_import.member or None
            for source in open_sources(stored, log_import.file.name, member=member):
                return _line(source, wanted)
    except (LogError, OSError):
        return None
    return None


def _line(source: Source, wanted: int) -> bytes | None:
    last = None
    for block in source.blocks():
        if block.line_no > wanted:
            break
        last = block
    if last is None or wanted < last.line_no:
        return None
    if last.long:
        return last.data if last.line_no == wanted else None
    lines = split_lines(last.data, source.encoding)
    at = wanted - last.line_no
    return bare(lines[at], source.encoding) if at < len(lines) else None
