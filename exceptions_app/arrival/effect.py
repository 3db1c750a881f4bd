"""Whether an exception takes effect: what clients did with its process once it had arrived.

Ignore: its process is detected no more. Quarantine and Terminate: it may be detected, and then the
log says that it was stopped; where it says that it was left, the rule does not take effect, and
where the word does not tell, nothing is claimed. Counts are those of whole UTC days.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Max, Q

from exceptions_app.arrival.causes import Cause, likely_causes
from exceptions_app.arrival.did import Did, did
from exceptions_app.arrival.effect_sql import PLACES, RULES, SETTINGS
from exceptions_app.arrival.places import Places
from exceptions_app.arrival.shares import Share, shares
from exceptions_app.models.policy import Response, Revision, RevisionEntry
from exceptions_app.policies.effective import policies_in_force
from truscan.access.scope import subtree
from truscan.ingest.sources import vocabulary
from truscan.models.detection import Action, EventType
from truscan.models.estate import Computer, Group
from truscan.models.process import Process

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import date, datetime

    from exceptions_app.models.policy import Policy

WINDOW_DAYS = 30
MOST = 100
MOST_PLACES = 20


class Row(NamedTuple):
    """A rule at one of its places that are shown; `places` is the number of all."""

    group_id: int
    location_id: int | None
    rows: int
    left: int
    unclear: int
    last_on: date
    places: int


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule, by its process, over all places: occurrences that were left, and so on."""

    process_id: int
    response: str
    since: datetime
    left: int
    unclear: int
    stopped: int
    places: list[Row] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class StillPlace:
    """Where it is still detected or left: group, location ("" = not told), likely causes."""

    group: Group
    location: str
    rows: int
    occurrences: int
    unclear: int
    last_on: date
    causes: tuple[Cause, ...]


@dataclass(frozen=True, slots=True)
class Still:
    """A rule that does not take effect (or, where `occurrences` is 0, of which logs do not say);
    `since` it was published with this response."""

    process: Process
    response: Response
    since: datetime
    occurrences: int
    unclear: int
    places: tuple[StillPlace, ...]
    more_places: int


@dataclass(frozen=True, slots=True)
class PolicyEffect:
    """The judgement of a policy over some groups.

    `judged_from` is when the newest revision is old enough; `heard_at` when a log last named a
    computer there: without a word since then nothing is proven. `unclear` are Quarantine and
    Terminate rules whose process was seen, with words that do not say what was done. `stopped`
    detections of `stopping` such rules were stopped, which proves those.
    """

    revision: Revision | None
    judged_from: datetime | None
    heard_at: datetime | None
    shares: tuple[Share, ...]
    still: tuple[Still, ...] = ()
    unclear: tuple[Still, ...] = ()
    more: int = 0
    stopping: int = 0
    stopped: int = 0

    @property
    def is_proven(self) -> bool:
        """True if logs spoke after the heartbeat: only then no detections mean anything."""
        return bool(self.judged_from and self.heard_at and self.heard_at >= self.judged_from)


def heartbeat() -> timedelta:
    return timedelta(hours=settings.ARRIVAL_HEARTBEAT_HOURS)


def effect_of(policy: Policy, groups: Collection[int] | None, now: datetime) -> PolicyEffect:
    """The policy's effect in those of its groups that are among `groups` (None = all).

    Looked at are the groups that it is assigned to and all below them, also those that do not
    inherit: people expect it there. A fixed number of queries.
    """
    below = _below(policy)
    seen = sorted(below if groups is None else below & set(groups))
    in_force = policies_in_force(seen)
    ours = sorted({row.group_id for row in in_force if row.policy_id == policy.pk})
    known = shares(ours, now)
    revision = policy.revisions.order_by("-number").first()
    if revision is None:
        return PolicyEffect(None, None, None, tuple(known))
    heard = Computer.objects.filter(group__in=ours).aggregate(at=Max("last_heard_at"))["at"]
    rules = _rules(policy, revision, seen, now)
    told = [rule for rule in rules if rule.left or rule.unclear]
    shown = {rule.process_id: rule for rule in told[:MOST]}
    rows = [row for rule in shown.values() for row in rule.places]
    places = Places(
        policy, in_force, known, {row.group_id for row in rows}, {row.location_id for row in rows}
    )
    stills = list(_stills(shown, revision, places))
    return PolicyEffect(
        revision,
        revision.published_at + heartbeat(),
        heard,
        tuple(known),
        tuple(one for one in stills if one.occurrences),
        tuple(one for one in stills if not one.occurrences),
        max(len(told) - MOST, 0),
        sum(1 for rule in rules if rule.stopped),
        sum(rule.stopped for rule in rules),
    )


