"""What a detected process may be, as the guide reads the log, and the response that suggests.

Event type first, then application type and the reason a scan permitted the process (Solutions Guide
pp. 72-76). No class is a verdict: "Potential risk found" may be malicious and "Security risk found"
legitimate. Pure; values are English words or the codes of the database (LOG-FORMATS 2.3, 3.1, 3.3).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from truscan.logs.events import ALLOWED, COMMERCIAL, FORCED, POTENTIAL, SECURITY

IGNORE = "ignore"
QUARANTINE = "quarantine"
TERMINATE = "terminate"
# No response and no exception: keep logging and come back to it (guide p. 74, unknown risks).
OBSERVE = "observe"


class RiskClass(StrEnum):
    POSSIBLY_LEGITIMATE = "possibly_legitimate"
    PROBABLE_RISK = "probable_risk"
    COMMERCIAL_APPLICATION = "commercial_application"
    KEYLOGGER = "keylogger"
    ALREADY_COVERED = "already_covered"
    CANNOT_BE_EXCEPTED = "cannot_be_excepted"
    UNKNOWN = "unknown"


class ApplicationKind(StrEnum):
    TROJAN_WORM = "trojan_worm"
    KEYLOGGER = "keylogger"
    COMMERCIAL_KEYLOGGER = "commercial_keylogger"
    COMMERCIAL = "commercial"
    NO_DATA = "no_data"
    OTHER = "other"


class PermittedList(StrEnum):
    NONE = "none"
    SYMANTEC = "symantec"
    ADMINISTRATOR = "administrator"
    USER = "user"


@dataclass(frozen=True, slots=True)
class Classified:
    """`suggests` holds responses, the first one first; it may hold the word "observe"."""

    risk_class: RiskClass
    label: str
    reason: str
    suggests: tuple[str, ...]


LABELS: dict[RiskClass, str] = {
    RiskClass.POSSIBLY_LEGITIMATE: "Possibly legitimate",
    RiskClass.PROBABLE_RISK: "Probable risk",
    RiskClass.COMMERCIAL_APPLICATION: "Commercial application",
    RiskClass.KEYLOGGER: "Keylogger",
    RiskClass.ALREADY_COVERED: "Already covered",
    RiskClass.CANNOT_BE_EXCEPTED: "Cannot be excepted",
    RiskClass.UNKNOWN: "Unknown",
}

# Database codes (3.3: the nearest confirmed list is the client's eraser category).
_KIND_OF_CODE: dict[str, ApplicationKind] = {
    "": ApplicationKind.NO_DATA,
    "-1": ApplicationKind.NO_DATA,
    "127": ApplicationKind.NO_DATA,
    "0": ApplicationKind.TROJAN_WORM,
    "1": ApplicationKind.TROJAN_WORM,
    "2": ApplicationKind.KEYLOGGER,
    "100": ApplicationKind.COMMERCIAL,
    "101": ApplicationKind.COMMERCIAL_KEYLOGGER,
}
_LIST_OF_CODE: dict[str, PermittedList] = {
    "100": PermittedList.SYMANTEC,
    "101": PermittedList.ADMINISTRATOR,
    "102": PermittedList.USER,
}
_ASKS_NOBODY = frozenset({FORCED, ALLOWED})


def application_kind(application_type: str | None) -> ApplicationKind:
    """`Trojan Worm`, `Commercial Keylogger`, `HeuristicKeyLogger`, `127`, ... -> what it means."""
    text = "".join((application_type or "").casefold().replace("_", " ").split())
    if text in _KIND_OF_CODE:
        return _KIND_OF_CODE[text]
    if "keylog" in text or "keystroke" in text:
        commercial = "commercial" in text
        return ApplicationKind.COMMERCIAL_KEYLOGGER if commercial else ApplicationKind.KEYLOGGER
    if "commercial" in text or "remotecontrol" in text:
        return ApplicationKind.COMMERCIAL
    if "trojan" in text or "worm" in text:
        return ApplicationKind.TROJAN_WORM
    return ApplicationKind.OTHER


def permitted_list(permitted_reason: str | None) -> PermittedList:
    """Whose list the process is on; `MDS` and anything unknown is no list that we can name."""
    text = " ".join((permitted_reason or "").casefold().split())
    if text in _LIST_OF_CODE:
        return _LIST_OF_CODE[text]
    for name in (PermittedList.SYMANTEC, PermittedList.ADMINISTRATOR, PermittedList.USER):
        if text.startswith(f"{name} "):
            return name
    return PermittedList.NONE


def on_symantec_list(permitted_reason: str | None) -> bool:
    """True if no exception can be made for the process (code 100 or its text)."""
    return permitted_list(permitted_reason) is PermittedList.SYMANTEC


def classify(
    *, event_types: frozenset[str], application_type: str | None, permitted_reason: str | None
) -> Classified:
    """The class of a process from everything that its rows say.

    `event_types` are words of `LogRecord.event_type`. What is suggested holds for settings that
    the administrator adjusted; see `suggests` for vendor defaults.
    """
    kind = application_kind(application_type)
    risk_class = _risk_class(event_types, kind, permitted_list(permitted_reason))
    reason = _reason(risk_class, event_types, kind, permitted_list(permitted_reason))
    return Classified(risk_class, LABELS[risk_class], reason, _responses(risk_class, kind))


def suggests(
    *,
    event_types: frozenset[str],
    application_type: str | None,
    permitted_reason: str | None,
    vendor_defaults: bool,
) -> tuple[str, ...]:
    """The responses to offer first; under vendor defaults only Ignore.

    With vendor defaults clients treat risks themselves, so that only legitimate processes need an
    exception (guide p. 72).
    """
    found = classify(
        event_types=event_types,
        application_type=application_type,
        permitted_reason=permitted_reason,
    ).suggests
    return tuple(r for r in found if r == IGNORE) if vendor_defaults else found


def _risk_class(events: frozenset[str], kind: ApplicationKind, listed: PermittedList) -> RiskClass:
    if listed is PermittedList.SYMANTEC:
        return RiskClass.CANNOT_BE_EXCEPTED
    if listed is PermittedList.ADMINISTRATOR or (events and events <= _ASKS_NOBODY):
        return RiskClass.ALREADY_COVERED
    if kind in {ApplicationKind.KEYLOGGER, ApplicationKind.COMMERCIAL_KEYLOGGER}:
        return RiskClass.KEYLOGGER
    if COMMERCIAL in events or kind is ApplicationKind.COMMERCIAL:
        return RiskClass.COMMERCIAL_APPLICATION
    if SECURITY in events:
        return RiskClass.PROBABLE_RISK
    return RiskClass.POSSIBLY_LEGITIMATE if POTENTIAL in events else RiskClass.UNKNOWN


def _responses(risk_class: RiskClass, kind: ApplicationKind) -> tuple[str, ...]:
    if risk_class is RiskClass.POSSIBLY_LEGITIMATE:
        return (IGNORE,)
    if risk_class is RiskClass.PROBABLE_RISK:
        return (QUARANTINE, TERMINATE)
    if risk_class is RiskClass.COMMERCIAL_APPLICATION:
        # Quarantine also serves for harmless programs that users must not run (guide p. 75).
        return (IGNORE, QUARANTINE)
    if risk_class is RiskClass.KEYLOGGER:
        # Some commercial keyloggers may be allowed (guide p. 75).
        commercial = kind is ApplicationKind.COMMERCIAL_KEYLOGGER
        return (QUARANTINE, TERMINATE, IGNORE) if commercial else (QUARANTINE, TERMINATE)
    return (OBSERVE,) if risk_class is RiskClass.UNKNOWN else ()


def _reason(
    risk_class: RiskClass, events: frozenset[str], kind: ApplicationKind, listed: PermittedList
) -> str:
    if risk_class is RiskClass.CANNOT_BE_EXCEPTED:
        return "It is on Symantec's own list of permitted applications: no exception can be made."
    if risk_class is RiskClass.ALREADY_COVERED:
        return _covered_reason(events, listed)
    said = _OPENINGS[risk_class]
    if risk_class is RiskClass.KEYLOGGER and kind is ApplicationKind.COMMERCIAL_KEYLOGGER:
        said = "It is a keylogger that is sold as a product: allow it only if its use is approved."
    if risk_class is RiskClass.PROBABLE_RISK and POTENTIAL in events:
        said += " Some of its rows say Potential risk found."
    if risk_class is RiskClass.POSSIBLY_LEGITIMATE and kind is ApplicationKind.TROJAN_WORM:
        said += " The scan saw the behaviour of a Trojan horse or worm."
    if listed is PermittedList.USER:
        said += " A user permitted it on a computer of his own."
    return said


def _covered_reason(events: frozenset[str], listed: PermittedList) -> str:
    if listed is PermittedList.ADMINISTRATOR:
        return "It is on the administrator's list: an exception for it exists already."
    if events == {FORCED}:
        return "Every detection was forced by an exception that exists already."
    if events == {ALLOWED}:
        return "Every row says that the detection is now allowed: an exception exists already."
    return "Every row comes from an exception that exists already: forced or now allowed."


_OPENINGS: dict[RiskClass, str] = {
    RiskClass.POSSIBLY_LEGITIMATE: (
        "Potential risk found: possibly a legitimate process. It is no verdict, so read name, path"
        " and company too."
    ),
    RiskClass.PROBABLE_RISK: (
        "Security risk found: probably a security risk. It is no verdict, so read name, path and"
        " company too."
    ),
    RiskClass.COMMERCIAL_APPLICATION: (
        "A commercial application such as remote control: allow it where it is used on purpose,"
        " quarantine it where users must not run it."
    ),
    RiskClass.KEYLOGGER: "The scan saw the behaviour of a keylogger: probably a security risk.",
    RiskClass.UNKNOWN: (
        "The log does not say what kind of risk this is. Unknown risks get no exception: keep"
        " logging and watch how often clients detect it."
    ),
}
