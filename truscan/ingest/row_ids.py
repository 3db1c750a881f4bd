"""Ids for the texts of rows as they stand in the log: most rows repeat what was met before.

Each dictionary goes from the texts of some columns to what the full way (`RowBuilder.build`, then
`Dimensions`) made of them, so that a row of which every part is known is never made into a record.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from truscan.ingest.dimensions import FACT_FIELDS
from truscan.ingest.record_keys import OUTCOME_TEXTS
from truscan.logs.rows import picker
from truscan.logs.ticks import Hours

if TYPE_CHECKING:
    from truscan.logs.rows import RowBuilder

# Entries of one dictionary, after which it starts anew.
CAP = 60_000
# Longer texts are not kept: a hostile file could fill the memory with them.
_LONGEST = 4096
Texts = Sequence[str]


class Ids(NamedTuple):
    """A row's parts, packed for COPY; where a pair, the second is its part of the detection key."""

    computer: tuple[bytes, bytes]
    account: tuple[bytes, bytes]
    place: bytes
    server: bytes
    file: tuple[bytes, bytes]
    facts: bytes
    outcome: tuple[bytes, bytes]
    occurrences: bytes
    extra: bytes


class RowIds:
    """What is known of the rows of one layout."""

    def __init__(self, builder: RowBuilder) -> None:
        self._builder = builder
        self.hours = Hours(builder.clock)
        self.event_at, self.inserted_at, self.end_at, self.address = (
            builder.text_of(name) for name in ("event_at", "inserted_at", "end_at", "ip_address")
        )
        self._pickers = (
            builder.picker("domain", "computer"),
            builder.picker("domain", "user"),
            builder.picker("domain", "group", "location"),
            builder.picker("server"),
            builder.picker("hash", "file_path", "application_name"),
            builder.picker("hash", *FACT_FIELDS),
            builder.picker(*OUTCOME_TEXTS),
            builder.picker("occurrences"),
        )
        self._known: tuple[dict[Any, Any], ...] = tuple({} for _ in Ids._fields)
        self._extra_positions: tuple[int, ...] = ()
        self._follow_extra()

    def of(self, rows: Sequence[Texts]) -> Iterator[tuple[Any, ...]]:
        """The `Ids` of each row as a plain tuple, None in it where a part is not known."""
        return zip(
            *(
                map(known.get, keys)
                for known, keys in zip(self._known, self._keys(rows), strict=True)
            ),
            strict=True,
        )

    def _keys(self, rows: Sequence[Texts]) -> Iterator[Any]:
        """For each part the texts that decide it. Facts are those of a process, told by its file."""
        computer, account, place, server, file, facts, outcome, occurrences = self._pickers
        yield from (map(pick, rows) for pick in (computer, account, place, server, file))
        files = map(self._known[Ids._fields.index("file")].get, map(file, rows))
        yield zip(files, map(facts, rows), strict=True)
        yield from (map(pick, rows) for pick in (outcome, occurrences, self._extra))

    def learn(self, texts: Texts, ids: Ids, *, keep_extra: bool) -> None:
        """Remember what the full way made of a row.

        `keep_extra` is false if more than the columns of `extra` decided it: times that are none.
        """
        self._follow_extra()
        if sum(map(len, texts)) > _LONGEST:
            return
        for known, made in zip(self._known[:-1], ids, strict=False):
            if len(known) >= CAP:
                known.clear()
        keys = self._keys([texts])
        for known, found, made in zip(self._known, keys, ids, strict=True):
            (key,) = found
            known[key] = made
        if not keep_extra:
            self._known[-1].pop(self._extra(texts), None)

    def _follow_extra(self) -> None:
        """A value that says more than its field holds makes its column one that decides `extra`."""
        positions = self._builder.extra_positions()
        if positions != self._extra_positions or len(self._known[-1]) >= CAP:
            self._known[-1].clear()
        self._extra_positions = positions
        self._extra = picker(positions)
