"""The two sides of a replay: what clients are ordered now, and what they would be ordered."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.db.models import Q

from exceptions_app.models.exception import ProcessException
from exceptions_app.models.policy import Policy, Response, RevisionEntry
from exceptions_app.policies.ordered import latest_revisions, rules_of
from exceptions_app.triage.kin import kin_ids

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import datetime

STOPPING = (Response.QUARANTINE, Response.TERMINATE)
Rules = dict[int, str]


@dataclass(frozen=True, slots=True)
class Side:
    """Rules by policy: process to response. `otherwise` is what the scan does without a rule."""

    rules: Mapping[int, Rules] = field(default_factory=dict)
    otherwise: str = ""


def published(policy_ids: Iterable[int], at: datetime) -> dict[int, Rules]:
    """What the latest revisions order, unexpired at `at`, other hashes of a file included."""
    revisions = latest_revisions(policy_ids, at)
    found = rules_of(revisions, at)
    return {policy: dict(found.get(row.pk, [])) for policy, row in revisions.items()}


def drafts(
    policy_ids: Iterable[int],
    at: datetime,
    *,
    processes: Collection[int] | None = None,
    without: Collection[int] = (),
) -> dict[int, Rules]:
    """What the drafts would order if they were published at `at`; `without` these exceptions.

    `processes` narrows it to the exceptions of these.
    """
    rows = ProcessException.objects.filter(policy__in=set(policy_ids), retired_at=None)
    rows = rows.filter(Q(expires_at=None) | Q(expires_at__gt=at)).exclude(pk__in=without)
    if processes is not None:
        rows = rows.filter(process__in=processes)
    rules: dict[int, Rules] = defaultdict(dict)
    for policy, process, response in rows.values_list("policy_id", "process_id", "response"):
        rules[policy][process] = response
    return with_kin(rules)


def with_kin(rules: Mapping[int, Rules]) -> dict[int, Rules]:
    """The rules, and theirs for the other hashes of each file; an own rule counts first."""
    kin: dict[int, list[int]] = defaultdict(list)
    for process, other in kin_ids(sorted({p for of in rules.values() for p in of})):
        kin[process].append(other)
    widened: dict[int, Rules] = {}
    for policy, own in rules.items():
        linked = {other: own[p] for p in sorted(own, reverse=True) for other in kin.get(p, [])}
        widened[policy] = linked | own
    return widened


def confirmed_bad(among: Sequence[int] | None, at: datetime) -> set[int]:
    """Processes that people judged as bad: an active or published Quarantine or Terminate
    anywhere, for the process or for another hash of its file. `among` None = all."""
    active = ProcessException.objects.filter(response__in=STOPPING, retired_at=None)
    active = active.filter(Q(expires_at=None) | Q(expires_at__gt=at))
    bad = set(active.values_list("process_id", flat=True))
    newest = latest_revisions(Policy.objects.values_list("pk", flat=True), at).values()
    published_now = RevisionEntry.objects.filter(
        Q(expires_at=None) | Q(expires_at__gt=at),
        revision__in=[row.pk for row in newest],
        response__in=STOPPING,
    )
    bad |= set(published_now.values_list("process_id", flat=True))
    bad |= {other for _, other in kin_ids(sorted(bad))}
    return bad if among is None else bad & set(among)
