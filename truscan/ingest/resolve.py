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
from truscan.ingest.record_keys import (
    GROUP_PATH,
    LONG,
    NAME,
    PROCESS_NAME,
    Key,
    fact_row,
    facts_key,
    file_key,
    name_of,
    outcome_key,
    outcome_row,
    process_row,
)
from truscan.logs.identity import process_identity
from truscan.logs.path_folding import generic_path

if TYPE_CHECKING:
    from collections.abc import Sequence

    from truscan.logs.record import LogRecord

# Entries of one dictionary; a very large estate starts it anew now and then.
CAP = 150_000
_Domains = dict[str | None, int]


class Dimensions:
    """Ids by key of what the log says, each independent key in a dictionary of its own.

    Values are ready for COPY: ids as text, parted by tabs where one key decides several columns.
    """

    def __init__(self) -> None:
        self.computers: dict[Key, str] = {}
        self.accounts: dict[Key, str] = {}
        self.places: dict[Key, str] = {}
        self.servers: dict[str | None, str] = {None: "\\N"}
        self.appearances: dict[Key, str] = {}
        self.facts: dict[Key, str] = {}
        self.outcomes: dict[Key, str] = {}

    def make_room(self) -> None:
        """Between blocks: what was learned for a block stays until the block is written."""
        for known in (self.computers, self.accounts, self.places, self.appearances, self.facts,
                      self.outcomes):  # fmt: skip
            if len(known) > CAP:
                known.clear()

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
        self.servers.update({k: str(n) for k, n in ids_by_name(SERVER, names).items()})
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
        self.computers.update({raw: str(ids[key]) for raw, key in keys.items()})

    def _learn_accounts(self, found: set[tuple[str | None, str | None]], domains: _Domains) -> None:
        keys: dict[Key, Key] = {}
        rows: dict[Key, Key] = {}
        for domain, name in found:
            text = clean(name, NAME)
            keys[domain, name] = key = (domains[domain], clean(text.casefold(), NAME))
            rows.setdefault(key, (text,))
        ids = find_or_make(ACCOUNT, rows)
        self.accounts.update({raw: str(ids[key]) for raw, key in keys.items()})

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
            location_id = str(ids[keys[raw]]) if raw in keys else "\\N"
            self.places[raw] = f"{group_ids[raw[0], raw[1]]}\t{location_id}"

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
            self.appearances[key] = f"{process_id}\t{made[folded]}"

    def _learn_facts(self, found: dict[Key, LogRecord]) -> None:
        """Their processes are known: appearances are learned before."""
        rows: dict[Key, Key] = {}
        told: dict[Key, Key] = {}
        for key, r in found.items():
            process_id = int(self.appearances[file_key(r)].partition("\t")[0])
            row = (process_id, *fact_row(r))
            made = told[key] = (identity_of(*row),)
            rows.setdefault(made, row)
        ids = find_or_make(FACTS, rows)
        self.facts.update({key: str(ids[made]) for key, made in told.items()})

    def _learn_outcomes(self, found: dict[Key, LogRecord]) -> None:
        actions = ids_by_name(ACTION, {r.actual_action for r in found.values()})
        made: dict[Key, tuple[Key, str]] = {}
        rows: dict[Key, Key] = {}
        for key, r in found.items():
            action = actions[r.actual_action]
            row = outcome_row(r, action)
            identity = (identity_of(*row),)
            rows.setdefault(identity, row)
            level = "\\N" if row[4] is None else str(row[4])
            made[key] = identity, f"{row[1]}\t{level}\t{'t' if r.candidate else 'f'}\t{action}"
        ids = find_or_make(OUTCOME, rows)
        for key, (identity, rest) in made.items():
            self.outcomes[key] = f"{ids[identity]}\t{rest}"
