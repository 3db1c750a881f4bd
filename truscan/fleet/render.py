from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from copy import copy
from dataclasses import replace
from datetime import datetime, timedelta
from operator import itemgetter
from typing import Any

from truscan.fleet.days import DAY, Row
from truscan.fleet.estate import Estate
from truscan.fleet.program import Program
from truscan.fleet.sayings import Form, saying, sensitivities
from truscan.logs.record import LogRecord
from truscan.logs.write import write_line

# What differs from row to row of a program, in the order of `_Lines._values`. No value of these
# holds a comma or a quote, so the writer's quoting is the same for all rows of a program.
_VARYING = (
    "computer", "ip_address", "group", "server", "user", "sensitivity", "occurrences",
    "event_at", "inserted_at", "end_at", "location", "path_user",
)  # fmt: skip
# A program in an event, a line's pattern: more of them than this are made anew when needed.
_CAP = 32_768
_Template = tuple[str, Callable[[tuple[str, ...]], Any], tuple[str, ...]]


class Lines:
    """Writes rows as lines: the text of each program is made once by the writer, then filled in."""

    def __init__(
        self, estate: Estate, programs: list[Program], domain: str, form: Form, start: datetime
    ) -> None:
        self._locations = estate.locations
        self._clients = [
            (c.name, c.ip_address, c.group, c.server, c.account) for c in estate.clients
        ]
        self._programs = programs
        self._runs_as_system = [program.runs_as_system for program in programs]
        self._domain = domain
        self._form = form
        self._start = start
        self._templates: dict[tuple[int, str], _Template] = {}
        self._dates: dict[int, str] = {}
        self._clocks = [f"{n // 3600:02d}:{n // 60 % 60:02d}:{n % 60:02d}" for n in range(DAY)]
        self._offset = start.hour * 3600 + start.minute * 60 + start.second

    def of(self, rows: Iterable[Row]) -> Iterator[str]:
        """A line for each row, without line ends."""
        templates, clients, is_system = self._templates, self._clients, self._runs_as_system
        for inserted, at, number, place, level, event_type, occurrences, location in rows:
            template = templates.get((number, event_type))
            if template is None:
                template = self._template(number, event_type)
            text, order, levels = template
            name, address, group, server, account = clients[place]
            time = self._time(at)
            yield text % order((
                name, address, group, server, "SYSTEM" if is_system[number] else account,
                levels[level], str(occurrences), time, self._time(inserted), time,
                self._locations[location], account,
            ))  # fmt: skip

    def _time(self, second: int) -> str:
        day, second = divmod(second + self._offset, DAY)
        date = self._dates.get(day)
        if date is None:
            date = f"{self._start + timedelta(days=day):%Y-%m-%d} "
            self._dates[day] = date
        return date + self._clocks[second]

    def _template(self, number: int, event_type: str) -> _Template:
        if len(self._templates) >= _CAP:
            self._templates.clear()
        program = self._programs[number]
        marks = {name: f"\x01{n}\x02" for n, name in enumerate(_VARYING)}
        record = saying(program, event_type or program.event_type, self._domain, self._form)
        told: dict[str, Any] = {name: marks[name] for name in _VARYING if name in self._form.fields}
        path = program.path.replace("{user}", marks["path_user"])
        line = write_line(replace(record, file_path=path, **told), self._form.name)
        parts = line.replace("%", "%%").replace("\x02", "\x01").split("\x01")
        order = list(map(int, parts[1::2]))
        text = "%s".join(parts[0::2])
        template = text, itemgetter(*order), sensitivities(program)
        self._templates[number, event_type] = template
        return template


class Records:
    """Tells rows as LogRecords, as a reader of the form's lines would."""

    def __init__(
        self, estate: Estate, programs: list[Program], domain: str, form: Form, start: datetime
    ) -> None:
        self._estate = estate
        self._programs = programs
        self._domain = domain
        self._form = form
        self._start = start
        self._sayings: dict[tuple[int, str], LogRecord] = {}

    def of(self, rows: Iterable[Row], first_line: int) -> Iterator[LogRecord]:
        """A record for each row, numbered from `first_line`; rows share their `extra`."""
        has_location = "location" in self._form.fields
        for line_no, row in enumerate(rows, first_line):
            program, client = self._programs[row.program], self._estate.clients[row.client]
            record = copy(self._saying(program, row.event_type))
            record.line_no = line_no
            record.computer, record.ip_address = client.name, client.ip_address
            record.group, record.server = client.group, client.server
            record.user = "SYSTEM" if program.runs_as_system else client.account
            record.file_path = program.path.replace("{user}", client.account)
            record.sensitivity = sensitivities(program)[row.level] or None
            record.occurrences = row.occurrences
            record.event_at = record.end_at = self._start + timedelta(seconds=row.at)
            record.inserted_at = self._start + timedelta(seconds=row.inserted)
            if has_location:
                record.location = self._estate.locations[row.location]
            yield record

    def _saying(self, program: Program, event_type: str) -> LogRecord:
        key = (program.number, event_type)
        found = self._sayings.get(key)
        if found is None:
            if len(self._sayings) >= _CAP:
                self._sayings.clear()
            told = saying(program, event_type or program.event_type, self._domain, self._form)
            found = self._sayings[key] = told
        return found
