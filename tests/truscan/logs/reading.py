"""What every test of this room needs: bytes in, outcomes out, at a fixed time."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from truscan.logs.console_csv import Outcome
from truscan.logs.read import read
from truscan.logs.reader import open_sources
from truscan.logs.record import IgnoredLine, LogRecord, RejectedLine

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
SAMPLES = Path(__file__).parents[2] / "samples" / "logs"


def outcomes(data: bytes | str, **options: Any) -> list[Outcome]:
    raw = data.encode() if isinstance(data, str) else data
    found: list[Outcome] = []
    for source in open_sources(io.BytesIO(raw), "x.log"):
        found += read(source, **{"now": NOW, **options})
    return found


def records(data: bytes | str, **options: Any) -> list[LogRecord]:
    return [o for o in outcomes(data, **options) if isinstance(o, LogRecord)]


def rejects(data: bytes | str, **options: Any) -> list[RejectedLine]:
    return [o for o in outcomes(data, **options) if isinstance(o, RejectedLine)]


def ignored(data: bytes | str, **options: Any) -> list[tuple[int, str]]:
    found = outcomes(data, **options)
    return [(o.line_no, o.reason) for o in found if isinstance(o, IgnoredLine)]


def sample(name: str) -> bytes:
    return (SAMPLES / name).read_bytes()


def line_of(**values: str) -> str:
    """A bare line of 12.1 with the values given by label (`_` for a blank) and the rest plain."""
    told = {
        "Computer name": "pc1", "Detection type": "Heuristic", "First Seen": "",
        "Application name": "App", "Application type": "127", "Application version": "1",
        "Hash type": "SHA-1", "Application hash": "", "Company name": "", "File size (bytes)": "5",
        "Sensitivity": "20", "Detection score": "3", "Permitted application reason": "MDS",
        "Source": "Heuristic Scan", "Risk name": "", "Occurrences": r"1,c:\a\b.exe,''",
        "Actual action": "Left alone", "Requested action": "Left alone",
        "Secondary action": "Left alone", "Event time": "2024-05-01 10:00:00",
        "Inserted": "2024-05-01 10:00:09", "End": "2024-05-01 10:00:00", "Domain": "Default",
        "Group": r"My Company\Sales", "Server": "sepm", "User": "bob", "Source computer": "",
        "Source IP": "",
    }  # fmt: skip
    event = values.pop("event", "Potential risk found")
    for name, value in values.items():
        label = {"Size": "File size (bytes)"}.get(name, name.replace("_", " "))
        told[label] = value
    return ",".join([event, *(f"{label}: {value}" for label, value in told.items())])
