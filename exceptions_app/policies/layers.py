"""A base and what lies over it, flattened: plain values in, what to write out. No query."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class Terms:
    """What an exception says of its process."""

    response: str
    review_on: date | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Own:
    """An exception of the overlay; `source_id` is the base's one that it was taken from, None for
    one that somebody decided here."""

    id: int
    terms: Terms
    source_id: int | None = None


@dataclass(frozen=True, slots=True)
class Flattened:
    """What makes the overlay's draft say what base and overlay say together.

    `write` are processes with the base's exception (id, terms); `retire` exceptions whose source
    is gone. `overruled` are processes of the base for which the overlay says something else,
    `left_out` those that somebody removed here.
    """

    write: Mapping[int, tuple[int, Terms]]
    retire: tuple[int, ...]
    overruled: tuple[int, ...]
    left_out: tuple[int, ...]

    def __bool__(self) -> bool:
        return bool(self.write or self.retire)


def flatten(
    base: Mapping[int, tuple[int, Terms]], overlay: Mapping[int, Own], removed: Collection[int]
) -> Flattened:
    """Both by process; `removed` are exceptions of the base that were taken over and removed here.

    What was decided in the overlay counts, else what the base says, else nothing.
    """
    write: dict[int, tuple[int, Terms]] = {}
    overruled, left_out = [], []
    for process, (source_id, terms) in sorted(base.items()):
        own = overlay.get(process)
        if own is None:
            if source_id in removed:
                left_out.append(process)
            else:
                write[process] = source_id, terms
        elif own.source_id is None:
            if own.terms != terms:
                overruled.append(process)
        elif own.terms != terms:
            write[process] = source_id, terms
    gone = sorted(
        own.id
        for process, own in overlay.items()
        if own.source_id is not None and process not in base
    )
    return Flattened(write, tuple(gone), tuple(overruled), tuple(left_out))


def by_terms(
    write: Mapping[int, tuple[int, Terms]],
) -> Iterable[tuple[Terms, dict[int, int]]]:
    """Processes with their sources, together where the terms are the same; in a fixed order."""
    groups: dict[Terms, dict[int, int]] = {}
    for process, (source_id, terms) in write.items():
        groups.setdefault(terms, {})[process] = source_id
    return groups.items()
