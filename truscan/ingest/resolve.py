"""Ids for what log lines say: dictionaries of what was met, sets of SQL for what was not."""

from __future__ import annotations

from typing import TYPE_CHECKING

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
from truscan.ingest.row_ids import Ids
from truscan.logs.identity import key_parts, process_identity
from truscan.logs.path_folding import generic_path

if TYPE_CHECKING:
    from collections.abc import Sequence

    from truscan.logs.record import LogRecord

# Entries of one dictionary; a very large estate starts it anew now and then.
CAP = 150_000
_Domains = dict[str | None, int]


class Dimensions:
    """Ids by key of what the log says, each independent key in a dictionary of its own.

    Values are ready for COPY: packed ids, one behind the other where one key decides several columns.
    """

    def __init__(self) -> None:
        self.computers: dict[Key, bytes] = {}
        self.accounts: dict[Key, bytes] = {}
        self.places: dict[Key, bytes] = {}
        self.servers: dict[str | None, bytes] = {None: NULL}
        self.appearances: dict[Key, bytes] = {}
        self.facts: dict[Key, bytes] = {}
        self.outcomes: dict[Key, bytes] = {}

    def make_room(self) -> None:
        """Between blocks: what was learned for a block stays until the block is written."""
        for known in (self.computers, self.accounts, self.places, self.appearances, self.facts,
                      self.outcomes):  # fmt: skip
            if len(known) > CAP:
                known.clear()

    def ids_of(self, r: LogRecord) -> Ids:
        """Ids and key parts of a record; KeyError if one of its keys is not known."""
        file, parts, extra = file_key(r), key_parts(r), extra_of(r)
        return Ids(
            (self.computers[r.domain, r.computer], parts.computer),
            (self.accounts[r.domain, r.user], parts.user),
            self.places[r.domain, r.group, r.location],
            self.servers[r.server],
            (self.appearances[file], parts.file),
            self.facts[facts_key(r, file)],
            (self.outcomes[outcome_key(r)], parts.event),
            integer(occurrences_of(r)),
            NULL if extra is None else json_text(extra),
        )

    def learn(self, records: Sequence[LogRecord]) -> None:
        """Find or make the rows of every key of these records that is not known yet."""
        domains = ids_by_name(DOMAIN, {r.domain for r in records})
        named = {(r.domain, r.computer): r.ip_address for r in records}
        known = self.computers
        self.learn_computers({k: v for k, v in named.items() if k not in known}, domains)
        users = {(r.domain, r.user) for r in records}
        self._learn_accounts({key for key in users if key not in self.accounts}, domains)
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

    def learn_computers(
        self,
        found: dict[tuple[str | None, str | None], str | None],
        domains: _Domains | None = None,
    ) -> None:
        """`found` is {(domain, computer): address}."""
        if domains is None:
            domains = ids_by_name(DOMAIN, {domain for domain, _ in found})
        rows: dict[Key, Key] = {}
        keys: dict[Key, Key] = {}
        for (domain, name), address in found.items():
            text = clean(name, NAME)
            keys[domain, name] = key = (domains[domain], clean(text.casefold(), NAME))
            rows.setdefault(key, (text, clean(address, 64)))
        ids = find_or_make(COMPUTER, rows)
        self.computers.update({raw: integer(ids[key]) for raw, key in keys.items()})

    def _learn_accounts(self, found: set[tuple[str | None, str | None]], domains: _Domains) -> None:
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
            location = integer(ids[keys[raw]]) if raw in keys else NULL
            self.places[raw] = integer(group_ids[raw[0], raw[1]]) + location

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