def counted_effect(policy: Policy, revision: Revision, now: datetime) -> tuple[int, int, int]:
    """How many rules were left somewhere in all groups, are not clear, and stopped something."""
    rules = _rules(policy, revision, sorted(_below(policy)), now)
    return (
        sum(1 for rule in rules if rule.left),
        sum(1 for rule in rules if rule.unclear and not rule.left),
        sum(1 for rule in rules if rule.stopped),
    )


def _below(policy: Policy) -> set[int]:
    """The groups that the policy is assigned to, and all below them."""
    tops = Group.objects.filter(policy_assignments__policy=policy).distinct()
    where = Q(pk__in=[])
    for domain_id, path_key in tops.order_by().values_list("domain_id", "path_key"):
        where |= subtree(path_key, domain_id)
    return set(Group.objects.filter(where).order_by().values_list("pk", flat=True))


def _actions() -> dict[Did, list[int]]:
    """The words of logs by what they say that the client did."""
    words, found = vocabulary(), defaultdict[Did, list[int]](list)
    for pk, name in Action.objects.order_by("pk").values_list("pk", "name_key"):
        found[did(words.meaning("action", name) or name)].append(pk)
    return found


@transaction.atomic
def _rules(policy: Policy, revision: Revision, groups: Sequence[int], now: datetime) -> list[Rule]:
    """The rules that anything was counted of, those with most that was left first."""
    first = (now - timedelta(days=WINDOW_DAYS)).date()
    asked = {
        "revision": revision.pk,
        "policy": policy.pk,
        "now": now,
        "first": first,
        "heartbeat": settings.ARRIVAL_HEARTBEAT_HOURS,
    }
    entries = _ask(RULES, asked)
    if not entries:
        return []
    process_ids, rule_ids, responses, _, first_on = map(list, zip(*entries, strict=True))
    actions = _actions()
    counted = {
        "processes": process_ids,
        "rules": rule_ids,
        "responses": responses,
        "first_on": first_on,
        # With the day after: clocks of clients are ahead at times.
        "days": [
            day
            for number in range(WINDOW_DAYS + 2)
            if (day := first + timedelta(days=number)) >= min(first_on)
        ],
        "groups": groups,
        "allowed": EventType.ALLOWED.value,
        "left": actions[Did.LEFT],
        "stopped": actions[Did.STOPPED],
        "most": MOST_PLACES,
    }
    of = {rule_id: (response, since) for _, rule_id, response, since, _ in entries}
    rules: dict[int, Rule] = {}
    with connection.cursor() as cursor:
        cursor.execute(SETTINGS)
    for pk, left, unclear, stopped, *place in _ask(PLACES, counted):
        rule = rules.setdefault(pk, Rule(pk, *of[pk], left, unclear, stopped))
        row = Row(*place)
        if row.left or row.unclear:
            rule.places.append(row)
    return list(rules.values())


def _ask(sql: str, asked: dict[str, Any]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql, asked)
        return list(cursor.fetchall())


def _stills(shown: Mapping[int, Rule], revision: Revision, places: Places) -> Iterable[Still]:
    processes = Process.objects.in_bulk(shown)
    entries = RevisionEntry.objects.filter(revision=revision, process__in=shown)
    hashes = dict(entries.values_list("process_id", "hashes"))
    for pk, rule in shown.items():
        yield Still(
            processes[pk],
            Response(rule.response),
            rule.since,
            rule.left,
            rule.unclear,
            tuple(_place(row, rule, hashes[pk], places) for row in rule.places),
            rule.places[0].places - len(rule.places),
        )


def _place(row: Row, rule: Rule, hashes: Sequence[str], places: Places) -> StillPlace:
    facts = places.of(row.group_id, row.location_id)
    return StillPlace(
        places.groups[row.group_id],
        places.locations.get(row.location_id or 0, ""),
        row.rows,
        row.left,
        row.unclear,
        row.last_on,
        likely_causes(facts, hashes, rule.since, response=rule.response),
    )
