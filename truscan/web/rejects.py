"""Rejected lines as a download."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from django.http import StreamingHttpResponse

from truscan.csv_cells import begins_formula

if TYPE_CHECKING:
    from collections.abc import Iterator

    from truscan.models.log_import import LogImport


def escaped(raw: bytes) -> str:
    """Raw bytes as text in which every control character is visible."""
    text = raw.decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def safe_cell(text: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return "'" + text if begins_formula(text) else text


def _csv_rows(log_import: LogImport) -> Iterator[str]:
    yield "\ufeffline_no,code,reason,raw\r\n"
    for reject in log_import.rejects.order_by("line_no").iterator(2000):
        buffer = io.StringIO()
        raw = safe_cell(escaped(bytes(reject.raw)))
        csv.writer(buffer).writerow([reject.line_no, reject.code, safe_cell(reject.reason), raw])
        yield buffer.getvalue()


def _raw_lines(log_import: LogImport) -> Iterator[bytes]:
    for reject in log_import.rejects.order_by("line_no").iterator(2000):
        yield bytes(reject.raw) + b"\n"


def _download(
    content: Iterator[str] | Iterator[bytes], name: str, kind: str
) -> StreamingHttpResponse:
    r = StreamingHttpResponse(content, content_type=kind)
    r["Content-Disposition"] = f'attachment; filename="{name}"'
    return r


def rejects_csv(log_import: LogImport) -> StreamingHttpResponse:
    """Line number, code, reason, escaped text; for reading in a spreadsheet."""
    name = f"import-{log_import.pk}-rejects.csv"
    return _download(_csv_rows(log_import), name, "text/csv; charset=utf-8")


def rejects_raw(log_import: LogImport) -> StreamingHttpResponse:
    """The raw bytes, a line each: mend them and import that file."""
    name = f"import-{log_import.pk}-rejects.log"
    return _download(_raw_lines(log_import), name, "application/octet-stream")
