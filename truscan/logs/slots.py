from __future__ import annotations

import re

# A quote that closes in the middle of a value: `"3",0,6,"0"` is no quoted pair.
_CLOSES_INSIDE = re.compile(r'(?<!")"(?:"")*,')
# path,"description" or path,'description'
_QUOTED_LAST = re.compile(r"""(.*?),\s*("(?:[^"]|"")*"|'[^']*')\s*""", re.DOTALL)
_QUOTED_FIRST = re.compile(r'\s*("(?:[^"]|"")*"),(.*)', re.DOTALL)
_PATH_STARTS = re.compile(r'[A-Za-z]:[\\/]|\\\\|/|"[A-Za-z]:')
# No path and its description are longer; looking closer would only take time.
_LONGEST = 4096
_EXTENSION = re.compile(r"\.[A-Za-z0-9]{1,5}$")


def unquoted(raw: str, pair: bool) -> str:
    """The value without its outer quotes; inner doubled quotes count as one.

    `pair` says that the quote stood before the label: its end may be missing.
    """
    raw = raw.strip()
    if pair:
        return raw.removesuffix('"').replace('""', '"').strip()
    if len(raw) < 2 or raw[0] != '"' or raw[-1] != '"':
        return raw
    inner = raw[1:-1]
    return raw if _CLOSES_INSIDE.search(inner) else inner.replace('""', '"').strip()


def unquoted_description(raw: str) -> str:
    """As `unquoted`; a description may also stand between apostrophes."""
    raw = raw.strip()
    if len(raw) >= 2 and raw[0] == raw[-1] == "'":
        return raw[1:-1].strip()
    return unquoted(raw, False)


def split_tail(tail: str) -> tuple[str, str]:
    """Cut `path,description`, both without a label, and either perhaps with commas of its own."""
    if len(tail) > _LONGEST:
        path, _, description = tail.partition(",")
        return unquoted(path, False), unquoted_description(description)
    quoted_path = _QUOTED_FIRST.fullmatch(tail)
    if quoted_path:
        return unquoted(quoted_path[1], False), unquoted_description(quoted_path[2])
    quoted_description = _QUOTED_LAST.fullmatch(tail)
    if quoted_description:
        return quoted_description[1].strip(), unquoted_description(quoted_description[2])
    cut = _cut(tail)
    return unquoted(tail[:cut], False), unquoted_description(tail[cut + 1 :])


def _cut(tail: str) -> int:
    """Where an unquoted path ends: the index of its comma, or the length if there is none."""
    commas = [n for n, c in enumerate(tail) if c == ","]
    if len(commas) < 2:
        return _single_cut(tail, commas)
    middle = len(tail) // 2
    if len(tail) % 2 and tail[middle] == "," and tail[:middle] == tail[middle + 1 :]:
        return middle
    for n in commas:
        if _PATH_STARTS.match(tail[n + 1 :].lstrip()):
            return n
    # Folders may hold commas, so the path reaches at least to its last separator ...
    last = tail.rfind("\\" if "\\" in tail else "/")
    open_commas = [n for n in commas if n > last] or commas[-1:]
    # ... and its name most likely ends with an extension.
    return next((n for n in open_commas if _EXTENSION.search(tail[:n])), open_commas[0])


def _single_cut(tail: str, commas: list[int]) -> int:
    if not commas:
        return len(tail)
    cut = commas[0]
    rest = tail[cut + 1 :].strip()
    is_path = "\\" in rest and not _PATH_STARTS.match(rest)
    # `c:\a, b\x.exe` alone: the description is missing, the comma belongs to the folder.
    return len(tail) if is_path and "\\" in tail[:cut] else cut
