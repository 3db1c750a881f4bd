"""A table of hashes: a header line, comma, semicolon or tab between cells."""

from __future__ import annotations

import csv
import io

from exceptions_app.export.entry import RESPONSES
from exceptions_app.importing.rules import FileRules, ImportRefused, Rule
from truscan.logs.values import normal_hash

HASH = ("hash", "sha256", "sha-256", "sha1", "sha-1", "md5", "application hash", "fingerprint")
COLUMNS = {
    "name": ("name", "process", "file name", "application name"),
    "company": ("company", "company name"),
    "reason": ("reason", "comment"),
    "response": ("response", "action"),
}


def read_csv(text: str, response: str | None) -> FileRules:
    """One rule per line and hash column. ImportRefused names the line that is wrong."""
    first = text.partition("\n")[0]
    between = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=between)
    try:
        rows = list(reader)
    except csv.Error as error:
        raise ImportRefused(f"The table cannot be read: {error}.") from error
    header = [cell.strip().casefold() for cell in rows[0]] if rows else []
    hashes = [place for place, cell in enumerate(header) if cell in HASH]
    if not hashes:
        raise ImportRefused(
            "The first line names no column of hashes: call one hash, sha256, sha1 or md5."
        )
    places = {
        field: next((header.index(word) for word in words if word in header), None)
        for field, words in COLUMNS.items()
    }
    found = FileRules("table of hashes")
    for number, row in enumerate(rows[1:], 2):
        told = {
            field: row[place].strip().replace("\0", "")
            for field, place in places.items()
            if place is not None and place < len(row)
        }
        said = told.pop("response", "").casefold() or response or ""
        cells = [row[place].strip() for place in hashes if place < len(row) and row[place].strip()]
        if cells and said not in RESPONSES:
            raise ImportRefused(
                f"Line {number} has no response (ignore, quarantine, terminate): add a column"
                " or say one for all."
            )
        for cell in cells:
            digits, _ = normal_hash(cell)
            if digits is None or len(digits) not in (32, 40, 64):
                raise ImportRefused(f"Line {number}: {cell[:80]!r} is no SHA-256, SHA-1 or MD5.")
            found.rules.append(
                Rule(
                    digits,
                    said,
                    name=told.get("name", ""),
                    company=told.get("company", ""),
                    reason=told.get("reason", ""),
                )
            )
    return found
