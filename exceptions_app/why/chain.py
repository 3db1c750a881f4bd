"""Why a process has its response in a group: the chain from the log line to the client.

Every link says what is known, and "not known" where nobody told: a link that is missing is never
taken for one that holds.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from exceptions_app.errors import NotFound
from exceptions_app.models.policy import Policy, Response, Revision
from exceptions_app.policies.draft import KINDS
from exceptions_app.policies.effective import policies_in_force
from exceptions_app.policies.ordered import latest_revisions
from exceptions_app.why import links
from truscan.models.estate import Group, Location

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from exceptions_app.policies.effective import InForce
    from exceptions_app.why.links import Link
    from truscan.models.process import Process


@dataclass(frozen=True, slots=True)
class Rule:
    """The rule of a revision for a process: its facts in the canonical text, and whose hash it is
    by: `is_linked` if the process is the same file under another hash."""

    process_id: int
    facts: dict[str, Any]
    is_linked: bool
    has_expired: bool


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """What another location of the group has: a response, or "" for no rule."""

    location: Location | None
    response: str


@dataclass(slots=True)
class Chain:
    """`response` is what the newest revision orders there now, "" if nothing."""

    process: Process
    group: Group
    location: Location | None
    response: str
    answer: str
    links: list[Link] = field(default_factory=list)
    elsewhere: list[Elsewhere] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        return {
            "process": {
                "id": self.process.pk,
                "hash": self.process.hash,
                "name": str(self.process),
            },
            "group": self.group.path,
            "location": self.location.name if self.location else None,
            "response": self.response or None,
            "answer": self.answer,
            "chain": [link.as_json() for link in self.links],
            "elsewhere": [
                {"location": one.location.name if one.location else None,
                 "response": one.response or None}
                for one in self.elsewhere
            ],
        }  # fmt: skip


def why(process: Process, group: Group, location: Location | None, *, now: datetime) -> Chain:
    """The chain for the group itself, or for one of its locations; NotFound if it has it not.

    A fixed number of queries, whatever the number of locations and rules.
    """
    rows = policies_in_force([group.pk])
    here = next((r for r in rows if r.location_id == (location.pk if location else None)), None)
    if here is None:
        raise NotFound(f"{group} has no location {location}. Name one that it has.")
    revisions = latest_revisions({r.policy_id for r in rows if r.policy_id}, now)
    rules = {pk: rule_for(process, one, now) for pk, one in revisions.items()}
    rule = rules.get(here.policy_id or 0)
    response = _response(rule)
    policy = Policy.objects.filter(pk=here.policy_id).first() if here.policy_id else None
    revision = revisions.get(here.policy_id or 0)
    chain = Chain(process, group, location, response, _answer(response, group, location, policy))
    chain.links = [
        links.detection(process, group),
        links.decision(process, policy, rule),
        links.approval(policy, revision, rule),
        links.revision(here, policy, revision, rule),
        links.export(revision),
        links.client(group, revision, now),
    ]
    chain.elsewhere = _elsewhere(rows, here, rules, response)
    return chain


def rule_for(process: Process, revision: Revision, now: datetime) -> Rule | None:
    """The rule that names the process itself, else one that carries its hash. Two queries."""
    entries = revision.entries.filter(process=process)
    if not entries and process.has_hash:
        tagged = f"{KINDS.get(len(process.hash), 'hash')}:{process.hash}"
        entries = revision.entries.filter(hashes__contains=[tagged]).order_by("pk")
    entry = entries.first()
    if entry is None:
        return None
    place = revision.entries.filter(pk__lt=entry.pk).count()
    text = Revision.objects.values_list("canonical", flat=True).get(pk=revision.pk)
    facts = json.loads(text)["entries"][place]
    expired = entry.expires_at is not None and entry.expires_at <= now
    return Rule(entry.process_id, facts, entry.process_id != process.pk, expired)


def _response(rule: Rule | None) -> str:
    return "" if rule is None or rule.has_expired else str(rule.facts["response"])


def _answer(response: str, group: Group, location: Location | None, policy: Policy | None) -> str:
    place = f"{group} · {location}" if location else str(group)
    if response:
        return f"{Response(response).label} is in force for {place}, by the policy {policy}."
    if policy is None:
        return f"No policy of ours is known to be in force for {place}."
    return f"Nothing is ordered for it in {place}: the policy {policy} has no rule in force."


def _elsewhere(
    rows: Sequence[InForce], here: InForce, rules: dict[int, Rule | None], response: str
) -> list[Elsewhere]:
    """Places of the group whose answer is another one."""
    others = [
        (row.location_id, found)
        for row in rows
        if row is not here and (found := _response(rules.get(row.policy_id or 0))) != response
    ]
    named = Location.objects.in_bulk([pk for pk, _ in others if pk])
    return [Elsewhere(named[pk] if pk else None, found) for pk, found in others]
