"""What stands in the way of an export, and what it should be read with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from exceptions_app.errors import ExceptionsError

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One thing found: a dotted-free code for machines, the policy and process it is about (""
    where it is about none or many), what is wrong, and what to do about it."""

    code: str
    policy: str
    process: str
    text: str
    way_out: str

    def __str__(self) -> str:
        about = " · ".join(part for part in (self.policy, self.process) if part)
        return f"{about}: {self.text} {self.way_out}".removeprefix(": ").strip()

    def as_json(self) -> dict[str, str]:
        return {
            "code": self.code,
            "policy": self.policy,
            "process": self.process,
            "text": self.text,
            "way_out": self.way_out,
        }


def counted(number: int, verb: str = "", verbs: str = "") -> str:
    """ "1 entry has", "2,000 entries have": the count with the form of the verb that it takes."""
    return (f"1 entry {verb}" if number == 1 else f"{number:,} entries {verbs}").rstrip()


class ExportRefused(ExceptionsError):
    """The export would be wrong or would be refused by SEPM; `findings` say why, one each."""

    code = "export_refused"

    def __init__(self, findings: Sequence[Finding]) -> None:
        self.findings = tuple(findings)
        more = f" (and {len(self.findings) - 1} more)" if len(self.findings) > 1 else ""
        super().__init__(f"Nothing was exported. {self.findings[0]}{more}")


class NothingPublished(ExceptionsError):
    """There is no published revision to export."""

    code = "nothing_published"
