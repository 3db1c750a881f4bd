"""What texts of rows decide, learned once for all rows that repeat it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from sys import intern
from typing import Any

Texts = Sequence[str]
# Entries of one dictionary, after which it starts anew.
CAP = 60_000


class Part:
    """What some columns of a row decide."""

    def __init__(self, pick: Callable[[Texts], Any]) -> None:
        self.pick = pick
        self.known: dict[Any, Any] = {}

    def learn(self, key: Any, value: Any) -> None:
        if len(self.known) >= CAP:
            self.known.clear()
        self.known[_shared(key)] = value


class Column:
    """One part of successive rows: what is known of it, None where nothing is."""

    def __init__(self, part: Part, keys: Iterable[Any]) -> None:
        self.part = part
        self.keys = list(keys)
        self.found = list(map(part.known.get, self.keys))

    def missing(self) -> dict[Any, int]:
        """The keys that are not known, each with the number of one row that has it."""
        if None not in self.found:
            return {}
        pairs = zip(self.keys, self.found, strict=True)
        return {key: n for n, (key, value) in enumerate(pairs) if value is None}

    def fill(self, made: dict[Any, Any]) -> None:
        """Take and keep what was learned."""
        if not made:
            return
        for key, value in made.items():
            self.part.learn(key, value)
        pairs = zip(self.keys, self.found, strict=True)
        self.found = [made.get(key) if value is None else value for key, value in pairs]


def _shared(key: Any) -> Any:
    """The same key of texts that other keys share: most columns have few values."""
    if isinstance(key, str):
        return intern(key)
    return tuple([intern(text) if isinstance(text, str) else text for text in key])
