"""What an import asks of a person, as pages and API show it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from truscan.ingest.dimensions import clean
from truscan.ingest.file_store import open_stored
from truscan.ingest.mappings import cells_of_line, head_lines
from truscan.ingest.sources import source_of
from truscan.logs.columns import delimiter_of
from truscan.logs.errors import LogError, NeedsAnswer, UnknownHeader

if TYPE_CHECKING:
    from truscan.models.log_import import LogImport

_SHOWN = 200


def asked(error: LogError, row: LogImport) -> dict[str, Any]:
    """{kind, text, columns, sample} and for columns `suggestions`, for a choice `key`, `choices`.

    `columns` is the header as read, `sample` the cells of the first row below it.
    """
    columns, sample = _beginning(row)
    told: dict[str, Any] = {"text": getattr(error, "question", error.sentence), "sample": sample}
    if isinstance(error, UnknownHeader):
        suggestions = {clean(k): v for k, v in error.suggestions.items()}
        read = [clean(column) for column in error.columns]
        return told | {"kind": "columns", "columns": read, "suggestions": suggestions}
    if isinstance(error, NeedsAnswer):
        choices = list(error.choices)
        return told | {"kind": "choice", "key": error.key, "choices": choices, "header": columns}
    return told


def _beginning(row: LogImport) -> tuple[list[str], list[str]]:
    with open_stored(row.file) as stored, source_of(stored, row) as source:
        lines = head_lines(source)
    if not lines:
        return [], []
    delimiter = delimiter_of(lines[0])
    header, sample = (cells_of_line(line, delimiter) for line in [*lines, ""][:2])
    return [clean(c) for c in header], [clean(c, _SHOWN) for c in sample]
