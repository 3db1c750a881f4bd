from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import TextIO

from truscan.fleet.days import Days, Row
from truscan.fleet.estate import make_estate
from truscan.fleet.names import DEMO_DOMAIN, ROOT
from truscan.fleet.program import Program, Truth
from truscan.fleet.render import Lines, Records
from truscan.fleet.sayings import form_named
from truscan.fleet.software import make_programs
from truscan.logs.record import LogRecord
from truscan.logs.write import console_header

# The guide's ramp for trojans and worms (p. 77), each level for the same number of days.
RAMP: tuple[int, ...] = tuple(range(10, 101, 10))


class Fleet:
    """A company that does not exist, and what TruScan says of its programs.

    Seed in, bytes out: equal arguments give equal rows on every machine. `groups` counts the root;
    `processes` counts every build. The truth of each process is known.
    """

    def __init__(
        self,
        seed: int,
        *,
        groups: int = 200,
        computers: int = 50_000,
        processes: int = 20_000,
        root: str = ROOT,
        domain: str = DEMO_DOMAIN,
    ) -> None:
        if min(groups, computers, processes) < 1:
            raise ValueError("A fleet has at least one group, one computer and one process.")
        self.seed = seed
        self.domain = domain
        self.estate = make_estate(seed, groups, computers, root)
        self.programs: list[Program] = make_programs(seed, processes, computers)
        self._truth = {h: p.truth for p in self.programs for h in (p.sha1, p.sha256)}

    def truth(self, process_hash: str) -> Truth:
        """What a process really is; KeyError if the hash is not one of this fleet's."""
        return self._truth[process_hash.lower()]

    def rows(
        self, rows: int, start: datetime, days: int, levels: Sequence[int] = RAMP
    ) -> Iterator[Row]:
        """Exactly `rows` rows over `days` days, in the order of their insertion.

        Every level of `levels` (10..100) holds for the same number of days. Where every program
        is visible on some day, twice as many rows as programs hold each of them at least once.
        """
        if days < 1 or not levels:
            raise ValueError("A log covers at least one day and one level.")
        days_of = Days(self.seed, self.programs, self.estate.clients)
        return days_of.rows(rows, days, levels, _utc(start).weekday())

    def records(
        self,
        rows: int,
        start: datetime,
        days: int,
        levels: Sequence[int] = RAMP,
        *,
        form: str = "console-csv",
    ) -> Iterator[LogRecord]:
        """The rows as a reader of `form` finds them; fields that it has no place for are None."""
        records = Records(self.estate, self.programs, self.domain, form_named(form), _utc(start))
        first_line = 2 if form == "console-csv" else 1
        return records.of(self.rows(rows, start, days, levels), first_line)

    def lines(
        self,
        rows: int,
        start: datetime,
        days: int,
        levels: Sequence[int] = RAMP,
        *,
        form: str = "console-csv",
    ) -> Iterator[str]:
        """The rows as lines without their ends; a console export begins with its header."""
        lines = Lines(self.estate, self.programs, self.domain, form_named(form), _utc(start))
        if form == "console-csv":
            yield console_header()
        yield from lines.of(self.rows(rows, start, days, levels))

    def write(
        self,
        out: TextIO,
        rows: int,
        start: datetime,
        days: int,
        levels: Sequence[int] = RAMP,
        *,
        form: str = "console-csv",
    ) -> None:
        """All lines into `out`, each with a line feed."""
        out.writelines(line + "\n" for line in self.lines(rows, start, days, levels, form=form))


def _utc(start: datetime) -> datetime:
    if start.tzinfo is None:
        raise ValueError("The start of a fleet's log needs a time zone.")
    return start.astimezone(UTC).replace(microsecond=0)
