from __future__ import annotations

import csv
import re
from datetime import UTC, datetime

from truscan.logs.errors import LineError
from truscan.logs.record import IgnoredLine, LogRecord
from truscan.logs.rows import RowBuilder, Rules

LAYOUT = "client-log"

_HEADER = re.compile(r"[0-9a-fA-F]{8}(?:\t[0-9a-fA-F]{1,16}){3,12}")
_LEAD = re.compile(r"(?:[0-9A-Fa-f]{8}\t(?:[0-9A-Fa-f]{16}\t){3}[0-9A-Fa-f]{8}\t)?")
_LINE = re.compile(_LEAD.pattern + r"([0-9A-Fa-f]{12}),(\d+),(-?\d*),(\d+),")
_FEWEST = 59
# Lines of 14.2 have 89 to 91 fields; a last line without its end may be cut anywhere.
_USUAL = 81

# Logger 16 is SONAR ("Bash"); virus types 48 and 224 are heuristic (LOG-FORMATS 4).
_SONAR_LOGGER = "16"
_HEURISTIC = frozenset({"48", "224"})
_INFECTION = "5"
# Events of SONAR that tell of a detection; the others tell of steps in cleaning one up.
_EVENTS = {
    "5": "Infection",
    "71": "SONAR detection now allowed",
    "72": "Interesting process detected",
    "77": "Heuristic threat now known",
}
# Kinds under which other client events are counted, by event number.
_IGNORED = {
    "1": "scan", "2": "scan", "3": "scan", "5": "virus_found", "46": "virus_found",
    "47": "virus_found", "49": "virus_found", "50": "virus_found", "51": "virus_found",
    "78": "system", "79": "system",
}  # fmt: skip

# Index in the line -> field, then index in "event data 2" -> field.
_FIELDS: dict[int, tuple[str | None, str]] = {
    4: ("computer", "Computer"), 5: ("user", "User"), 6: ("risk_name", "Virus"),
    7: ("file_path", "File"), 8: ("requested_action", "Wanted action 1"),
    9: ("secondary_action", "Wanted action 2"), 10: ("actual_action", "Real action"),
    13: ("description", "Description"), 33: ("group", "Client group"), 36: ("domain", "NT domain"),
    60: ("application_type", "Eraser category"), 61: (None, "Dynamic category set"),
    64: ("disposition", "Reputation disposition"), 65: ("confidence", "Confidence"),
    66: ("first_seen", "First seen"), 67: ("prevalence", "Prevalence"),
    68: ("download_site", "Download URL"), 69: ("downloaded_by", "Creator"),
    71: ("risk_level", "Behaviour risk level"), 72: (None, "Detection type"),
    81: ("location", "Location"), 83: ("signer", "Signer"), 84: (None, "Issuer"),
    85: (None, "Thumbprint"), 87: (None, "Serial"), 38: (None, "Client version"),
    11: (None, "Virus type"),
}  # fmt: skip
_PROCESS: dict[int, tuple[str, str]] = {
    2: ("company_name", "Company"), 3: ("file_size", "Size"), 4: ("hash_type", "Hash type"),
    5: ("hash", "Hash"), 6: ("application_version", "Product version"),
    9: ("engine_version", "SONAR engine version"), 13: ("application_name", "Product name"),
}  # fmt: skip
_PROCESS_AT = 59


def is_client_line(line: str) -> bool:
    """Whether a line is of AVMan.log or a daily client log: its header or an entry."""
    return bool(_HEADER.fullmatch(line.strip()) or _LINE.match(line))


class ClientReader:
    """Reads AVMan.log and the daily logs of a client."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        columns = [("event", "Event"), ("event_at", "Time"), ("source", "Logger")]
        self._builder = RowBuilder(LAYOUT, [*columns, *_FIELDS.values(), *_PROCESS.values()], rules)

    def read(self, line_no: int, line: str, *, is_cut: bool = False) -> LogRecord | IgnoredLine:
        """One line; LineError if it is no entry of a client log."""
        if _HEADER.fullmatch(line.strip()):
            return IgnoredLine(line_no, "header")
        found = _LINE.match(line)
        if not found:
            raise LineError("not-a-log-line", "The line is no entry of a client log.")
        at = client_time(found[1])
        cells = next(csv.reader([line[found.start(1) :]]), [])
        if not _is_detection(cells):
            kind = _IGNORED.get(cells[1], "client_other")
            return IgnoredLine(
                line_no, kind, computer=cells[4] or None, domain=_cell(cells, 36) or None,
                event_at=at,
            )  # fmt: skip
        if len(cells) < _FEWEST or (is_cut and len(cells) < _USUAL):
            raise LineError("cut-line", f"The entry has {len(cells)} fields; 59 at least are due.")
        # A client writes its own local time, so that the zone of the import holds for it too.
        local = at.strftime("%Y-%m-%d %H:%M:%S")
        event = _event(cells)
        process = _cell(cells, _PROCESS_AT).split("\t")
        texts = [event, local, "SONAR" if cells[3] == _SONAR_LOGGER else "Heuristic"]
        texts += [_cell(cells, n) for n in _FIELDS]
        texts += [_cell(process, n - 1).replace("\\~", ",") for n in _PROCESS]
        return self._builder.build(line_no, texts)


def _is_detection(cells: list[str]) -> bool:
    if cells[3] == _SONAR_LOGGER:
        return cells[1] in _EVENTS
    return cells[1] == _INFECTION and _cell(cells, 11) in _HEURISTIC


def _event(cells: list[str]) -> str:
    """The client has numbers, no names; commercial categories are told by the eraser category."""
    if cells[1] == _INFECTION and _cell(cells, 60) in ("100", "101"):
        return "Commercial application detected"
    return _EVENTS[cells[1]]


def _cell(cells: list[str], n: int) -> str:
    return cells[n] if n < len(cells) else ""


def client_time(digits: str) -> datetime:
    """`30080E070635` -> 2018-09-14 07:06:53: years since 1970, month from 0, then day to second."""
    year, month, day, hour, minute, second = bytes.fromhex(digits)
    try:
        return datetime(1970 + year, month + 1, day, hour, minute, second, tzinfo=UTC)
    except ValueError as error:
        raise LineError("bad-time", f"{digits} is not a time of a client log.") from error
