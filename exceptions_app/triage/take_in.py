"""Rules of a file into a policy's draft: counted first, then taken as one decision.

Like every decision it is one transaction, told in the ledger, and undone as one. Undo takes the
exceptions back; processes that the file made known stay, without a sighting.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.db import transaction

from exceptions_app.export import canonical
from exceptions_app.importing.rules import ImportRefused, Rule
from exceptions_app.models.decision import Decision
from exceptions_app.models.exception import ProcessException
from exceptions_app.models.foreign import ForeignRules
from exceptions_app.policies.approval_rules import in_words, need_second
from exceptions_app.policies.draft import KINDS
from exceptions_app.policies.foreign import foreign_rules
from exceptions_app.policies.locks import lock_policies, share_tree
from exceptions_app.triage.decide import checked_reason, refresh
from exceptions_app.triage.plan import ON_LIST, SAME
from exceptions_app.triage.write import (
    Item,
    Wording,
    insert_exceptions,
    make_decision,
    retire_exceptions,
    write_ledger,
)
from truscan.logs.identity import hash_identity
from truscan.models.process import Process

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from exceptions_app.importing.rules import FileRules
    from exceptions_app.models.policy import Policy
    from truscan.access.actor import Actor


COUNTS = ("created", "updated", "unchanged", "conflicting", "expired")
SHOWN = 50


@dataclass(slots=True)
class Counted:
    """What taking the file does: each rule is in one of the five lists.

    `updated` have other dates (or, with `replace`, another response) than the draft; `conflicting`
    stay as the draft has them, each with the reason. `not_ours` counts rules of other kinds, and
    `foreign_changed` tells that they differ from those that the draft carries.
    """

    created: list[Rule] = field(default_factory=list)
    updated: list[Rule] = field(default_factory=list)
    unchanged: list[Rule] = field(default_factory=list)
    conflicting: list[tuple[Rule, str]] = field(default_factory=list)
    expired: list[Rule] = field(default_factory=list)
    new_processes: int = 0
    not_ours: dict[str, int] = field(default_factory=dict)
    foreign_changed: bool = False
    decision: Decision | None = None

    @property
    def writes(self) -> list[Rule]:
        return [*self.created, *self.updated]

    @property
    def is_nothing(self) -> bool:
        return not self.writes and not self.foreign_changed

    def as_json(self) -> dict[str, Any]:
        return {
            "decision": self.decision.pk if self.decision else None,
            **{name: len(getattr(self, name)) for name in COUNTS},
            "new_processes": self.new_processes,
            "not_ours": self.not_ours,
            "foreign_changed": self.foreign_changed,
            "conflicts": [
                {"hash": rule.hash, "response": rule.response, "why": why}
                for rule, why in self.conflicting[:SHOWN]
            ],
        }


@dataclass(slots=True)
class _Now:
    """What the database says of the hashes: the process, and its exception in the draft."""

    processes: dict[str, tuple[int, bool]]
    active: dict[int, ProcessException]


def count_file(*, file: FileRules, policy: Policy, now: datetime, replace: bool = False) -> Counted:
    """What `take_in` would do now; nothing is written. ImportRefused for two responses for one
    hash in the file, and for a file without a rule of ours."""
    known = _look(policy, file.rules)
    counted = _count(_once_each(file), file, known, now, replace=replace)
    _hold_back(counted, known, policy, now)
    counted.foreign_changed = _brings_others(file, policy)
    return counted


@transaction.atomic
def take_in(
    *,
    actor: Actor,
    file: FileRules,
    policy: Policy,
    source: str,
    sha256: str,
    reason: str,
    now: datetime,
    replace: bool = False,
) -> Counted:
    """Write the file's rules into the draft as one decision; none if there is nothing to change.

    A hash that no log told of becomes a process without a sighting: it is in no inbox, and a log
    that tells of it later finds it decided. `source` and `sha256` name the file in the ledger.
    Raises ImportRefused, NothingChosen without a reason, NotFound if the policy was deleted.
    """
    reason = checked_reason(reason)
    rules = _once_each(file)
    share_tree()
    policy = lock_policies([policy.pk])[policy.pk]
    known = _look(policy, rules)
    counted = _count(rules, file, known, now, replace=replace)
    _hold_back(counted, known, policy, now)
    counted.foreign_changed = _brings_others(file, policy)
    if counted.is_nothing:
        return counted
    _make_known([rule for rule in counted.created if rule.hash not in known.processes])
    before = known.active
    known = _look(policy, rules)
    ids = _write(counted.writes, known, before, policy, reason, actor, now)
    items = _items(counted, known, before, ids, policy.pk)
    counted.decision = make_decision(
        actor=actor, kind=Decision.Kind.RESPOND, reason=reason, now=now, items=items
    )
    if counted.foreign_changed:
        ForeignRules.objects.create(
            decision=counted.decision, policy=policy, rules=file.foreign or {}
        )
    refresh(ids, {policy.pk}, now)
    told = {
        "file": source,
        "file_sha256": sha256,
        "form": file.form,
        "created": len(counted.created),
        "updated": len(counted.updated),
        "new_processes": counted.new_processes,
        "policy": policy.name,
        "not_ours": counted.not_ours,
        "foreign_sha256": canonical.sha256(file.foreign) if counted.foreign_changed else None,
    }
    write_ledger("decision.imported", counted.decision, items, actor=actor, **told)
    return counted


def _brings_others(file: FileRules, policy: Policy) -> bool:
    return file.foreign is not None and file.foreign != foreign_rules(policy)


def _once_each(file: FileRules) -> list[Rule]:
    """The rules by hash, the first of equal ones; nothing is chosen between two responses."""
    first: dict[str, Rule] = {}
    for rule in file.rules:
        other = first.setdefault(rule.hash, rule)
        if other.response != rule.response:
            raise ImportRefused(
                f"The file says both {other.response} and {rule.response} for {rule.hash}:"
                " leave one of the two."
            )
    if not first and not file.foreign:
        raise ImportRefused("The file has no rule for a hash: there is nothing to take from it.")
    return [first[hash_] for hash_ in sorted(first)]


def _look(policy: Policy, rules: Sequence[Rule]) -> _Now:
    rows = Process.objects.filter(hash__in={rule.hash for rule in rules})
    processes = {
        hash_: (pk, on_list)
        for hash_, pk, on_list in rows.values_list("hash", "pk", "on_symantec_list")
    }
    drafted = ProcessException.objects.filter(
        policy=policy, process__in=[pk for pk, _ in processes.values()], retired_at=None
    ).defer("evidence")
    return _Now(processes, {row.process_id: row for row in drafted})


def _count(
    rules: Sequence[Rule], file: FileRules, known: _Now, now: datetime, *, replace: bool
) -> Counted:
    counted = Counted(not_ours=dict(sorted(file.not_ours.items())))
    for rule in rules:
        pk, on_list = known.processes.get(rule.hash, (0, False))
        row = known.active.get(pk)
        if rule.expires_at is not None and rule.expires_at <= now:
            counted.expired.append(rule)
        elif on_list:
            counted.conflicting.append((rule, ON_LIST))
        elif row is None:
            counted.created.append(rule)
            counted.new_processes += not pk
        elif row.response != rule.response and not replace:
            why = f"the draft says {row.get_response_display()}, by {row.author_name}"
            counted.conflicting.append((rule, why))
        elif (row.response, row.review_on, row.expires_at) == (
            rule.response,
            rule.review_on,
            rule.expires_at,
        ):
            counted.unchanged.append(rule)
        else:
            counted.updated.append(rule)
    return counted


def _hold_back(counted: Counted, known: _Now, policy: Policy, now: datetime) -> None:
    """A file is no way round the second person: such rules stay as the draft has them."""
    by_response: dict[str, list[int]] = {}
    for rule in counted.writes:
        by_response.setdefault(rule.response, []).append(_pk(known, rule))
    for response, pks in by_response.items():
        found = need_second(sorted(set(pks)), [policy], response, now)
        if not found:
            continue
        for name in ("created", "updated"):
            rules: list[Rule] = getattr(counted, name)
            held = [r for r in rules if r.response == response and _pk(known, r) in found]
            setattr(counted, name, [rule for rule in rules if rule not in held])
            counted.new_processes -= sum(not _pk(known, rule) for rule in held)
            counted.conflicting += [
                (rule, f"needs a second person: {in_words(found[_pk(known, rule)])}")
                for rule in held
            ]


def _pk(known: _Now, rule: Rule) -> int:
    """The process of the rule's hash; 0 for one that no log told of."""
    return known.processes.get(rule.hash, (0, False))[0]


