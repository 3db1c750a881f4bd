from __future__ import annotations

from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from typing import Any, ClassVar

# What a person may want to see of a line that could not be read; the file itself is kept.
RAW_SHOWN = 4096


@dataclass(slots=True)
class LogRecord:
    """One detection as one log line tells it.

    Text is as read (outer quotes and blanks gone), None where the line does not give it. Times are
    aware and in UTC. `extra` holds what has no field of its own, under the log's own label, and
    what a field could not take as read; rows with equal extras may share one dict: do not write
    into it. Field meanings: LOG-FORMATS 2.3.
    """

    kind: ClassVar[str] = "detection"

    line_no: int
    layout: str
    event: str | None = None
    event_type: str = "other"
    candidate: bool = True
    computer: str | None = None
    ip_address: str | None = None
    detection_type: str | None = None
    application_name: str | None = None
    application_type: str | None = None
    application_version: str | None = None
    company_name: str | None = None
    hash_type: str | None = None
    hash: str | None = None
    file_path: str | None = None
    file_name: str | None = None
    file_size: int | None = None
    sensitivity: str | None = None
    detection_score: int | None = None
    permitted_reason: str | None = None
    disposition: str | None = None
    prevalence: str | None = None
    confidence: str | None = None
    first_seen: str | None = None
    download_site: str | None = None
    web_domain: str | None = None
    downloaded_by: str | None = None
    risk_level: str | None = None
    risk_name: str | None = None
    source: str | None = None
    occurrences: int = 1
    description: str | None = None
    actual_action: str | None = None
    requested_action: str | None = None
    secondary_action: str | None = None
    event_at: datetime = datetime(1970, 1, 1, tzinfo=UTC)
    inserted_at: datetime | None = None
    end_at: datetime | None = None
    domain: str | None = None
    group: str | None = None
    location: str | None = None
    server: str | None = None
    user: str | None = None
    source_computer: str | None = None
    source_ip: str | None = None
    signer: str | None = None
    engine_version: str | None = None
    extra: dict[str, str] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """The keys of `read_log`: `line_no`, `kind`, then the fields; times as ISO 8601 UTC."""
        told: dict[str, Any] = {"line_no": self.line_no, "kind": self.kind}
        for name in FIELDS[1:]:
            value = getattr(self, name)
            told[name] = value.isoformat() if isinstance(value, datetime) else value
        return told


FIELDS: tuple[str, ...] = tuple(f.name for f in fields(LogRecord))


@dataclass(slots=True)
class IgnoredLine:
    """A line of another log type, or a header: counted by `reason`, a short word.

    Where the line names its computer and time they are given, since every line that names a
    computer shows that it was heard from.
    """

    kind: ClassVar[str] = "ignored"

    line_no: int
    reason: str
    raw: bytes = b""
    computer: str | None = None
    domain: str | None = None
    group: str | None = None
    event_at: datetime | None = None

    def as_json(self) -> dict[str, Any]:
        return _line_as_json(self.line_no, self.kind, self.reason, self.raw)


@dataclass(slots=True)
class RejectedLine:
    """A line that should have been readable and was not: `code` for machines, `reason` for people.

    `raw` is the line without its end; of a line over the limit only the first 4,096 bytes.
    """

    kind: ClassVar[str] = "rejected"

    line_no: int
    code: str
    reason: str
    raw: bytes

    def as_json(self) -> dict[str, Any]:
        told = _line_as_json(self.line_no, self.kind, self.reason, self.raw)
        return {**told, "code": self.code}


def _line_as_json(line_no: int, kind: str, reason: str, raw: bytes) -> dict[str, Any]:
    return {"line_no": line_no, "kind": kind, "reason": reason, "raw": shown(raw)}


def shown(raw: bytes) -> str:
    r"""Raw bytes as text that is safe to print: control characters and odd bytes as `\x..`."""
    text = raw[:RAW_SHOWN].decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() or c == " " else _escaped(c) for c in text)


def _escaped(c: str) -> str:
    return f"\\x{ord(c):02x}" if ord(c) < 256 else f"\\u{ord(c):04x}"
