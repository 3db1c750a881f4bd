from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from truscan.logs.errors import LineError
from truscan.logs.path_folding import normal_group
from truscan.logs.vocabulary import KIND_OF_FIELD, NO_DATA, Vocabulary

# What a conversion says besides its value: None (all told), a text to keep under the label as
# read, or a pair (what, text) kept under "label (what)".
Note = str | tuple[str, str] | None
Convert = Callable[[str], tuple[Any, Note]]

_HEX = re.compile(r"[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64}")
HASH_TYPE_OF_LENGTH = {32: "md5", 40: "sha1", 64: "sha256"}
_BIGGEST = 2**63 - 1
_MOST_OCCURRENCES = 2**31 - 1


def plain(text: str) -> tuple[str | None, Note]:
    """Text as read."""
    return text.strip() or None, None


def group(text: str) -> tuple[str | None, Note]:
    return normal_group(text) or None, None


def normal_hash(text: str) -> tuple[str | None, Note]:
    """Lower-case hex of 32, 40 or 64 digits; fillers (all digits equal, 0...01) are no hash."""
    text = text.strip()
    lower = text.lower()
    if not _HEX.fullmatch(lower):
        return None, (text or None)
    is_filler = lower == lower[0] * len(lower) or not lower[:-1].strip("0")
    return (None if is_filler else lower), None


def whole_number(text: str) -> tuple[int | None, Note]:
    text = text.strip()
    if text in ("", "-1"):
        return None, None
    if not _is_number(text) or int(text) > _BIGGEST:
        return None, text
    return int(text), None


def score(text: str) -> tuple[int | None, Note]:
    """A detection score of 0 to 100; 127 means that there is none."""
    text = text.strip()
    if text in NO_DATA:
        return None, None
    if not _is_number(text) or int(text) > 100:
        return None, text
    return int(text), None


def sensitivity(text: str) -> tuple[str | None, Note]:
    """The level as read: a number of 0 to 100, or a word."""
    text = text.strip()
    return (None if text in NO_DATA else text), None


def occurrences(text: str) -> tuple[int, Note]:
    """How many detections the row stands for; a row that does not say so stands for one."""
    text = text.strip()
    if text in ("", "0", "-1"):
        return 1, None
    if not _is_number(text) or int(text) > _MOST_OCCURRENCES:
        raise LineError("bad-occurrences", f"Occurrences is {text[:60]!r}, not a number.")
    return int(text), None


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 20


def known_value(kind: str, vocabulary: Vocabulary) -> Convert:
    """Text of an enumeration. A code becomes its English text, and stays in `extra`; a word of
    another language stays as it is, with its English meaning in `extra`."""

    def convert(text: str) -> tuple[str | None, Note]:
        text = text.strip()
        meaning = vocabulary.meaning(kind, text)
        if text in NO_DATA and not (kind == "action" and text == "-1"):
            return None, None
        if meaning is None or meaning.casefold() == text.casefold():
            return text, None
        if text.lstrip("-").isdecimal():
            return meaning, ("code", text)
        return text, ("in English", meaning)

    return convert


def hash_type(vocabulary: Vocabulary) -> Convert:
    def convert(text: str) -> tuple[str | None, Note]:
        text = text.strip()
        if text in NO_DATA:
            return None, None
        name = vocabulary.meaning("hash_type", text)
        return name, (None if name else text)

    return convert


def conversions(vocabulary: Vocabulary) -> dict[str, Convert]:
    """Field -> conversion, for the fields that are not simply text as read."""
    known = {
        name: known_value(kind, vocabulary)
        for name, kind in KIND_OF_FIELD.items()
        if name not in ("event", "hash_type")
    }
    return {
        **known,
        "hash_type": hash_type(vocabulary),
        "hash": normal_hash,
        "group": group,
        "file_size": whole_number,
        "detection_score": score,
        "sensitivity": sensitivity,
        "occurrences": occurrences,
        "prevalence": sensitivity,
        "confidence": sensitivity,
        "risk_level": sensitivity,
    }
