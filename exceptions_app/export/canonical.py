"""The one text form of a value, so that the same state gives the same bytes on every machine."""

from __future__ import annotations

import hashlib
import json
import unicodedata
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

# Direction marks can make one name look like another: they are shown, not obeyed.
_DIRECTION_MARKS = frozenset(
    "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
)
_ONE_LINE = json.JSONEncoder(sort_keys=True, ensure_ascii=False)
_UNSAFE = frozenset({"Cc", "Cs", "Zl", "Zp"})


def compact(value: object) -> bytes:
    """Keys sorted by code points, no spaces, plain Unicode, UTF-8: the form that hashes cover."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode("utf-8", "replace")


def pretty(value: object) -> bytes:
    """The same value for people: a rule a line, so that two files compare rule by rule.

    Only lists of objects and what holds them are spread over lines; json's own indentation takes
    five times as long.
    """
    return ("".join(_spread(value, "\n")) + "\n").encode("utf-8", "replace")


def _spread(value: object, line: str, *, spread: bool = True) -> Iterator[str]:
    """`line` is a line end with the indentation of this value."""
    inner = line + "  "
    if isinstance(value, dict) and value and (spread or _has_rows(value)):
        mark = "{"
        for key in sorted(value):
            yield f"{mark}{inner}{_ONE_LINE.encode(key)}: "
            yield from _spread(value[key], inner, spread=False)
            mark = ","
        yield f"{line}}}"
    elif isinstance(value, list) and _is_rows(value):
        mark = "["
        for item in value:
            yield mark + inner
            yield from _spread(item, inner, spread=False)
            mark = ","
        yield f"{line}]"
    else:
        yield _ONE_LINE.encode(value)


def _is_rows(value: object) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], dict)


def _has_rows(value: dict[str, Any]) -> bool:
    for member in value.values():
        if isinstance(member, dict):
            if _has_rows(member):
                return True
        elif _is_rows(member):
            return True
    return False


def sha256(value: object) -> str:
    return hashlib.sha256(compact(value)).hexdigest()


def without_fractions(value: Any) -> Any:
    """Numbers with a fraction as text: languages print them differently, hashes must not differ."""
    match value:
        case float():
            return int(value) if value.is_integer() else repr(value)
        case dict():
            return {str(key): without_fractions(inner) for key, inner in value.items()}
        case list() | tuple():
            return [without_fractions(inner) for inner in value]
    return value


def is_unsafe(character: str) -> bool:
    """Control characters, half surrogates, line separators."""
    return unicodedata.category(character) in _UNSAFE


def visible(text: str) -> str:
    """Text for a line, a cell or a page: what would not be seen is written as an escape.

    >>> visible("a\\x00b")
    'a\\\\x00b'
    """
    if text.isprintable():
        return text
    return "".join(_escaped(c) if is_unsafe(c) or c in _DIRECTION_MARKS else c for c in text)


def _escaped(character: str) -> str:
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
