from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import getitem, itemgetter
from typing import Any

from truscan.logs.clock import Clock
from truscan.logs.errors import LineError
from truscan.logs.events import EventMeaning
from truscan.logs.record import LogRecord
from truscan.logs.values import HASH_TYPE_OF_LENGTH, Convert, Note, conversions, plain
from truscan.logs.vocabulary import Vocabulary

# Few different values in a file: each text is converted once and its result shared. In the order
# of `RowBuilder.build`.
_NARROW = (
    "detection_type", "application_name", "application_type", "application_version",
    "company_name", "hash_type", "hash", "file_size", "sensitivity", "detection_score",
    "permitted_reason", "disposition", "prevalence", "confidence", "first_seen",
    "download_site", "web_domain", "downloaded_by", "risk_level", "risk_name", "source",
    "occurrences", "actual_action", "requested_action", "secondary_action", "domain", "group",
    "location", "server", "signer", "engine_version",
)  # fmt: skip
# Nearly every row has its own: keeping them would cost more than converting them.
_WIDE = (
    "computer", "ip_address", "file_path", "description", "event_at", "inserted_at", "end_at",
    "user", "source_computer", "source_ip",
)  # fmt: skip

# Fields that stay as they are read beside `extra`.
KEPT_WITH_EXTRA = ("description", "source_computer", "source_ip")

# 20,000 processes are common; above the cap a table starts anew, so that memory stays bounded.
_CAP = 16_384
# Longer texts are not kept: a hostile file could fill the memory with them.
_LONGEST = 1024

FORCED_ACTIONS = frozenset(
    {
        "Forced detection using file name",
        "Forced detection using file hash",
        "Forced detection by using the file name",
        "Forced detection by using the file hash",
    }
)


class _Memo(dict[str, Any]):
    """Text -> converted value, computed once; C code does the look-up."""

    __slots__ = ("_compute",)

    def __init__(self, compute: Callable[[str], Any]) -> None:
        super().__init__()
        self._compute = compute

    def __missing__(self, text: str) -> Any:
        value = self._compute(text)
        if len(self) >= _CAP:
            self.clear()
        if len(text) <= _LONGEST:
            self[text] = value
        return value


@dataclass(slots=True, frozen=True)
class Rules:
    """What turns texts into values for one source."""

    clock: Clock
    vocabulary: Vocabulary


