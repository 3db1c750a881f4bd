"""What two states of a policy differ in, rule by rule: revisions, and the draft."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from exceptions_app.models.policy import Revision

Entry = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Change:
    """A rule that differs: `before` and `after` are responses, empty where there is no rule.

    `hashes` are those after the change (before it, where the rule goes), `was` those that a
    renewed rule had.
    """

    name: str
    hashes: tuple[str, ...]
    before: str
    after: str
    what: str
    was: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Changes:
    """One state of a policy against an earlier one; `policy` tells that name, description or kind
    changed. `renewed` are rules of one program whose file is another build now: one hash went and
    another came under the same name and path."""

    added: list[Change] = field(default_factory=list)
    changed: list[Change] = field(default_factory=list)
    renewed: list[Change] = field(default_factory=list)
    retired: list[Change] = field(default_factory=list)
    policy: bool = False
    never_published: bool = False

    def __bool__(self) -> bool:
        return bool(len(self) or self.policy or self.never_published)

    def __len__(self) -> int:
        return sum(map(len, (self.added, self.changed, self.renewed, self.retired)))


def compare(
    published: Revision | None, policy: dict[str, Any], entries: Sequence[Entry]
) -> Changes:
    """A revision (None: none yet) against entries in the form of the canonical JSON."""
    if published is None:
        return Changes([_change({}, entry) for entry in entries], never_published=True)
    old = json.loads(published.canonical)
    was = {_key(entry): entry for entry in old["entries"]}
    now = {_key(entry): entry for entry in entries}
    came = [now[key] for key in now if key not in was]
    gone = [was[key] for key in was if key not in now]
    renewed = _renewals(gone, came)
    settled = {id(entry) for pair in renewed for entry in pair}
    return Changes(
        added=[_change({}, entry) for entry in came if id(entry) not in settled],
        changed=[_change(was[key], now[key]) for key in now if key in was and was[key] != now[key]],
        renewed=[_change(before, after) for before, after in renewed],
        retired=[_change(entry, {}) for entry in gone if id(entry) not in settled],
        policy=old["policy"] != policy,
    )


def between(before: Revision, after: Revision) -> Changes:
    """What `after` says that `before` did not; both of one policy, in any order."""
    told = json.loads(after.canonical)
    return compare(before, told["policy"], told["entries"])


def _renewals(gone: Iterable[Entry], came: Iterable[Entry]) -> list[tuple[Entry, Entry]]:
    """Pairs of one program: a rule by hash that went, and one that came under its name and path.

    Each rule is in one pair at most; of several builds they pair in their order.
    """
    before: dict[tuple[str, str], list[Entry]] = defaultdict(list)
    for entry in gone:
        if _own_hash(entry) and entry["process"]["name"]:
            before[_program(entry)].append(entry)
    return [
        (before[_program(entry)].pop(0), entry)
        for entry in came
        if _own_hash(entry) and before.get(_program(entry))
    ]


def _program(entry: Entry) -> tuple[str, str]:
    process = entry["process"]
    return process["name"].casefold(), process["path"].casefold()


def _key(entry: Entry) -> tuple[str, str, str]:
    """A process by its own hash, else by name and path."""
    own = _own_hash(entry)
    return (own, "", "") if own else ("", *_program(entry))


def _own_hash(entry: Entry) -> str:
    own: str = entry["hashes"][0] if entry["hashes"] else ""
    return own


def _change(before: Entry, after: Entry) -> Change:
    entry = after or before
    names = before.keys() | after.keys() if before and after else set()
    fields = sorted(name for name in names if before.get(name) != after.get(name))
    return Change(
        name=entry["process"]["name"] or _own_hash(entry),
        hashes=tuple(entry["hashes"]),
        before=before.get("response", ""),
        after=after.get("response", ""),
        what=", ".join(name.replace("_", " ") for name in fields),
        was=tuple(before["hashes"]) if before and after else (),
    )
