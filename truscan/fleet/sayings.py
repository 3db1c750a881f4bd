from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from truscan.fleet.program import Kind, Program
from truscan.fleet.software import MDS, NOT_LISTED, SYMANTEC_LIST, USER_LIST
from truscan.logs.events import ALLOWED, COMMERCIAL, FORCED, POTENTIAL, SECURITY
from truscan.logs.generations import GENERATIONS
from truscan.logs.labels import SUBMISSIONS, field_of
from truscan.logs.record import FIELDS, LogRecord
from truscan.logs.write import CONSOLE_COLUMNS

_NAMES = {
    POTENTIAL: "Potential risk found",
    SECURITY: "Security risk found",
    COMMERCIAL: "Commercial application detected",
}
# Which clients write a form: SEP 11 says TruScan and knows SHA-1, later ones say SONAR, 14 SHA-256.
_TRUSCAN_FORMS = frozenset({"labelled-g1"})
_SHA1_FORMS = frozenset({"labelled-g1", "labelled-g2"})
_ALLOW_LIST_FORMS = frozenset({"labelled-g5", "risk"})
_LEFT_ALONE = ("Left alone", "Left alone", "Left alone")
_STOPPED = ("Quarantined", "Quarantined", "Forced detection using file name")
# Trojans and worms have a number, keyloggers two levels, commercial applications none.
_NUMBERS = tuple(map(str, range(101)))
_WORDS = tuple("High" if level > 50 else "Low" for level in range(101))
_NOTHING = ("",) * 101
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# Lines repeat this dict; records may share it (see LogRecord.extra).
_SUBMISSIONS: dict[str, str] = {SUBMISSIONS: "No"}


@dataclass(frozen=True, slots=True)
class Form:
    """A log form and what it can tell; `fields` are those of LogRecord that it has a place for."""

    name: str
    fields: frozenset[str]
    extra: dict[str, str]


def form_named(name: str) -> Form:
    """KeyError for a form that the writer of synthetic lines does not know."""
    labels = () if name == "console-csv" else GENERATIONS[name]
    told = {field for field in map(field_of, labels) if field}
    if name == "console-csv":
        told |= set(CONSOLE_COLUMNS.values())
    told |= {"line_no", "layout", "event", "event_type", "candidate", "file_name", "extra"}
    return Form(name, frozenset(told), _SUBMISSIONS if SUBMISSIONS in labels else {})


def saying(program: Program, event_type: str, domain: str, form: Form) -> LogRecord:
    """What every row of a program says in a form, without client, level, count and times.

    `event_type` is the program's own, or forced or allowed where an exception is in force.
    """
    actions = _STOPPED if event_type == FORCED else _LEFT_ALONE
    is_sha1 = form.name in _SHA1_FORMS
    facts: dict[str, Any] = {
        "layout": form.name,
        "event": event_name(event_type, form.name),
        "event_type": event_type,
        "candidate": event_type not in (FORCED, ALLOWED),
        "detection_type": _detection_type(program),
        "application_name": program.application_name,
        "application_type": program.application_type,
        "application_version": program.version,
        "company_name": program.company,
        "hash_type": "sha1" if is_sha1 else "sha256",
        "hash": program.sha1 if is_sha1 else program.sha256,
        "file_path": program.path,
        "file_name": program.path.rsplit("\\", 1)[-1],
        "file_size": program.size,
        "detection_score": program.score,
        "permitted_reason": permitted_reason(program, event_type, form.name),
        "disposition": program.disposition,
        "prevalence": program.prevalence,
        "confidence": program.confidence,
        "first_seen": program.first_seen,
        "download_site": program.download_site,
        "downloaded_by": program.downloaded_by,
        "risk_level": "High" if event_type == SECURITY else None,
        "risk_name": "Heur.Synthetic" if event_type == SECURITY else None,
        "source": "Heuristic Scan",
        "actual_action": actions[0],
        "requested_action": actions[1],
        "secondary_action": actions[2],
        "domain": domain,
        "signer": program.signer,
        "engine_version": "8.1.1.1",
        "extra": form.extra,
    }
    told = {name: (facts[name] or None) for name in FIELDS if name in facts if name in form.fields}
    record = LogRecord(0, form.name, event_at=_EPOCH)
    for name, value in told.items():
        setattr(record, name, value)
    record.candidate, record.extra = bool(facts["candidate"]), form.extra
    return record


def event_name(event_type: str, form: str) -> str:
    engine = "TruScan" if form in _TRUSCAN_FORMS else "SONAR"
    if event_type == FORCED:
        return f"Forced {engine} {'proactive ' if engine == 'TruScan' else ''}threat detected"
    return _NAMES.get(event_type) or f"{engine} detection now allowed"


def permitted_reason(program: Program, event_type: str, form: str) -> str:
    words = "allow list" if form in _ALLOW_LIST_FORMS else "permitted application list"
    if event_type == ALLOWED:
        return f"Administrator {words}"
    return {
        NOT_LISTED: f"Not on the {words}",
        SYMANTEC_LIST: f"Symantec {words}",
        USER_LIST: f"User {words}",
        MDS: "MDS",
    }[program.permitted]


def sensitivities(program: Program) -> tuple[str, ...]:
    """The text of Sensitivity for each level of 0 to 100."""
    if program.kind is Kind.KEYLOGGER:
        return _WORDS
    return _NOTHING if program.event_type == COMMERCIAL else _NUMBERS


def _detection_type(program: Program) -> str:
    return "Commercial application" if program.event_type == COMMERCIAL else "Heuristic"