class RowBuilder:
    """Turns the texts of one layout into LogRecords.

    `columns` says for each text its field of LogRecord and its label; a text without a field, or
    whose field another text fills already, goes into `extra`.
    """

    def __init__(
        self, layout: str, columns: Sequence[tuple[str | None, str]], rules: Rules
    ) -> None:
        self._layout = layout
        self._clock = rules.clock
        self._vocabulary = rules.vocabulary
        self._events = _Memo(self._event)
        self._width = len(columns)
        self._labels = [label for _, label in columns]
        self._at = _positions(columns)
        taken = set(self._at.values())
        self._extra_at = [n for n in range(self._width) if n not in taken]
        self._extra = _Extras([self._labels[n] for n in self._extra_at])
        # Position and text of values that say more than their field holds.
        self._notes: dict[tuple[int, str], tuple[str, str]] = {}
        self._noted: set[int] = set()
        special = conversions(rules.vocabulary)
        self._memos = [self._memo(name, special.get(name, plain)) for name in _NARROW]
        # Absent fields read the empty text that `build` puts behind the row.
        self._narrow = itemgetter(*(self._at.get(name, self._width) for name in _NARROW))
        self._wide = itemgetter(*(self._at.get(name, self._width) for name in _WIDE))
        self._event_at = self._at.get("event", self._width)

    @property
    def clock(self) -> Clock:
        return self._clock

    def picker(self, *names: str) -> Callable[[Sequence[str]], Any]:
        """What takes the texts of these fields from a row; a field without a column has none."""
        return picker([self._at[name] for name in names if name in self._at])

    def text_of(self, name: str) -> Callable[[Sequence[str]], str]:
        """What takes the text of one field from a row; empty if the layout has no such column."""
        return itemgetter(self._at[name]) if name in self._at else lambda _: ""

    def value_of(self, name: str) -> Callable[[Sequence[str]], Any]:
        """What makes the value of one field, as `build` does; no time, no count."""
        text_of = self.text_of(name)
        if name in _WIDE:
            return lambda texts: text_of(texts).strip() or None
        memo = self._memos[_NARROW.index(name)]
        return lambda texts: memo[text_of(texts)]

    def extra_positions(self) -> tuple[int, ...]:
        """Columns that may add to `extra`, or to the texts kept with it.

        Grows when a value is met that says more than its field holds: then, and before the record
        with that value is given out.
        """
        kept = {self._at[name] for name in KEPT_WITH_EXTRA if name in self._at}
        return tuple(sorted(kept | self._noted | set(self._extra_at)))

    def _memo(self, name: str, convert: Convert) -> _Memo:
        position = self._at.get(name)

        def compute(text: str) -> Any:
            value, note = convert(text)
            if note is not None and position is not None:
                self._note(position, text, note)
            return value

        return _Memo(compute)

    def _event(self, text: str) -> EventMeaning:
        english = self._vocabulary.meaning("event", text)
        if english and self._event_at < self._width:
            self._note(self._event_at, text, ("in English", english))
        return self._vocabulary.event(text.strip())

    def _note(self, position: int, text: str, note: Note) -> None:
        label = self._labels[position]
        self._noted.add(position)
        if len(self._notes) >= _CAP or len(text) > _LONGEST:
            # The memos that would note a text again must forget it too.
            self._notes.clear()
            for memo in (*self._memos, self._events):
                memo.clear()
        if isinstance(note, tuple):
            self._notes[position, text] = (f"{label} ({note[0]})", note[1])
        elif note is not None:
            self._notes[position, text] = (label, note)

    def build(self, line_no: int, texts: list[str]) -> LogRecord:
        """A record of the row; LineError if it has no usable time or count.

        `texts` has one text a column and is given away: an empty one is put behind it.
        """
        texts.append("")
        (
            detection_type, application_name, application_type, application_version, company_name,
            hash_type, hash_, file_size, sensitivity, detection_score, permitted_reason,
            disposition, prevalence, confidence, first_seen, download_site, web_domain,
            downloaded_by, risk_level, risk_name, source, occurrences, actual, requested,
            secondary, domain, group, location, server, signer, engine_version,
        ) = map(getitem, self._memos, self._narrow(texts))  # fmt: skip
        (
            computer, ip_address, path, description, event_time, inserted, end, user,
            source_computer, source_ip,
        ) = self._wide(texts)  # fmt: skip
        event = texts[self._event_at]
        meaning: EventMeaning = self._events[event]
        candidate = meaning.candidate and FORCED_ACTIONS.isdisjoint((actual, requested, secondary))
        event_at = self._clock.event_at(event_time)
        path = path.strip()
        name = file_name(path)
        if hash_ is not None:
            hash_type = HASH_TYPE_OF_LENGTH[len(hash_)]
        extra = self._extra.of(texts, self._extra_at) if self._extra_at else {}
        inserted_at = event_at if inserted == event_time else self._side_time(inserted)
        end_at = event_at if end == event_time else self._side_time(end)
        if self._notes:
            extra = self._with_notes(texts, extra)
        if (inserted_at is None and inserted) or (end_at is None and end):
            extra = self._with_times(texts, extra, inserted_at is None, end_at is None)
        return LogRecord(
            line_no, self._layout, event.strip() or None, meaning.event_type, candidate,
            computer.strip() or None, ip_address.strip() or None, detection_type,
            application_name, application_type, application_version, company_name, hash_type,
            hash_, path or None, name or None, file_size, sensitivity, detection_score,
            permitted_reason, disposition, prevalence, confidence, first_seen, download_site,
            web_domain, downloaded_by, risk_level, risk_name, source, occurrences,
            description.strip() or None, actual, requested, secondary, event_at, inserted_at,
            end_at, domain, group, location, server, user.strip() or None,
            source_computer.strip() or None, source_ip.strip() or None, signer, engine_version,
            extra,
        )  # fmt: skip

    def _side_time(self, text: str) -> Any:
        try:
            return self._clock.read(text)
        except LineError:
            return None

    def _with_notes(self, texts: list[str], extra: dict[str, str]) -> dict[str, str]:
        found = (self._notes.get((n, texts[n])) for n in self._noted)
        noted = dict([note for note in found if note])
        return {**extra, **noted} if noted else extra

    def _with_times(
        self, texts: list[str], extra: dict[str, str], no_inserted: bool, no_end: bool
    ) -> dict[str, str]:
        extra = dict(extra)
        for name, is_missing in (("inserted_at", no_inserted), ("end_at", no_end)):
            position = self._at.get(name)
            if is_missing and position is not None and texts[position].strip() not in ("", "0"):
                extra[self._labels[position]] = texts[position].strip()
        return extra


class _Extras:
    """The texts without a field as a dict; equal ones share one, since they repeat by process."""

    def __init__(self, labels: list[str]) -> None:
        self._labels = labels
        self._known: dict[tuple[str, ...], dict[str, str]] = {}

    def of(self, texts: list[str], positions: list[int]) -> dict[str, str]:
        key = tuple([texts[n] for n in positions])
        extra = self._known.get(key)
        if extra is None:
            if len(self._known) >= _CAP // 4:
                self._known.clear()
            pairs = zip(self._labels, map(str.strip, key), strict=True)
            extra = {label: text for label, text in pairs if text}
            if sum(map(len, key)) <= _LONGEST:
                self._known[key] = extra
        return extra


def file_name(path: str) -> str:
    name = path[path.rfind("\\") + 1 :]
    return name[name.rfind("/") + 1 :] if "/" in name else name


def picker(positions: Sequence[int]) -> Callable[[Sequence[str]], Any]:
    """`itemgetter` that also takes nothing."""
    return itemgetter(*positions) if positions else lambda _: ()


def _positions(columns: Sequence[tuple[str | None, str]]) -> dict[str, int]:
    at: dict[str, int] = {}
    for n, (name, _) in enumerate(columns):
        if name is not None:
            at.setdefault(name, n)
    return at
