r"""Where a file lies, told from its generic path. Pure; the patterns are read by PostgreSQL too.

The words go from what is most telling to what is least: `%USERPROFILE%\AppData\Local\Temp` is a
temporary folder rather than a user's. A log does not tell which drives can be removed, so every
drive but the system's counts as "drive".
"""

from __future__ import annotations

import re

# (word, what people read, pattern without regard to case)
LOCATIONS = (
    ("temp", "temporary folder", r"(\\temp\\|^%WINDIR%\\Temp|^/tmp/|^/var/tmp/)"),
    ("downloads", "downloads", r"^(%USERPROFILE%|%HOME%)[\\/]Downloads[\\/]"),
    ("user", "user's folders", r"^(%USERPROFILE%|%HOME%|%PUBLIC%)"),
    ("shared_data", "folder that all users may write", r"^(%PROGRAMDATA%|%SYSTEMDRIVE%)"),
    ("drive", "other drive, perhaps removable", r"^%DRIVE%"),
    ("share", "network share", r"^\\\\"),
    ("programs", "program folder", r"^%PROGRAMFILES(\(X86\))?%"),
    ("system", "Windows folder", r"^%WINDIR%"),
    ("other", "elsewhere", r"."),
)
UNKNOWN = ("", "no path in the log")
LABELS = {word: label for word, label, _ in LOCATIONS} | dict([UNKNOWN])
# Where a user without rights may put a file, or nobody knows who may.
WRITABLE = frozenset({"temp", "downloads", "user", "shared_data", "drive", "share"})

_COMPILED = tuple((word, re.compile(how, re.IGNORECASE)) for word, _, how in LOCATIONS)


def location_of(path: str) -> str:
    """The word of the first pattern that the path matches; empty without a path."""
    return next((word for word, how in _COMPILED if how.search(path)), "")


def location_sql(column: str) -> str:
    """The same as an SQL expression over a column of generic paths, for a statement that takes
    parameters (its percent signs are doubled)."""
    whens = " ".join(f"WHEN {column} ~* '{how}' THEN '{word}'" for word, _, how in LOCATIONS)
    return f"CASE {whens} ELSE '' END".replace("%", "%%")
