"""Programs known by name: those that nobody should stop, and those that run what they are given.

Both are shipped as data. Administrators change the protect list by rows that stand beside it, so
that a new version of the data does not undo what they said.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from exceptions_app.models.lint import ProtectedProgram

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


@dataclass(frozen=True, slots=True)
class Protected:
    """A name (casefolded), the beginning of the generic paths that count (empty: any), and why."""

    name: str
    folder: str
    why: str
    is_shipped: bool = True

    def covers(self, name: str, path: str) -> bool:
        r"""A program without a path counts: one too many is told rather than one too few.

        Protected(`lsass.exe`, `%windir%\`, ...) covers it in `%WINDIR%\System32`, and not in
        `%USERPROFILE%`, where it only pretends.
        """
        where = path.casefold()
        return name.casefold() == self.name and (not where or where.startswith(self.folder))


@cache
def _data() -> Mapping[str, Any]:
    text = resources.files("exceptions_app.policies").joinpath("known_programs.json").read_text()
    data: dict[str, Any] = json.loads(text)
    return data


def scripting_hosts() -> frozenset[str]:
    return frozenset(_data()["scripting_hosts"])


def shipped() -> dict[tuple[str, str], Protected]:
    return {
        (name, part["folder"].casefold()): Protected(name, part["folder"].casefold(), part["why"])
        for part in _data()["protected"]
        for name in part["names"]
    }


def protect_list(rows: Iterable[ProtectedProgram] | None = None) -> list[Protected]:
    """What is protected now, by name; one query unless the rows are given."""
    found = shipped()
    for row in ProtectedProgram.objects.all() if rows is None else rows:
        key = (row.name_key, row.folder_key)
        if row.is_on:
            found[key] = Protected(*key, row.why, is_shipped=False)
        else:
            found.pop(key, None)
    return sorted(found.values(), key=lambda one: (one.name, one.folder))


def protecting(
    programs: Mapping[str, list[Protected]], appearances: Iterable[tuple[str, str]]
) -> Protected | None:
    """The first entry that covers one of the (name, path) pairs; `programs` are by name."""
    for name, path in appearances:
        for one in programs.get(name.casefold(), ()):
            if one.covers(name, path):
                return one
    return None
