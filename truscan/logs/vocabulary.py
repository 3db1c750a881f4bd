from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from truscan.logs.events import EventMeaning, event_meaning

# What `127` and `-1` say wherever a code or a number stands (LOG-FORMATS 0.5).
NO_DATA = frozenset({"", "127", "-1"})


class VocabularyRow(NamedTuple):
    """A value as a log writes it and what it means in English; `kind` is one of KINDS."""

    kind: str
    text: str
    meaning: str


# Fields of LogRecord that are looked up, by kind.
KINDS: dict[str, tuple[str, ...]] = {
    "event": ("event",),
    "application_type": ("application_type",),
    "detection_type": ("detection_type",),
    "hash_type": ("hash_type",),
    "action": ("actual_action", "requested_action", "secondary_action"),
    "permitted_reason": ("permitted_reason",),
    "disposition": ("disposition",),
    "place": ("location", "domain"),
}
KIND_OF_FIELD = {name: kind for kind, names in KINDS.items() for name in names}

# Table ACTUALACTION of the 12.1 schema, then codes that only the client's own list has (3.2).
ACTIONS: dict[str, str] = {
    "-1": "Action invalid", "1": "Quarantined", "2": "Renamed", "3": "Deleted",
    "4": "Left alone", "5": "Cleaned", "6": "Cleaned or macros deleted", "7": "Saved",
    "8": "Send to backend", "9": "Moved back", "10": "Renamed back", "11": "Undone", "12": "Bad",
    "13": "Backed up", "14": "Pending repair", "15": "Partially repaired",
    "16": "Process termination pending restart", "17": "Excluded", "18": "Restart processing",
    "19": "Cleaned by deletion", "20": "Access denied", "21": "Process terminated",
    "22": "No repair available", "23": "All actions failed", "24": "Run Powertool",
    "25": "No repair Powertool", "98": "Suspicious", "99": "Details pending", "100": "IDS Block",
    "101": "Firewall violation", "102": "Allowed by User",
    "110": "Detected by using the commercial application list",
    "111": "Forced detection by using the file name", "200": "Attachment Stripped",
    "500": "Not applicable", "1000": "Forced detection by using the file hash",
    "1001": "DNS/host file exception",
}  # fmt: skip

# WHITELIST_REASON of HPP_ALERTS (3.1).
PERMITTED_REASONS: dict[str, str] = {
    "0": "Not on the permitted application list",
    "100": "Symantec permitted application list",
    "101": "Administrator permitted application list",
    "102": "User permitted application list",
}

# The client's "eraser category"; no other list of application types is public (3.3).
APPLICATION_TYPES: dict[str, str] = {
    "1": "Trojan Worm",
    "2": "Keylogger",
    "100": "Commercial remote control",
    "101": "Commercial keylogger",
    "200": "Cookie",
    "300": "Shields",
}
DISPOSITIONS = {"0": "Good", "1": "Bad"}
HASH_TYPES: dict[str, str] = {
    "0": "md5", "1": "sha1", "2": "sha256", "md5": "md5", "md-5": "md5", "sha1": "sha1",
    "sha-1": "sha1", "sha2": "sha256", "sha-2": "sha256", "sha256": "sha256",
    "sha-256": "sha256",
}  # fmt: skip

# Values arrive in the server's language. Confirmed by lines: Aucun(e), Système, Par défaut; the
# other French words are the obvious translations and wait for a line that shows them.
FRENCH: tuple[VocabularyRow, ...] = (
    VocabularyRow("place", "Par défaut", "Default"),
    VocabularyRow("place", "Système", "SYSTEM"),
    VocabularyRow("action", "Aucun(e)", "None"),
    VocabularyRow("action", "Mis en quarantaine", "Quarantined"),
    VocabularyRow("action", "Laissé tel quel", "Left alone"),
    VocabularyRow("action", "Nettoyé", "Cleaned"),
    VocabularyRow("action", "Nettoyé par suppression", "Cleaned by deletion"),
    VocabularyRow("action", "Supprimé", "Deleted"),
    VocabularyRow("action", "Toutes les actions ont échoué", "All actions failed"),
    VocabularyRow("disposition", "Bon", "Good"),
    VocabularyRow("disposition", "Mauvais", "Bad"),
)


def _rows(kind: str, codes: dict[str, str]) -> Iterator[VocabularyRow]:
    return (VocabularyRow(kind, text, meaning) for text, meaning in codes.items())


BUILT_IN: tuple[VocabularyRow, ...] = (
    *_rows("action", ACTIONS),
    *_rows("permitted_reason", PERMITTED_REASONS),
    *_rows("application_type", APPLICATION_TYPES),
    *_rows("disposition", DISPOSITIONS),
    *_rows("hash_type", HASH_TYPES),
    *FRENCH,
)


class Vocabulary:
    """Known values and their English meaning; later rows overrule earlier ones.

    >>> Vocabulary().meaning("action", "102")
    'Allowed by User'
    """

    def __init__(self, rows: Iterable[VocabularyRow | tuple[str, str, str]] = ()) -> None:
        self._meanings: dict[tuple[str, str], str] = {}
        self._rows = [VocabularyRow(*row) for row in (*BUILT_IN, *rows)]
        for row in self._rows:
            self._meanings[row.kind, row.text.strip().casefold()] = row.meaning

    def extended(self, rows: Iterable[VocabularyRow | tuple[str, str, str]]) -> Vocabulary:
        """A new vocabulary with `rows` (kind, text, meaning) on top of this one."""
        return Vocabulary((*self._rows[len(BUILT_IN) :], *(VocabularyRow(*row) for row in rows)))

    def meaning(self, kind: str, text: str | None) -> str | None:
        """The English meaning of a value as read, None where none is known."""
        return self._meanings.get((kind, text.strip().casefold())) if text else None

    def event(self, text: str | None) -> EventMeaning:
        """Type and candidacy of an event name, translated first if a row knows it."""
        return event_meaning(self.meaning("event", text) or text)
