"""Rules of kinds that are not managed here, as a file has them: checked and counted. Pure."""

from __future__ import annotations

import json
import math
from typing import Any

from exceptions_app.importing.rules import ImportRefused

# They stand in every revision that is published after the import.
MOST_BYTES = 4 * 1024 * 1024
EXTENSIONS = "extension_list"
NESTED = frozenset({"mac", "linux"})
# One name for a list whatever the version of the interface that told it.
VERSION_2 = {
    "blacklistrules": "denylistrules",
    "dns_and_host_blacklistrules": "dns_and_host_denylistrules",
}


def checked(rules: dict[str, Any]) -> dict[str, Any]:
    """The rules without empty members; ImportRefused for what cannot be stored as it is."""
    try:
        kept = {name: value for name, value in rules.items() if not _is_empty(value)}
        if len(json.dumps(kept)) > MOST_BYTES:
            raise ImportRefused(
                f"The rules of other kinds take more than {MOST_BYTES >> 20} MB: leave them out."
            )
        _refuse_unstorable(kept)
    except RecursionError as error:
        raise ImportRefused("The rules of other kinds are nested too deeply.") from error
    return kept


def counted(rules: dict[str, Any]) -> dict[str, int]:
    """How many rules there are, by list."""
    found: dict[str, int] = {}
    for name, value in rules.items():
        if name in NESTED and isinstance(value, dict):
            found |= {f"{name}.{kind}": _count(kind, inner) for kind, inner in value.items()}
        else:
            found[name] = _count(name, value)
    return {name: count for name, count in sorted(found.items()) if count}


def _count(name: str, value: Any) -> int:
    lists = value if isinstance(value, list) else [value]
    if name == EXTENSIONS:
        return sum(len(one.get("extensions") or []) for one in lists if isinstance(one, dict))
    return sum(1 for one in lists if one is not None)


def _is_empty(value: Any) -> bool:
    """SEPM refuses empty members, and nothing is lost by them."""
    if isinstance(value, dict):
        return all(_is_empty(inner) for inner in value.values())
    return value is None or value == []


def _refuse_unstorable(value: Any) -> None:
    match value:
        case str():
            if "\0" in value or any("\ud800" <= c <= "\udfff" for c in value):
                raise ImportRefused("A rule has a character that is none (NUL, half surrogate).")
        case float():
            if not math.isfinite(value):
                raise ImportRefused("A rule has a number that is none.")
        case dict():
            for key, inner in value.items():
                _refuse_unstorable(key)
                _refuse_unstorable(inner)
        case list():
            for inner in value:
                _refuse_unstorable(inner)
