"""What to think of before a policy is published: plain values in, findings out. No query.

Every finding has a grade, a reason and a way out. None of them stops anything by itself: see
`gate` for what an administrator makes of the grades.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from exceptions_app.models.lint import Grade
from exceptions_app.models.policy import Response

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

STOPS = (Response.QUARANTINE, Response.TERMINATE)
# Fewer groups than this say nothing about where a program is used.
FEW_GROUPS = 5
# At another location of a group that has the policy (or for the group itself).
BESIDE = "beside"
# POLICY-FORMATS 7: about 500 hash entries are what a client handles well.
MANY_HASHES = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleFacts:
    """One exception of the draft and what is known of its process.

    `hash_kinds` are those of all hashes that it carries ("sha256", "sha1", "md5"), `kin` the
    processes that are the same file, `writable` paths in which users may write, `groups_seen` in
    how many of the policy's groups it was seen. `wide` is its number of computers there if that is
    more than the set share. `protected` says which protected program it is. `elsewhere` are
    exceptions for its file in other policies: (response, policy, place, "above"/"below"/BESIDE).
    """

    exception_id: int
    process_id: int
    name: str
    path: str
    response: str
    hash_kinds: frozenset[str]
    kin: frozenset[int] = frozenset()
    expires_at: datetime | None = None
    signer: str = ""
    on_symantec_list: bool = False
    is_scripting_host: bool = False
    writable: tuple[str, ...] = ()
    groups_seen: int = 0
    wide: int | None = None
    protected: str = ""
    elsewhere: tuple[tuple[str, str, str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyFacts:
    """`groups` are those where it is in force, `computers` those that logs named there."""

    name: str
    groups: int
    computers: int
    evidence_percent: int
    now: datetime
    rules: tuple[RuleFacts, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Finding:
    """`key` is the same as long as the exception is: what a second person accepted stays so."""

    code: str
    grade: Grade
    process_id: int | None
    subject: str
    reason: str
    way_out: str
    key: str


def lint(policy: PolicyFacts) -> list[Finding]:
    """The gravest first, then by name; the same facts give the same list."""
    found = [*_whole(policy), *_two_responses(policy.rules)]
    for rule in policy.rules:
        found += _never(rule, policy)
        found += _loose(rule, policy) if rule.response == Response.IGNORE else _hard(rule, policy)
        found += _elsewhere(rule)
    return sorted(found, key=lambda one: (-one.grade, one.subject.casefold(), one.key))


def _of(rule: RuleFacts, code: str, grade: Grade, reason: str, way_out: str) -> Finding:
    subject = rule.name or rule.path or "a process without a name"
    key = f"{code}:{rule.exception_id}"
    return Finding(code, grade, rule.process_id, subject, reason, way_out, key)


def _whole(policy: PolicyFacts) -> Iterator[Finding]:
    if policy.rules and not policy.groups:
        yield Finding(
            "in_force_nowhere", Grade.NOTE, None, policy.name,
            "No group or location has this policy: none of its exceptions can match.",
            "Assign it on the page of a group.", "in_force_nowhere:policy",
        )  # fmt: skip
    hashes = sum(len(rule.hash_kinds) for rule in policy.rules)
    if hashes >= MANY_HASHES:
        yield Finding(
            "many_hashes", Grade.NOTE, None, policy.name,
            f"It has {hashes:,} hashes; a client handles about 500 well and slows down beyond.",
            "Remove exceptions that match nothing any more, or split the policy.",
            "many_hashes:policy",
        )  # fmt: skip


def _two_responses(rules: Iterable[RuleFacts]) -> Iterator[Finding]:
    by_process = {rule.process_id: rule for rule in rules}
    by_program: dict[tuple[str, str], list[RuleFacts]] = {}
    for rule in by_process.values():
        by_program.setdefault((rule.name.casefold(), rule.path.casefold()), []).append(rule)
        for other in (by_process[kin] for kin in sorted(rule.kin & by_process.keys())):
            if other.response != rule.response:
                yield _of(
                    rule, "two_responses", Grade.GRAVE,
                    f"One file under two hashes: {_word(rule)} here and {_word(other)} under the"
                    " other hash. SEPM does not say which of two counts.",
                    "Give both the same response, or unlink the hashes if they are two files.",
                )  # fmt: skip
    for same in by_program.values():
        for rule in same:
            if not rule.hash_kinds and any(o.response != rule.response for o in same):
                yield _of(
                    rule, "two_responses", Grade.CAUTION,
                    f"{_word(rule)} by name, and another response by hash for a program of this"
                    " name and path.",
                    "Keep the one by hash: it says which file is meant.",
                )  # fmt: skip


def _never(rule: RuleFacts, policy: PolicyFacts) -> Iterator[Finding]:
    reason = way_out = ""
    if rule.on_symantec_list:
        reason = "It is on Symantec's own list by now: no exception for it can take effect."
        way_out = "Remove it."
    elif rule.expires_at is not None and rule.expires_at <= policy.now:
        reason = f"It expired on {rule.expires_at:%Y-%m-%d}: a revision leaves it out."
        way_out = "Remove it, or decide anew with a later date."
    elif not rule.hash_kinds and not rule.name:
        reason = "It has neither a hash nor a name: nothing can be compared with it."
        way_out = "Remove it."
    elif rule.hash_kinds == {"md5"}:
        reason = "Only its MD5 is known: clients compare SHA-256, old ones SHA-1."
        way_out = "Link its SHA-256 or SHA-1 as the same file on the page of the process."
    if reason:
        yield _of(rule, "never_matches", Grade.CAUTION, reason, way_out)


def _loose(rule: RuleFacts, policy: PolicyFacts) -> Iterator[Finding]:
    """An Ignore that lets through more than it should."""
    if rule.is_scripting_host:
        yield _of(
            rule, "scripting_host", Grade.GRAVE,
            "It runs whatever script it is given: ignoring it ignores them all.",
            "Observe it, or find out which script was meant and keep this from being ignored.",
        )  # fmt: skip
    if rule.writable:
        more = f" and {len(rule.writable) - 1} more" if len(rule.writable) > 1 else ""
        yield _of(
            rule, "user_writable", Grade.CAUTION,
            f"Seen where users may write, or on a drive that may be removable:"
            f" {rule.writable[0]}{more}.",
            "Have it installed for all users under Program Files; until then set a review date.",
        )  # fmt: skip
    if not rule.signer:
        yield _of(
            rule, "no_signer", Grade.NOTE,
            "No signer is known: it may be unsigned, or the log does not tell.",
            "Look at the file's signature on one computer and say so in the reason.",
        )  # fmt: skip
    if rule.hash_kinds == {"sha1"}:
        yield _of(
            rule, "sha1_only", Grade.CAUTION,
            "Only its SHA-1 is known: another file with the same one can be made.",
            "Link its SHA-256 as the same file once a newer client has reported it.",
        )  # fmt: skip
    if not policy.groups:
        return
    if not rule.groups_seen:
        seen = "It was seen in no group where it is ignored."
    elif (
        policy.groups >= FEW_GROUPS
        and rule.groups_seen * 100 < policy.evidence_percent * policy.groups
    ):
        seen = f"It is ignored in {policy.groups:,} groups and was seen in {rule.groups_seen:,}."
    else:
        return
    way_out = "Give it in a policy of the groups that use it."
    yield _of(rule, "broader_than_evidence", Grade.CAUTION, seen, way_out)


def _hard(rule: RuleFacts, policy: PolicyFacts) -> Iterator[Finding]:
    """A Quarantine or Terminate that may stop work."""
    if rule.protected:
        yield _of(
            rule, "protected", Grade.GRAVE,
            f"{_word(rule)} for a program of the protect list: {rule.protected}.",
            "Make sure by hash and signer that it is another file; else take the exception out.",
        )  # fmt: skip
    if rule.wide is not None:
        share = rule.wide * 100 / max(policy.computers, 1)
        yield _of(
            rule, "widely_used", Grade.GRAVE,
            f"{_word(rule)} for something on {rule.wide:,} of {policy.computers:,} computers"
            f" ({share:.0f} %).",
            "Ask what it is where it is used most; begin with one group.",
        )  # fmt: skip


def _elsewhere(rule: RuleFacts) -> Iterator[Finding]:
    """Let through in one place and stopped in another; one finding of each kind is enough."""
    opposite = [one for one in rule.elsewhere if (one[0] in STOPS) != (rule.response in STOPS)]
    for response, policy, place, side in opposite:
        if side == BESIDE:
            yield _of(
                rule, "location_differs", Grade.CAUTION,
                f"{_word(rule)} here, {Response(response).label} by {policy} in {place}: one"
                " computer does either, by where it is.",
                "If that is meant, say so in both reasons; else give both the same response.",
            )  # fmt: skip
            break
    for response, policy, place, side in opposite:
        if side != BESIDE:
            yield _of(
                rule, "subgroup_differs", Grade.CAUTION,
                f"{_word(rule)} here, {Response(response).label} {side} in {place} by {policy}.",
                "If that is meant, say so in both reasons; else give both the same response.",
            )  # fmt: skip
            break


def _word(rule: RuleFacts) -> str:
    return str(Response(rule.response).label)


def counted(findings: Iterable[Finding]) -> Mapping[Grade, int]:
    """How many of each grade, the gravest first."""
    grades = [one.grade for one in findings]
    return {grade: grades.count(grade) for grade in sorted(Grade, reverse=True)}
