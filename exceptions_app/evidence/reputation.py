"""What Symantec's reputation service said of a file, in words that need no manual. Pure.

A value that is not known here is shown as read; no data is told as no data, never as bad.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

NO_DATA = "no data"
# Texts and codes by which a log says that nothing is known (LOG-FORMATS 2.3, DOMAIN).
_NOTHING = frozenset({"", "127", "-1", "n/a", "unknown"})
_NOT_ASKED = "reputation was not used"
# A part of the text, casefolded, and what it means; the first that is found counts.
_DISPOSITIONS = (("good", "known as good"), ("bad", "known as bad"))
_PREVALENCES = (
    ("millions of", "very common: millions of Symantec users have it"),
    ("hundreds of thousands of", "very common: hundreds of thousands of Symantec users have it"),
    ("tens of thousands of", "common: tens of thousands of Symantec users have it"),
    ("thousands of", "common: thousands of Symantec users have it"),
    ("fewer than 5 ", "very rare: fewer than 5 Symantec users have it"),
    ("fewer than 50 ", "rare: fewer than 50 Symantec users have it"),
    ("fewer than 100 ", "rare: fewer than 100 Symantec users have it"),
)
_CONFIDENCES = (
    ("not enough information", "not enough is known to recommend it"),
    ("some evidence that this file is untrustworthy", "some evidence against it"),
    ("growing evidence that this file is untrustworthy", "growing evidence against it"),
    ("untrustworthy", "not trustworthy"),
    ("some evidence", "some evidence that it is trustworthy"),
    ("growing evidence", "growing evidence that it is trustworthy"),
    ("trustworthy", "trustworthy"),
)
COLUMNS = (
    ("disposition", "Disposition", _DISPOSITIONS),
    ("prevalence", "Prevalence", _PREVALENCES),
    ("confidence", "Confidence", _CONFIDENCES),
)


@dataclass(frozen=True, slots=True)
class Said:
    """`words` for people, `as_read` as the log spelled it (empty: it gave nothing)."""

    column: str
    label: str
    words: str
    as_read: str


def reputation(values: Mapping[str, str | None]) -> list[Said]:
    """The three columns in words, from the values of a log line by column name."""
    return [
        Said(name, label, _words(values.get(name) or "", known), values.get(name) or "")
        for name, label, known in COLUMNS
    ]


def _words(text: str, known: tuple[tuple[str, str], ...]) -> str:
    plain = " ".join(text.casefold().split())
    if plain in _NOTHING:
        return NO_DATA
    if plain.startswith(_NOT_ASKED):
        return "not asked for in this detection"
    return next((words for part, words in known if part in plain), text)