def _make_known(rules: Iterable[Rule]) -> None:
    """Processes of hashes that nobody has seen, with what the file says of them."""
    Process.objects.bulk_create(
        [
            Process(
                identity=hash_identity(rule.hash),
                hash=rule.hash,
                hash_type=KINDS[len(rule.hash)],
                name=rule.name.replace("\0", "")[:512],
                generic_path=rule.path.replace("\0", ""),
                company_name=rule.company.replace("\0", ""),
                file_size=rule.size,
            )
            for rule in rules
        ],
        ignore_conflicts=True,
        batch_size=2000,
    )


def _write(
    rules: Sequence[Rule],
    known: _Now,
    before: dict[int, ProcessException],
    policy: Policy,
    reason: str,
    actor: Actor,
    now: datetime,
) -> dict[int, int]:
    """Exceptions by process; one statement for all rules that are worded alike."""
    alike: dict[Wording, list[int]] = {}
    for rule in rules:
        said = f"{reason}: {rule.reason}" if rule.reason else reason
        wording = Wording(rule.response, said, rule.review_on, rule.expires_at)
        alike.setdefault(wording, []).append(known.processes[rule.hash][0])
    ours = [pk for pks in alike.values() for pk in pks]
    retire_exceptions([before[pk].pk for pk in ours if pk in before], now)
    ids: dict[int, int] = {}
    for wording, pks in alike.items():
        pairs = [(pk, policy.pk) for pk in pks]
        made = insert_exceptions(pairs, wording, actor=actor, now=now)
        ids |= {process: pk for (process, _), pk in made.items()}
    return ids


def _items(
    counted: Counted,
    known: _Now,
    before: dict[int, ProcessException],
    ids: dict[int, int],
    policy_id: int,
) -> list[Item]:
    """What was written, and quietly what stood already: undo of an earlier act must not take it."""

    def standing(pk: int) -> int | None:
        return before[pk].pk if pk in before else None

    written = [Item(pk, policy_id, before_id=standing(pk), after_id=ids[pk]) for pk in sorted(ids)]
    same = [known.processes[rule.hash][0] for rule in counted.unchanged]
    kept = [
        Item(pk, policy_id, before_id=standing(pk), after_id=standing(pk), skipped=SAME,
             is_quiet=True)
        for pk in same
    ]  # fmt: skip
    refused = [
        Item(known.processes[rule.hash][0], policy_id, skipped=why)
        for rule, why in counted.conflicting
    ]
    return [*written, *kept, *refused]
