"""How a site's tables name their columns: checked, remembered, found again by the header."""

from __future__ import annotations

import codecs
import hashlib
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from truscan.ingest.dimensions import clean
from truscan.ingest.errors import BadReading
from truscan.logs.clock import ORDERS
from truscan.logs.columns import DATE_ORDER, MAPPABLE, cells_of, delimiter_of
from truscan.models.log_import import ColumnMapping, LogImport

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from truscan.logs.source import Source


def check_reading(zone: str, encoding: str | None, mapping: Mapping[str, str] | None) -> None:
    """BadReading for a zone, encoding or mapping that does not exist."""
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise BadReading(f"There is no time zone named {zone!r}.") from error
    try:
        # Python's codecs also unpack and unescape; only what turns bytes into text is one here.
        codecs.lookup(encoding or "utf-8")
        b"ab".decode(encoding or "utf-8", "replace")
    except (LookupError, ValueError) as error:
        raise BadReading(f"There is no encoding named {encoding!r}.") from error
    for column, field in (mapping or {}).items():
        if clean(column) != column:
            raise BadReading(f"Column {column!r} has characters that are no text.")
        if column == DATE_ORDER:
            if field not in ORDERS:
                raise BadReading(f"The order of dates is dmy, mdy or ymd, not {field!r}.")
        elif field and field not in MAPPABLE:
            raise BadReading(f"Column {column!r} cannot fill {field!r}: there is no such field.")


def header_key(columns: Sequence[str]) -> tuple[str, str]:
    """(case-folded columns joined by tabs, their hash)."""
    header = "\t".join(column.strip().casefold() for column in columns)
    return header, hashlib.sha256(header.encode("utf-8", "surrogatepass")).hexdigest()


def head_lines(source: Source) -> list[str]:
    """The first two lines of a log that are not blank, as text, long ones cut."""
    text = source.head()[:262_144].decode(source.encoding, "replace")
    lines = (line.strip("\0") for line in text.splitlines())
    return [line[:65_536] for line in lines if line.strip()][:2]


def cells_of_line(line: str, delimiter: str) -> list[str]:
    return cells_of(line, delimiter) if line else []


def columns_of(source: Source) -> list[str]:
    """The first line of a log as columns; anything else than a table gives few and odd ones."""
    lines = head_lines(source)[:1]
    return cells_of(lines[0], delimiter_of(lines[0])) if lines else []


def remember(row: LogImport, mapping: Mapping[str, str]) -> None:
    """Keep the answer for later files of the site with the same header."""
    columns = row.question.get("columns") or row.question.get("header") or []
    if not columns:
        return
    header, key = header_key(columns)
    ColumnMapping.objects.update_or_create(
        site=row.site,
        header_key=key,
        defaults={"header": header.replace("\x00", ""), "mapping": dict(mapping)},
    )


def remembered(row: LogImport, source: Source) -> dict[str, str]:
    """The import's own mapping on top of what the site remembers for this header."""
    _, key = header_key(columns_of(source))
    known = ColumnMapping.objects.filter(site=row.site_id, header_key=key).first()
    return {**(known.mapping if known else {}), **row.mapping}
