"""What a table would change, or changed, for machines: the same for command and REST."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from exceptions_app.arrival.status_file import StatusFile
    from exceptions_app.arrival.take_in import Counted

SHOWN = 100


def as_json(file: StatusFile, counted: Counted) -> dict[str, Any]:
    return {
        "encoding": file.encoding,
        "as_of": counted.as_of.isoformat(),
        "columns": file.fields,
        "unknown_columns": file.unknown_columns[:SHOWN],
        "created": counted.created,
        "updated": counted.updated,
        "unchanged": counted.unchanged,
        "older": counted.older,
        "groups": len(counted.groups),
        "odd_serials": counted.odd_serials,
        "rejected": len(counted.bad),
        "bad_lines": [{"line": one.line_no, "why": one.why} for one in counted.bad[:SHOWN]],
    }
