"""Ids for what log lines say: dictionaries of what was met, sets of SQL for what was not."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from truscan.ingest.dimensions import (
    ACCOUNT,
    ACTION,
    APPEARANCE,
    COMPUTER,
    DOMAIN,
    FACTS,
    LOCATION,
    OUTCOME,
    PROCESS,
    SERVER,
    clean,
    identity_of,
)
from truscan.ingest.find_or_make import find_or_make, groups_of, ids_by_name
from truscan.ingest.packing import NULL, flag, integer, json_text, number_of, small
from truscan.ingest.record_keys import (
    GROUP_PATH,
    LONG,
    NAME,
    PROCESS_NAME,
    Key,
    extra_of,
    fact_row,
    facts_key,
    file_key,
    name_of,
    occurrences_of,
    outcome_key,
    outcome_row,
    process_row,
)
from truscan.logs.identity import (
    computer_part,
    event_part,
    file_part,
    process_identity,
    user_part,
)
from truscan.logs.path_folding import generic_path
from truscan.logs.rows import file_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from truscan.logs.record import LogRecord

# Entries of one dictionary; a very large estate starts it anew now and then.
CAP = 150_000
_Domains = dict[str | None, int]
# Packed ids, and what they add to the detection's key.
Pair = tuple[bytes, bytes]


class Ids(NamedTuple):
    """A row's parts, packed for COPY."""

    computer: Pair
    account: Pair
    place: bytes
    server: bytes
    file: Pair
    facts: bytes
    outcome: Pair
    extra: bytes
    occurrences: bytes


