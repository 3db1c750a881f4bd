"""A tiny estate whose log lines overlap: everything that can collide does so often."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from tests.make import NOW, SYSTEM, make_site
from truscan.ingest.job import accept_file, run_import
from truscan.logs.record import LogRecord
from truscan.logs.write import console_header, write_line
from truscan.models.log_import import LogImport

if TYPE_CHECKING:
    from collections.abc import Sequence

TIMES = [
    datetime(2026, 1, 31, 23, 59, 58, tzinfo=UTC),
    datetime(2026, 2, 1, 0, 0, 1, tzinfo=UTC),
    datetime(2026, 2, 1, 8, 30, tzinfo=UTC),
    datetime(2026, 2, 14, 12, 0, tzinfo=UTC),
]
# Application type and permitted reason belong to the program here, so that its class does not
# depend on which line is the newest.
PROGRAMS = [
    {
        "hash": "a" * 63 + "1",
        "hash_type": "sha256",
        "file_path": "C:\\Users\\bob\\tool.exe",
        "file_name": "tool.exe",
        "application_name": "Tool",
        "application_type": "Trojan Worm",
    },
    {
        "hash": "a" * 63 + "1",
        "hash_type": "sha256",
        "file_path": "C:\\Users\\eve\\other.exe",
        "file_name": "other.exe",
        "application_name": "Tool",
        "application_type": "Trojan Worm",
    },
    {
        "file_path": "C:\\Program Files\\Contoso\\keys.exe",
        "file_name": "keys.exe",
        "application_name": "Keys",
        "application_type": "Keylogger",
        "company_name": "Contoso",
    },
]
EVENTS = [
    ("Potential risk found", "potential_risk", True),
    ("Security risk found", "security_risk", True),
    ("Forced TruScan proactive threat detected", "forced", False),
]

records = st.builds(
    lambda at, program, event, **rest: LogRecord(
        line_no=0, layout="console-csv", event_at=at, event=event[0], event_type=event[1],
        candidate=event[2], domain="Default", **PROGRAMS[program], **rest,
    ),
    at=st.sampled_from(TIMES),
    program=st.integers(0, len(PROGRAMS) - 1),
    event=st.sampled_from(EVENTS),
    computer=st.sampled_from(["PC-1", "pc-1", "PC-2"]),
    user=st.sampled_from([None, "bob"]),
    group=st.sampled_from(["My Company\\A", "My Company\\B"]),
    location=st.sampled_from([None, "Office"]),
    sensitivity=st.sampled_from([None, "10", "90"]),
    actual_action=st.sampled_from(["Left alone", "Quarantined"]),
    occurrences=st.integers(1, 4),
    prevalence=st.sampled_from([None, "few"]),
    description=st.sampled_from([None, "seen \"again\", with a\\backslash"]),
)  # fmt: skip


def console_csv(rows: Sequence[LogRecord]) -> bytes:
    lines = [console_header(), *(write_line(row, "console-csv") for row in rows)]
    return ("\r\n".join(lines) + "\r\n").encode()


def numbered(rows: Sequence[LogRecord]) -> list[LogRecord]:
    """The rows with the line numbers that `console_csv` gives them."""
    return [replace(row, line_no=n) for n, row in enumerate(rows, start=2)]


def take(data: bytes, name: str = "a.csv", site: str = "Site A", **given: object) -> LogImport:
    """Accept a file of one log; not read yet."""
    (row,) = accept_file(
        actor=SYSTEM,
        name=name,
        stream=io.BytesIO(data),
        site=make_site(site),
        queue=False,
        **given,  # type: ignore[arg-type]
    )
    return row


def bring_in(
    data: bytes, name: str = "a.csv", site: str = "Site A", chunk_rows: int = 3, **given: object
) -> LogImport:
    """Accept and read a file of one log in small chunks."""
    row = take(data, name, site, **given)
    run_import(row.pk, now=NOW, chunk_rows=chunk_rows)
    row.refresh_from_db()
    return row
