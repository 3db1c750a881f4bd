"""Ids for the texts of rows as they stand in the log: most rows repeat what was met before.

Each part has a dictionary from the texts of some columns to what the full way (`RowBuilder.build`,
then `Dimensions`) makes of them. What is new in a run of rows is learned for all of them at once,
from one row each, so that few rows are ever made into records.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from truscan.ingest.dimensions import FACT_FIELDS
from truscan.ingest.packing import NULL, moment
from truscan.ingest.record_keys import OUTCOME_TEXTS
from truscan.ingest.row_parts import Column, Part, Texts
from truscan.logs.record import LogRecord
from truscan.logs.rows import picker
from truscan.logs.ticks import IN_HOUR, Hours

if TYPE_CHECKING:
    from truscan.ingest.resolve import Dimensions
    from truscan.logs.raw_rows import RawRows
    from truscan.logs.rows import RowBuilder

# Of longer rows nothing is kept: a hostile file could fill the memory with their texts.
_LONGEST = 4096
# Packed event time in ticks, and the two side times as COPY takes them.
Times = tuple[int, bytes, bytes]


class RowIds:
    """What is known of the rows of one layout."""

    def __init__(self, builder: RowBuilder, dimensions: Dimensions) -> None:
        self._builder = builder
        self._dimensions = dimensions
        self._hours = Hours(builder.clock)
        self._times = tuple(map(builder.text_of, ("event_at", "inserted_at", "end_at")))
        self.address = builder.text_of("ip_address")
        self._computer, self._account, self._place, self._server, self._file = (
            Part(builder.picker(*names))
            for names in (
                ("domain", "computer"), ("domain", "user"), ("domain", "group", "location"),
                ("server",), ("hash", "file_path", "application_name"),
            )
        )  # fmt: skip
        self._facts = Part(builder.picker("hash", *FACT_FIELDS))
        self._outcome = Part(builder.picker(*OUTCOME_TEXTS))
        self._occurrences = Part(builder.picker("occurrences"))
        self._extra = Part(picker(()))
        self._extra_positions: tuple[int, ...] = ()
        self._domain, self._name, self._user, self._path, self._hash, self._application = map(
            builder.value_of,
            ("domain", "computer", "user", "file_path", "hash", "application_name"),
        )

    def times(self, rows: Sequence[Texts]) -> list[Times | None]:
        """The times of rows; None where they take more than a look-up."""
        hours, in_hour, out = self._hours, IN_HOUR, list[Times | None]()
        for event_at, inserted, end in zip(*(map(of, rows) for of in self._times), strict=True):
            try:
                at = hours[event_at[:14]] + in_hour[event_at[14:]]
                packed = moment(at)
                out.append((
                    at,
                    moment(hours[inserted[:14]] + in_hour[inserted[14:]]) if inserted else NULL,
                    packed if end == event_at
                    else moment(hours[end[:14]] + in_hour[end[14:]]) if end else NULL,
                ))  # fmt: skip
            except KeyError:
                out.append(None)
        return out

    def occurrences(self, rows: RawRows) -> list[bytes | None]:
        """Occurrences of rows, packed; None in a row that the full way may reject."""
        column = self._column(self._occurrences, rows)
        self._learn(rows, [(column, self._dimensions.occurrences_of)])
        return column.found

    def of(self, rows: RawRows) -> list[list[Any]]:
        """The fields of `Ids` but Occurrences; None where only the full way can tell.

        Rows that may be rejected are to be left out before: what is new in these is stored.
        """
        d = self._dimensions
        computers, accounts, places, servers, files, outcomes = (
            self._column(part, rows)
            for part in (self._computer, self._account, self._place, self._server, self._file,
                         self._outcome)
        )  # fmt: skip
        self._learn_computers(computers, rows.texts)
        self._learn_accounts(accounts, rows.texts)
        self._learn_known_files(files, rows.texts)
        self._learn(
            rows,
            [(places, d.place_of), (servers, d.server_of), (files, d.file_of),
             (outcomes, d.outcome_of)],
        )  # fmt: skip
        # Facts are those of a process, which its file tells.
        facts = Column(
            self._facts, zip(files.found, map(self._facts.pick, rows.texts), strict=True)
        )
        self._learn(rows, [(facts, d.facts_of)])
        # By now every text was converted, so that all columns that add to `extra` are known.
        self._follow_extra()
        extra = self._column(self._extra, rows)
        self._learn(rows, [(extra, d.extra_of)])
        columns = (computers, accounts, places, servers, files, facts, outcomes, extra)
        return [column.found for column in columns]

    def _column(self, part: Part, rows: RawRows) -> Column:
        return Column(part, map(part.pick, rows.texts))

    def _learn_computers(self, column: Column, rows: Sequence[Texts]) -> None:
        missing, known = column.missing(), self._dimensions.computers
        if not missing:
            return
        named = {key: (self._domain(rows[n]), self._name(rows[n])) for key, n in missing.items()}
        new = {
            named[key]: self.address(rows[n]).strip() or None
            for key, n in missing.items()
            if named[key] not in known
        }
        if new:
            self._dimensions.learn_computers(new)
        column.fill({key: self._dimensions.computer_of(*name) for key, name in named.items()})

    def _learn_accounts(self, column: Column, rows: Sequence[Texts]) -> None:
        missing, known = column.missing(), self._dimensions.accounts
        if not missing:
            return
        named = {key: (self._domain(rows[n]), self._user(rows[n])) for key, n in missing.items()}
        new = {name for name in named.values() if name not in known}
        if new:
            self._dimensions.learn_accounts(new)
        column.fill({key: self._dimensions.account_of(*name) for key, name in named.items()})

    def _learn_known_files(self, column: Column, rows: Sequence[Texts]) -> None:
        """Files in folders of other users than before, by their folded paths."""
        made = {}
        for key, n in column.missing().items():
            texts = rows[n]
            file = self._dimensions.known_file(
                self._hash(texts), self._application(texts), self._path(texts)
            )
            if file is not None:
                made[key] = file
        column.fill(made)

    def _learn(
        self, rows: RawRows, wanted: Sequence[tuple[Column, Callable[[LogRecord], Any]]]
    ) -> None:
        """Learn what is missing in some columns from the record of one row each."""
        lacking = [(column, of, column.missing()) for column, of in wanted]
        numbers = {n for _, _, missing in lacking for n in missing.values()}
        if not numbers:
            return
        records = {}
        for n in numbers:
            record = self._record(rows, n)
            if record is not None:
                records[n] = record
        self._dimensions.learn(list(records.values()))
        for column, of, missing in lacking:
            column.fill({key: of(records[n]) for key, n in missing.items() if n in records})

    def _record(self, rows: RawRows, n: int) -> LogRecord | None:
        """The record of a row from which others may learn."""
        if sum(map(len, rows.texts[n])) > _LONGEST:
            return None
        outcome = rows.outcome(n)
        return outcome if isinstance(outcome, LogRecord) else None

    def _follow_extra(self) -> None:
        """A value that says more than its field holds makes its column one that decides `extra`."""
        positions = self._builder.extra_positions()
        if positions != self._extra_positions:
            self._extra_positions, self._extra = positions, Part(picker(positions))
