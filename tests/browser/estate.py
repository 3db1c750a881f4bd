"""A small estate for walks through the pages: read from a log file, as in the field."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import TYPE_CHECKING

from exceptions_app.policies.assign import create_policy
from tests.make import SYSTEM, make_group, make_site
from tests.samples_at_hand import make_record
from truscan.ingest.job import accept_file
from truscan.logs.write import write_line

if TYPE_CHECKING:
    from pathlib import Path

    from exceptions_app.models.policy import Policy

GROUP = "My Company\\Sales"
POLICY = "Sales exceptions"
LISTED = "listedtool.exe"


def log_file(path: Path, count: int, group: str = GROUP) -> Path:
    """tool00.exe and so on, the newest first in the inbox; then one of Symantec's own list."""
    records = [
        make_record(
            n + 1,
            group=group,
            computer="EX-" + group.rpartition("\\")[2],
            application_name=f"Contoso tool {n}",
            company_name="Contoso, Ltd.",
            hash=hashlib.sha256(b"tool %d" % n).hexdigest(),
            file_path=f"C:\\Program Files\\Contoso\\tool{n:02}.exe",
            file_name=f"tool{n:02}.exe",
        )
        for n in range(count)
    ]
    at = records[-1].event_at - timedelta(days=1)
    listed = make_record(
        count + 1,
        group=group,
        computer="EX-" + group.rpartition("\\")[2],
        application_name="Listed tool",
        hash="fe" * 32,
        file_path=f"C:\\Program Files\\Contoso\\{LISTED}",
        file_name=LISTED,
        permitted_reason="Symantec permitted application list",
        event_at=at,
        inserted_at=at,
        end_at=at,
    )
    lines = [write_line(record, "labelled-g5") for record in [*records, listed]]
    path.write_text("\n".join(lines) + "\n")
    return path


def stand(path: Path, count: int) -> Policy:
    """That log read, and a policy in force in its group."""
    with log_file(path / "agt_proactive.log", count).open("rb") as stream:
        accept_file(actor=SYSTEM, name="agt_proactive.log", stream=stream, site=make_site())
    return create_policy(actor=SYSTEM, name=POLICY, groups=[make_group(GROUP)])
