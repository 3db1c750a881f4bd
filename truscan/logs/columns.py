from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from difflib import get_close_matches

from truscan.logs.errors import LogError, UnknownHeader
from truscan.logs.labels import LABELS
from truscan.logs.record import FIELDS

# A mapping's key that is no column: how dates are written.
DATE_ORDER = "@date_order"
DELIMITERS = ",;\t"
# Fields that a column can fill; the others follow from them.
MAPPABLE = frozenset(FIELDS) - {
    "line_no", "layout", "event_type", "candidate", "file_name", "extra",
}  # fmt: skip


def plain_name(column: str) -> str:
    """A column's name for comparison: `File/Path` and `file path` are one."""
    return re.sub(r"[^a-z0-9]+", " ", column.casefold()).strip()


# Column names of the guide and its pages (LOG-FORMATS 1), then obvious variants. The header of
# the real export is not public, so that a person can always overrule these by a mapping.
_ALIASES: dict[str, str] = {
    "event": "event", "event type": "event", "event name": "event",
    "application": "application_name", "process": "application_name",
    "process name": "application_name", "application name": "application_name",
    "file path": "file_path", "path": "file_path", "full path": "file_path",
    "file": "file_path", "path and file name": "file_path",
    "computer": "computer", "client": "computer", "host": "computer", "host name": "computer",
    "ip": "ip_address", "current ip": "ip_address", "client ip": "ip_address",
    "version": "application_version", "company": "company_name", "publisher": "company_name",
    "hash": "hash", "file hash": "hash", "sha 1": "hash", "sha1": "hash", "sha 256": "hash",
    "sha256": "hash", "md5": "hash", "hash value": "hash",
    "file size": "file_size", "size": "file_size", "score": "detection_score",
    "sensitivity level": "sensitivity", "count": "occurrences", "risk": "risk_name",
    "action": "actual_action", "action taken": "actual_action",
    "time": "event_at", "date": "event_at", "date and time": "event_at", "date time": "event_at",
    "event date": "event_at", "time stamp": "event_at", "timestamp": "event_at",
    "inserted time": "inserted_at", "insert time": "inserted_at",
    "client group": "group", "user": "user", "username": "user", "certificate signer": "signer",
    "signer": "signer", "engine version": "engine_version", "sonar engine version":
    "engine_version", "allowed reason": "permitted_reason",
}  # fmt: skip
ALIASES: dict[str, str] = {
    **_ALIASES,
    **{plain_name(label): name for label, name in LABELS.items() if name},
}


def delimiter_of(header: str) -> str:
    """The separator that parts a header into most columns."""
    return max(DELIMITERS, key=lambda d: len(cells_of(header, d)))


def cells_of(line: str, delimiter: str) -> list[str]:
    """One physical line as cells; a broken one is a single cell."""
    try:
        return next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return [line]


def fields_of(columns: Sequence[str], mapping: Mapping[str, str]) -> list[str | None]:
    """The field that each column fills: by the mapping first, then by its name.

    None means `extra`. LogError if the mapping names a field that does not exist.
    """
    chosen = {plain_name(k): v for k, v in mapping.items() if not k.startswith("@")}
    for column, wanted in chosen.items():
        if wanted and wanted not in MAPPABLE:
            raise LogError(
                "bad-mapping", f"The mapping gives column {column!r} the unknown field {wanted!r}."
            )
    names = [plain_name(column) for column in columns]
    fields: list[str | None] = [
        (chosen[n] or None) if n in chosen else ALIASES.get(n) for n in names
    ]
    for n, name in enumerate(fields):
        # What a person chose wins over a name that fits by itself.
        if name and names[n] not in chosen and name in chosen.values():
            fields[n] = None
    return fields


def is_enough(fields: Sequence[str | None]) -> bool:
    """Whether rows of these fields can be detections: a time, and something that was detected."""
    return "event_at" in fields and bool({"application_name", "file_path", "hash"} & set(fields))


def unknown_header(columns: Sequence[str], name: str) -> UnknownHeader:
    """The error for a header that is not enough, with a likely field for each column."""
    suggestions: dict[str, str] = {}
    for column in columns:
        near = get_close_matches(plain_name(column), ALIASES, n=1, cutoff=0.6)
        if near:
            suggestions[column] = ALIASES[near[0]]
    return UnknownHeader(columns, suggestions, file=name)
