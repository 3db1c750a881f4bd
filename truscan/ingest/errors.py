"""What can go wrong with an import as a whole; each says what to do next."""

from __future__ import annotations


class IngestError(Exception):
    """The act is refused and nothing of it is stored; the text is for the person who asked."""


class NotFinished(IngestError):
    """The import is still being read."""


class AlreadyWithdrawn(IngestError):
    """The import was withdrawn before."""


class NoQuestion(IngestError):
    """The import waits for no answer."""


class BadReading(IngestError):
    """The zone, encoding or mapping that was given cannot be used."""


class FileMissing(IngestError):
    """The stored file is gone from storage."""


class LeaseLost(IngestError):
    """Another worker has taken the import over; this one must store nothing more."""
