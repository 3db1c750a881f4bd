"""What a client did with a process, by the word of its log. Pure Python.

Words are those of the 12.1 schema and of real logs; a word of another language is translated by
the site's vocabulary before it is asked about here.
"""

from __future__ import annotations

from enum import StrEnum


class Did(StrEnum):
    """STOPPED: it does not run. LEFT: it went on. UNCLEAR: the word does not say, or not yet."""

    STOPPED = "stopped"
    LEFT = "left"
    UNCLEAR = "unclear"


STOPPED = frozenset(
    {
        "quarantined", "terminated", "process terminated", "deleted", "deleted or removed",
        "removed", "cleaned", "cleaned by deletion", "cleaned or macros deleted", "blocked",
        "process blocked", "access denied",
    }
)  # fmt: skip
# An attempt that failed left it running, too.
LEFT = frozenset(
    {
        "left alone", "logged", "logged only", "log only", "log", "ignored", "excluded", "allowed",
        "allowed by user", "detected by using the commercial application list",
        "forced detection by using the file name", "forced detection by using the file hash",
        "forced detection using file name", "forced detection using file hash",
        "all actions failed", "action invalid", "no repair available", "moved back", "undone",
        "renamed back",
    }
)  # fmt: skip


def did(word: str) -> Did:
    """
    >>> did("Process terminated"), did("Left alone"), did("Process termination pending restart")
    (<Did.STOPPED: 'stopped'>, <Did.LEFT: 'left'>, <Did.UNCLEAR: 'unclear'>)
    """
    key = " ".join(word.casefold().split())
    if key in STOPPED:
        return Did.STOPPED
    return Did.LEFT if key in LEFT else Did.UNCLEAR