class Dimensions:
    """Ids by key of what the log says, each independent key in a dictionary of its own.

    Values are ready for COPY: packed ids, one behind the other where one key
    decides several columns.
    """

    def __init__(self) -> None:
        self.domains: _Domains = {}
        self.computers: dict[Key, bytes] = {}
        self.accounts: dict[Key, bytes] = {}
        self.places: dict[Key, bytes] = {}
        self.servers: dict[str | None, bytes] = {None: NULL}
        self.appearances: dict[Key, bytes] = {}
        self.facts: dict[Key, bytes] = {}
        self.outcomes: dict[Key, bytes] = {}

    def make_room(self) -> None:
        """Between blocks: what was learned for a block stays until the block is written."""
        for known in (self.domains, self.computers, self.accounts, self.places,
                      self.appearances, self.facts, self.outcomes):  # fmt: skip
            if len(known) > CAP:
                known.clear()

    def ids_of(self, r: LogRecord) -> Ids:
        """Ids and key parts of a record; KeyError if one of its keys is not known."""
        return Ids(
            self.computer_of(r.domain, r.computer),
            self.account_of(r.domain, r.user),
            self.place_of(r),
            self.server_of(r),
            self.file_of(r),
            self.facts_of(r),
            self.outcome_of(r),
            self.extra_of(r),
            self.occurrences_of(r),
        )

    def computer_of(self, domain: str | None, name: str | None) -> Pair:
        return self.computers[domain, name], computer_part(domain, name)

    def account_of(self, domain: str | None, user: str | None) -> Pair:
        return self.accounts[domain, user], user_part(user)

    def place_of(self, r: LogRecord) -> bytes:
        return self.places[r.domain, r.group, r.location]

    def server_of(self, r: LogRecord) -> bytes:
        return self.servers[r.server]

    def file_of(self, r: LogRecord) -> Pair:
        key = file_key(r)
        return self.appearances[key], file_part(r.hash or key[1], key[2])

    def known_file(
        self, hash_: str | None, application: str | None, path: str | None
    ) -> Pair | None:
        """As `file_of`; None for a file that was not met yet."""
        generic = generic_path(path) if path else None
        name = (file_name(path) if path else None) or application
        ids = self.appearances.get((hash_, name, generic))
        return None if ids is None else (ids, file_part(hash_ or name, generic))

    def facts_of(self, r: LogRecord) -> bytes:
        return self.facts[facts_key(r, file_key(r))]

    def outcome_of(self, r: LogRecord) -> Pair:
        return self.outcomes[outcome_key(r)], event_part(r.event)

    @staticmethod
    def occurrences_of(r: LogRecord) -> bytes:
        return integer(occurrences_of(r))

    @staticmethod
    def extra_of(r: LogRecord) -> bytes:
        extra = extra_of(r)
        return NULL if extra is None else json_text(extra)

    def learn(self, records: Sequence[LogRecord]) -> None:
        """Find or make the rows of every key of these records that is not known yet."""
        domains = self._domains_of({r.domain for r in records})
        named = {(r.domain, r.computer): r.ip_address for r in records}
        known = self.computers
        self.learn_computers({k: v for k, v in named.items() if k not in known})
        users = {(r.domain, r.user) for r in records}
        self.learn_accounts({key for key in users if key not in self.accounts})
        places = {(r.domain, r.group, r.location) for r in records}
        self._learn_places({key for key in places if key not in self.places}, domains)
        names = {r.server for r in records if r.server not in self.servers}
        self.servers.update({k: integer(n) for k, n in ids_by_name(SERVER, names).items()})
        files = {file_key(r): r for r in records}
        new = {key: r for key, r in files.items() if key not in self.appearances}
        self._learn_appearances(new)
        told = {facts_key(r, file_key(r)): r for r in records}
        self._learn_facts({key: r for key, r in told.items() if key not in self.facts})
        outcomes = {outcome_key(r): r for r in records}
        self._learn_outcomes({key: r for key, r in outcomes.items() if key not in self.outcomes})

    def _domains_of(self, names: set[str | None]) -> _Domains:
        missing = names - self.domains.keys()
        if missing:
            self.domains.update(ids_by_name(DOMAIN, missing))
        return self.domains

    def learn_computers(
        self,
        found: dict[tuple[str | None, str | None], str | None],
    ) -> None:
        """`found` is {(domain, computer): address}."""
        domains = self._domains_of({domain for domain, _ in found})
        rows: dict[Key, Key] = {}
        keys: dict[Key, Key] = {}
        for (domain, name), address in found.items():
            text = clean(name, NAME)
            keys[domain, name] = key = (domains[domain], clean(text.casefold(), NAME))
            rows.setdefault(key, (text, clean(address, 64)))
        ids = find_or_make(COMPUTER, rows)
        self.computers.update({raw: integer(ids[key]) for raw, key in keys.items()})

    def learn_accounts(self, found: set[tuple[str | None, str | None]]) -> None:
        """`found` has (domain, user)."""
        domains = self._domains_of({domain for domain, _ in found})
        keys: dict[Key, Key] = {}
        rows: dict[Key, Key] = {}
        for domain, name in found:
            text = clean(name, NAME)
            keys[domain, name] = key = (domains[domain], clean(text.casefold(), NAME))
            rows.setdefault(key, (text,))
        ids = find_or_make(ACCOUNT, rows)
        self.accounts.update({raw: integer(ids[key]) for raw, key in keys.items()})

    def _learn_places(
        self, found: set[tuple[str | None, str | None, str | None]], domains: _Domains
    ) -> None:
        paths = {(d, group): clean(group, GROUP_PATH).strip("\\") for d, group, _ in found}
        groups = groups_of({(domains[d], path) for (d, _), path in paths.items()})
        group_ids = {
            (d, group): groups[domains[d], path.casefold()] for (d, group), path in paths.items()
        }
        keys: dict[Key, Key] = {}
        rows: dict[Key, Key] = {}
        for domain, group, location in found:
            if location:
                text = clean(location, NAME)
                key = (group_ids[domain, group], clean(text.casefold(), NAME))
                keys[domain, group, location] = key
                rows.setdefault(key, (text,))
        ids = find_or_make(LOCATION, rows)
        for raw in found:
            packed = integer(ids[keys[raw]]) if raw in keys else NULL
            self.places[raw] = integer(group_ids[raw[0], raw[1]]) + packed

    def _learn_appearances(self, found: dict[Key, LogRecord]) -> None:
        identities = {key: process_identity(r) for key, r in found.items()}
        ids = find_or_make(PROCESS, {(identities[k],): process_row(r) for k, r in found.items()})
        rows: dict[Key, Key] = {}
        seen: dict[Key, tuple[int, Key]] = {}
        for key, r in found.items():
            identity, name = identities[key], name_of(r)
            path = generic_path(r.file_path) if r.file_path else ""
            folded = (identity_of(identity, name.casefold(), path.casefold()),)
            seen[key] = ids[(identity,)], folded
            text = clean(name, PROCESS_NAME), clean(path, LONG)
            rows.setdefault(folded, (ids[(identity,)], *text))
        made = find_or_make(APPEARANCE, rows)
        for key, (process_id, folded) in seen.items():
            self.appearances[key] = integer(process_id) + integer(made[folded])

    def _learn_facts(self, found: dict[Key, LogRecord]) -> None:
        """Their processes are known: appearances are learned before."""
        rows: dict[Key, Key] = {}
        told: dict[Key, Key] = {}
        for key, r in found.items():
            process_id = number_of(self.appearances[file_key(r)])
            row = (process_id, *fact_row(r))
            made = told[key] = (identity_of(*row),)
            rows.setdefault(made, row)
        ids = find_or_make(FACTS, rows)
        self.facts.update({key: integer(ids[made]) for key, made in told.items()})

    def _learn_outcomes(self, found: dict[Key, LogRecord]) -> None:
        actions = ids_by_name(ACTION, {r.actual_action for r in found.values()})
        made: dict[Key, tuple[Key, bytes]] = {}
        rows: dict[Key, Key] = {}
        for key, r in found.items():
            action = actions[r.actual_action]
            row = outcome_row(r, action)
            identity = (identity_of(*row),)
            rows.setdefault(identity, row)
            made[key] = (
                identity,
                small(row[1]) + small(row[4]) + flag(r.candidate) + integer(action),
            )
        ids = find_or_make(OUTCOME, rows)
        for key, (identity, rest) in made.items():
            self.outcomes[key] = integer(ids[identity]) + rest
