from __future__ import annotations

import csv
import io
from datetime import datetime
from operator import attrgetter
from typing import Any

from truscan.logs.generations import GENERATIONS, HASH_NAMES, OPTIONAL, RISK_HASH_NAMES
from truscan.logs.labels import DESCRIPTION_SLOT, LABELS, PATH_SLOT, SUBMISSIONS, field_of
from truscan.logs.record import LogRecord

FORMS: tuple[str, ...] = (*GENERATIONS, "console-csv")

# Synthetic: the real console export is not public. Header -> field.
CONSOLE_COLUMNS: dict[str, str] = {
    "Event": "event",
    "Computer": "computer",
    "IP Address": "ip_address",
    "Detection type": "detection_type",
    "Application": "application_name",
    "Application type": "application_type",
    "Application version": "application_version",
    "Company name": "company_name",
    "Hash type": "hash_type",
    "Application hash": "hash",
    "File/Path": "file_path",
    "File size (bytes)": "file_size",
    "Sensitivity": "sensitivity",
    "Detection score": "detection_score",
    "Permitted application reason": "permitted_reason",
    "Disposition": "disposition",
    "Prevalence": "prevalence",
    "Confidence": "confidence",
    "First Seen": "first_seen",
    "Risk Level": "risk_level",
    "Risk name": "risk_name",
    "Source": "source",
    "Occurrences": "occurrences",
    "Description": "description",
    "Actual action": "actual_action",
    "Requested action": "requested_action",
    "Secondary action": "secondary_action",
    "Event time": "event_at",
    "Inserted": "inserted_at",
    "End": "end_at",
    "Domain": "domain",
    "Group": "group",
    "Location": "location",
    "Server": "server",
    "User": "user",
    "Source computer": "source_computer",
    "Source IP": "source_ip",
    "Download site": "download_site",
    "Web domain": "web_domain",
    "Downloaded by": "downloaded_by",
    "Certificate signer": "signer",
    "COH Engine Version": "engine_version",
}


def write_line(record: LogRecord, form: str, *, prefix: str = "") -> str:
    """One synthetic line of `form` without its line end; times are written in UTC.

    `prefix` comes before the body, for example `Dec 12 17:07:08 SymantecServer sepm: `. What the
    form has no place for is left out. Raises KeyError for a form that is not in FORMS.
    """
    if form == "console-csv":
        cells = [
            cell.isoformat(" ", "seconds")[:19] if cell.__class__ is datetime else cell
            for cell in _console_cells(record)
        ]
        return prefix + _csv_row(cells)
    slots = [_slot(record, label, form) for label in GENERATIONS[form] if _told(record, label)]
    return prefix + ",".join([record.event or "", *slots])


def console_header() -> str:
    """The header row of the synthetic console export."""
    return _csv_row(list(CONSOLE_COLUMNS))


_console_cells = attrgetter(*CONSOLE_COLUMNS.values())


def _csv_row(cells: list[Any]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="").writerow(cells)
    return out.getvalue()


def _told(record: LogRecord, label: str) -> bool:
    return label not in OPTIONAL or record.ip_address is not None


def _slot(record: LogRecord, label: str, form: str) -> str:
    if label == SUBMISSIONS:
        return f"{label} {record.extra.get(label, 'No')}"
    if label == "Hash type":
        names = RISK_HASH_NAMES if form == "risk" else HASH_NAMES
        return f"{label}: {names.get(record.hash_type or '', '')}"
    value = _label_value(record, label)
    if label == PATH_SLOT:
        return _quoted(value) if _needs_quotes(value) else value
    if label == DESCRIPTION_SLOT:
        # A path there stands in quotes, as in 12.1.
        return _quoted(value) if _needs_quotes(value) or "\\" in value else value or "''"
    # 11 and 12.1 quote a value with commas, 14 quotes it together with its label.
    quotes_pair = form not in ("labelled-g1", "labelled-g2") and "," in value
    if quotes_pair or '"' in value or value[:1] == "'":
        return _quoted(f"{label}: {value}")
    return f"{label}: {_quoted(value)}" if "," in value else f"{label}: {value}"


def _label_value(record: LogRecord, label: str) -> str:
    if LABELS.get(label, "slot") is None:
        return record.extra.get(label, "")
    return _plain(record, field_of(label) or "")


def _plain(record: LogRecord, name: str) -> str:
    value = getattr(record, name)
    if isinstance(value, datetime):
        return value.isoformat(" ", "seconds")[:19]
    return "" if value is None else str(value)


def _needs_quotes(value: str) -> bool:
    return any(c in value for c in '",') or value[:1] == "'"


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'
