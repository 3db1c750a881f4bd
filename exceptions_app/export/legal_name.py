"""Names as SEPM accepts them, and names of files that every system accepts."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from exceptions_app.export.canonical import is_unsafe
from exceptions_app.export.checks import refuse
from exceptions_app.export.findings import Finding
from exceptions_app.export.limits import NAME_UNITS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from exceptions_app.export.content import Package

FORBIDDEN = frozenset('/\\*?<>:"|')
_FILE = re.compile(r"[^A-Za-z0-9._-]+")
# Windows keeps these for devices, whatever follows the first dot.
_DEVICE = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\.|\Z)", re.IGNORECASE)


def legal_name(name: str) -> str:
    """The name without what SEPM refuses, at most 255 UTF-16 units; "" when nothing is left.

    Refused characters become "-". A name that had to change ends in six hex digits of its
    SHA-256, so that two names never become one, whatever else is exported.

    >>> legal_name("Sales")
    'Sales'
    >>> legal_name("EMEA/Sales")
    'EMEA-Sales (12b3f2)'
    """
    kept = "".join("-" if c in FORBIDDEN or is_unsafe(c) else c for c in name).strip()
    if not any(c not in FORBIDDEN and not is_unsafe(c) and not c.isspace() for c in name):
        return ""
    if kept == name and utf16_units(name) <= NAME_UNITS:
        return name
    mark = f" ({_digest(name)})"
    return cut(kept, NAME_UNITS - len(mark)).rstrip() + mark


def utf16_units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def cut(text: str, units: int) -> str:
    """The longest beginning of at most that many UTF-16 units that splits no character."""
    if utf16_units(text) <= units:
        return text
    return text.encode("utf-16-le", "replace")[: units * 2].decode("utf-16-le", "ignore")


def file_name(name: str) -> str:
    """A file or folder name of ASCII letters, digits, dots and dashes, unlike that of any other.

    >>> file_name("Sales")
    'Sales'
    """
    plain = _FILE.sub("-", name).strip(".-")[:60] or "export"
    if plain == name and not _DEVICE.match(name):
        return name
    return f"{plain.replace('.', '-')}-{_digest(name)}"


def folders(package: Package) -> Iterator[str]:
    """One per set: none when there is one set only, else a folder by the policy's name."""
    for one in package.sets:
        yield "" if len(package.sets) == 1 else f"{file_name(one.policy)}/"


def refuse_nameless(package: Package) -> None:
    """ExportRefused for a policy of whose name SEPM accepts no character."""
    refuse(
        Finding(
            "illegal_name",
            one.policy,
            "",
            "No character of the policy's name is one that SEPM accepts.",
            "Rename the policy and publish it.",
        )
        for one in package.sets
        if not legal_name(one.policy)
    )


def changed_names(package: Package) -> Iterator[Finding]:
    """A warning for each policy that gets another name in SEPM."""
    for one in package.sets:
        if (legal := legal_name(one.policy)) not in ("", one.policy):
            yield Finding(
                "name_changed",
                one.policy,
                "",
                f"Its name in SEPM is “{legal}”: SEPM refuses {' '.join(sorted(FORBIDDEN))},"
                f" control characters and more than {NAME_UNITS} characters.",
                "Rename the policy if you prefer another name.",
            )


def _digest(name: str) -> str:
    return hashlib.sha256(name.encode("utf-8", "replace")).hexdigest()[:6]
