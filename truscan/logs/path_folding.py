from __future__ import annotations

import re

_DRIVE = re.compile(r"(?:[A-Za-z]:|\\Device\\HarddiskVolume\d+)(?=\\|$)", re.IGNORECASE)
_PROFILE = re.compile(
    r"\\(?:Users|Documents and Settings|DOCUME~\d)\\(?P<user>[^\\]+)(?=\\|$)", re.IGNORECASE
)
_HOME = re.compile(r"/(?:home|Users)/[^/]+(?=/|$)|/root(?=/|$)")
_FOLDERS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern + r"(?=\\|$)", re.IGNORECASE), variable)
    for pattern, variable in (
        (r"\\(?:Program Files \(x86\)|PROGRA~2)", "%PROGRAMFILES(X86)%"),
        (r"\\(?:Program Files|PROGRA~1)", "%PROGRAMFILES%"),
        (r"\\ProgramData", "%PROGRAMDATA%"),
        (r"\\(?:Windows|WINNT)", "%WINDIR%"),
    )
)
# One spelling for the variables that logs and people write for the same folder.
_VARIABLES = {
    "%temp%": r"%USERPROFILE%\AppData\Local\Temp",
    "%tmp%": r"%USERPROFILE%\AppData\Local\Temp",
    "%localappdata%": r"%USERPROFILE%\AppData\Local",
    "%appdata%": r"%USERPROFILE%\AppData\Roaming",
    "%systemroot%": "%WINDIR%",
    "%allusersprofile%": "%PROGRAMDATA%",
    "%homepath%": "%USERPROFILE%",
}
_VARIABLE = re.compile(r"%[^%\\/]+%(?=\\|$)")
_SHARED = {"public": "%PUBLIC%", "all users": "%PROGRAMDATA%"}

_CAP = 50_000
# Nobody's path; remembering such would only fill the memory.
_LONGEST = 1024
_generic: dict[str, str] = {}
_groups: dict[str, str] = {}


def generic_path(path: str) -> str:
    r"""The path with its drive and user parts folded, so that one program has one path.

    `C:\Users\bob\a.exe` and `C:\Documents and Settings\eve\a.exe` are `%USERPROFILE%\a.exe`; the
    system drive C: is `%SYSTEMDRIVE%`, any other drive `%DRIVE%`; shares stay. The spelling is
    kept: compare with casefold(). Folding a folded path changes nothing.
    """
    found = _generic.get(path)
    return _remembered(_generic, path, _fold(path)) if found is None else found


def _remembered(known: dict[str, str], key: str, value: str) -> str:
    if len(known) >= _CAP:
        known.clear()
    if len(key) <= _LONGEST:
        known[key] = value
    return value


def _fold(path: str) -> str:
    path = path.strip()
    if path.startswith("/"):
        return _HOME.sub("%HOME%", path, count=1) if _HOME.match(path) else path
    path = path.replace("/", "\\")
    path = path.removeprefix("\\\\?\\")
    lead = "\\\\" if path.startswith("\\\\") else ""
    path = lead + re.sub(r"\\{2,}", r"\\", path.lstrip("\\") if lead else path)
    variable = _VARIABLE.match(path)
    if variable:
        return _VARIABLES.get(variable[0].lower(), variable[0].upper()) + path[variable.end() :]
    drive = _DRIVE.match(path)
    return _fold_local(path[: drive.end()], path[drive.end() :]) if drive else path


def _fold_local(drive: str, rest: str) -> str:
    profile = _PROFILE.match(rest)
    if profile:
        return _SHARED.get(profile["user"].lower(), "%USERPROFILE%") + rest[profile.end() :]
    for pattern, variable in _FOLDERS:
        found = pattern.match(rest)
        if found:
            return variable + rest[found.end() :]
    return ("%SYSTEMDRIVE%" if drive.lower() == "c:" else "%DRIVE%") + rest


def split_path(path: str) -> tuple[str, str]:
    r"""`C:\a\b.exe` -> (`C:\a`, `b.exe`); both kinds of slash; a bare name has no folder."""
    cut = max(path.rfind("\\"), path.rfind("/"))
    return (path[:cut], path[cut + 1 :]) if cut >= 0 else ("", path)


def normal_group(path: str) -> str:
    r"""A client group path with single backslashes and none at the ends."""
    found = _groups.get(path)
    if found is not None:
        return found
    parts = (part.strip() for part in path.split("\\"))
    return _remembered(_groups, path, "\\".join(part for part in parts if part))
