"""Bytes to rules: the form is told by what the file holds, never by its name."""

from __future__ import annotations

import json
from typing import IO, Any

from exceptions_app.importing.bundle_file import read_bundle
from exceptions_app.importing.hash_csv import read_csv
from exceptions_app.importing.rules import FileRules, ImportRefused
from exceptions_app.importing.sepm_body import is_body, read_body

# 65,000 rules, the most of a policy, are about 20 MB in the widest form.
MOST_BYTES = 32 * 1024 * 1024


def read_rules(stream: IO[bytes], response: str | None = None) -> tuple[FileRules, bytes]:
    """The rules and the bytes that were read; `response` is for a table without such a column.

    ImportRefused says what is wrong and what to do; at most 32 MB are read.
    """
    body = stream.read(MOST_BYTES + 1)
    if len(body) > MOST_BYTES:
        raise ImportRefused(
            f"The file has more than {MOST_BYTES >> 20} MB, more than any policy:"
            " split it, or choose the right file."
        )
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ImportRefused("The file is not UTF-8 text: save it as UTF-8.") from error
    if not text.lstrip().startswith(("{", "[")):
        return read_csv(text, response), body
    return _read_json(text), body


def _read_json(text: str) -> FileRules:
    try:
        document: Any = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ImportRefused(f"The file is no readable JSON: {str(error)[:200]}") from error
    if isinstance(document, dict) and "format" in document:
        return read_bundle(document)
    if is_body(document):
        return read_body(document)
    raise ImportRefused(
        "This JSON is neither a policy file of ours nor the body of a SEPM exceptions policy"
        " (GET /sepm/api/v2/policies/exceptions/<id>)."
    )
