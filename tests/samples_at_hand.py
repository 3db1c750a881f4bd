"""Small synthetic log files, in the shape of a dump file of 14.3."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from truscan.logs.record import LogRecord
from truscan.logs.write import write_line

if TYPE_CHECKING:
    from pathlib import Path

OTHER = "Virus found,IP Address: 10.0.0.1,Computer name: EX-1,Source: Auto-Protect scan,"
BROKEN = "Potential risk found,Computer name: EX-1,Detection type: Heuristic,Event time: never"


def make_record(line_no: int, **fields: object) -> LogRecord:
    """A detection of yesterday; every field can be overruled."""
    at = datetime.now(UTC).replace(microsecond=0) - timedelta(days=1, minutes=line_no)
    given: dict[str, object] = {
        "event": "Potential risk found",
        "computer": "EX-1",
        "detection_type": "Heuristic",
        "application_type": "Trojan Worm",
        "hash_type": "sha256",
        "occurrences": 2,
        "actual_action": "Left alone",
        "event_at": at,
        "inserted_at": at,
        "end_at": at,
        "domain": "Default",
        "server": "EX-SEPM",
        "user": "user1",
        **fields,
    }
    return LogRecord(line_no, "labelled-g5", **given)  # type: ignore[arg-type]


def dump_file(path: Path, group: str) -> Path:
    """Three detections, a line of another log type, and one that cannot be read."""
    folder = "C:\\Program Files\\Contoso\\"
    records = [
        make_record(
            1,
            group=group,
            application_name="Contoso ERP",
            company_name="Contoso, Ltd.",
            hash="a1" * 32,
            file_path=folder + "erpclient.exe",
            file_name="erpclient.exe",
        ),
        make_record(
            2,
            group=group,
            event="Security risk found",
            application_name="",
            hash="b2" * 32,
            file_path="C:\\Users\\user1\\AppData\\Roaming\\svch0st.exe",
            file_name="svch0st.exe",
        ),
        make_record(
            3,
            group=group,
            application_name="Contoso Remote",
            hash="c3" * 32,
            file_path=folder + "remote.exe",
            file_name="remote.exe",
        ),
    ]
    lines = [write_line(record, "labelled-g5") for record in records]
    path.write_text("\n".join([*lines, OTHER, BROKEN]) + "\n")
    return path
