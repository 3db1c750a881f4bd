"""What of a log line decides which dimension row: cheap tuples, looked up for every line."""

from __future__ import annotations

import json
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from truscan.classify import on_symantec_list
from truscan.ingest.dimensions import FACT_FIELDS, clean, clean_or_none
from truscan.logs.path_folding import generic_path
from truscan.logs.rows import KEPT_WITH_EXTRA
from truscan.models.detection import EVENT_TYPE_OF_WORD

if TYPE_CHECKING:
    from truscan.logs.record import LogRecord

Key = tuple[Any, ...]
# Longest values that the columns and their indexes take.
NAME, PROCESS_NAME, GROUP_PATH, SHORT, LONG = 255, 512, 600, 128, 8000
MAX_OCCURRENCES = 2_147_483_647


def file_key(r: LogRecord) -> Key:
    """What decides process and appearance; user folders are folded, so that few keys remain."""
    return (
        r.hash,
        r.file_name or r.application_name,
        generic_path(r.file_path) if r.file_path else None,
    )


_facts_of = attrgetter("hash", *FACT_FIELDS)
_outcome_of = attrgetter(
    "event", "event_type", "candidate", "detection_type", "sensitivity", "detection_score",
    "source", "risk_name", "engine_version", "actual_action", "requested_action",
    "secondary_action",
)  # fmt: skip


# The texts of a row that decide its outcome.
OUTCOME_TEXTS = (
    "event", "detection_type", "sensitivity", "detection_score", "source", "risk_name",
    "engine_version", "actual_action", "requested_action", "secondary_action",
)  # fmt: skip


def facts_key(r: LogRecord, file: Key) -> Key:
    """What decides the file's facts; the process goes by its hash, else by name and path."""
    return _facts_of(r) if r.hash else (*_facts_of(r), file)


def outcome_key(r: LogRecord) -> Key:
    return _outcome_of(r)


def name_of(r: LogRecord) -> str:
    return r.file_name or r.application_name or ""


def process_row(r: LogRecord) -> Key:
    """The columns of a new process in the order of `dimensions.PROCESS`."""
    path = generic_path(r.file_path) if r.file_path else ""
    return (
        clean(r.hash, 64), clean(r.hash_type, 8) if r.hash else "", clean(name_of(r), PROCESS_NAME),
        clean(path, LONG), clean(r.application_name, LONG), clean(r.application_type, SHORT),
        clean(r.application_version, LONG), clean(r.company_name, LONG), clean(r.signer, LONG),
        file_size(r), clean(r.permitted_reason, SHORT), on_symantec_list(r.permitted_reason),
    )  # fmt: skip


def fact_row(r: LogRecord) -> Key:
    """The values of `dimensions.FACT_FIELDS` as PostgreSQL takes them."""
    values = (file_size(r) if name == "file_size" else getattr(r, name) for name in FACT_FIELDS)
    return tuple(v if isinstance(v, int) else clean_or_none(v, LONG) for v in values)


def outcome_row(r: LogRecord, action: int) -> Key:
    """The columns of an outcome in the order of `dimensions.OUTCOME`."""
    return (
        clean_or_none(r.event, LONG), int(EVENT_TYPE_OF_WORD[r.event_type]), r.candidate,
        clean_or_none(r.detection_type, LONG), level_of(r.sensitivity),
        clean_or_none(r.sensitivity, LONG), _small(r.detection_score),
        clean_or_none(r.source, LONG), clean_or_none(r.risk_name, LONG),
        clean_or_none(r.engine_version, LONG), action, clean_or_none(r.requested_action, LONG),
        clean_or_none(r.secondary_action, LONG),
    )  # fmt: skip


def level_of(text: str | None) -> int | None:
    """A sensitivity level as the number 0 to 100 that it is, None if it is none."""
    text = (text or "").strip()
    is_number = text.isascii() and text.isdecimal() and len(text) <= 3
    return int(text) if is_number and int(text) <= 100 else None


def file_size(r: LogRecord) -> int | None:
    """A size that a 64-bit column takes."""
    return r.file_size if r.file_size is not None and 0 <= r.file_size < 1 << 63 else None


def _small(number: int | None) -> int | None:
    return number if number is not None and -32768 <= number <= 32767 else None


def occurrences_of(r: LogRecord) -> int:
    return min(max(r.occurrences, 1), MAX_OCCURRENCES)


def extra_of(r: LogRecord) -> str | None:
    """What no column holds, as JSON; None if there is nothing."""
    if not r.extra and r.description is None and r.source_computer is None and r.source_ip is None:
        return None
    held = {clean(k): clean(v) for k, v in r.extra.items()}
    for name in KEPT_WITH_EXTRA:
        value = getattr(r, name)
        if value is not None:
            held[name] = clean(value)
    return json.dumps(held, ensure_ascii=False, sort_keys=True) if held else None
