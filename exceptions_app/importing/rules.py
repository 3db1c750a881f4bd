"""What a file of rules says, as plain values, whatever its form. No Django."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from exceptions_app.errors import ExceptionsError

if TYPE_CHECKING:
    from datetime import date, datetime


class ImportRefused(ExceptionsError):
    """The file cannot be read as rules; nothing of it was taken."""

    code = "import_refused"


@dataclass(frozen=True, slots=True)
class Rule:
    """A file by one hash (lower-case hex of 32, 40 or 64 digits) with its response."""

    hash: str
    response: str
    name: str = ""
    company: str = ""
    size: int | None = None
    path: str = ""
    reason: str = ""
    review_on: date | None = None
    expires_at: datetime | None = None


@dataclass(slots=True)
class FileRules:
    """The rules, and by kind how many rules the file has that are not ours to manage.

    `foreign` are those as they were read; None if the form of the file does not tell of such.
    """

    form: str
    rules: list[Rule] = field(default_factory=list)
    not_ours: dict[str, int] = field(default_factory=dict)
    foreign: dict[str, Any] | None = None
    signed_by: str = ""

    def leave(self, kind: str, count: int = 1) -> None:
        if count:
            self.not_ours[kind] = self.not_ours.get(kind, 0) + count
