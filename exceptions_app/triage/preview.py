"""What a response would do, shown before it is given."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.db.models import Count, Q

from exceptions_app.models.exception import ProcessException
from exceptions_app.models.policy import Response
from exceptions_app.policies.effective import groups_with, policies_in_force
from exceptions_app.triage.plan import Skip, plan
from truscan.models.estate import Group
from truscan.models.process import Process

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime

    from exceptions_app.models.policy import Policy


@dataclass(frozen=True, slots=True)
class Preview:
    """`applies` counts (process, policy) pairs, `replaces` those among them with another response
    now; groups and locations are those where the policies are in force. `clients` is None if the
    number is not known for one of the groups. `counts` are the skips by code; beyond 20,000 pairs
    only they are there, and `skips` is empty."""

    applies: int
    skips: list[Skip]
    groups: int
    locations: int
    clients: int | None
    replaces: int = 0
    counts: dict[str, int] = field(default_factory=dict)


# Beyond so many (process, policy) pairs they are counted, and not listed one by one.
LISTED_MAX = 20_000


def preview(
    *,
    processes: Sequence[int],
    policies: Sequence[Policy],
    response: str,
    now: datetime,
    expires_at: datetime | None = None,
    review_on: date | None = None,
    seen_at: datetime | None = None,
) -> Preview:
    """The consequences of `respond` with the same arguments, without a lock or a write."""
    told = _listed if len(processes) * len(policies) <= LISTED_MAX else _counted
    wording = {"response": response, "review_on": review_on, "expires_at": expires_at}
    applies, skips, replaces, skipped = told(processes, policies, seen_at, wording)
    ids = {policy.pk for policy in policies}
    reached = [place for place in policies_in_force(groups_with(ids)) if place.policy_id in ids]
    groups = {place.group_id for place in reached}
    counts = list(Group.objects.filter(pk__in=groups).values_list("client_count", flat=True))
    known = [count for count in counts if count is not None]
    return Preview(
        applies=applies,
        skips=skips,
        groups=len(groups),
        locations=sum(1 for place in reached if place.location_id is not None),
        clients=sum(known) if len(known) == len(counts) else None,
        replaces=replaces,
        counts=skipped,
    )


_Told = tuple[int, list[Skip], int, dict[str, int]]


def _listed(
    processes: Sequence[int],
    policies: Sequence[Policy],
    seen_at: datetime | None,
    wording: dict[str, Any],
) -> _Told:
    made = plan(processes=processes, policies=policies, seen_at=seen_at, **wording)
    replaces = sum(1 for row in made.writes.values() if row is not None)
    return len(made.writes), made.skips, replaces, Counter(skip.code for skip in made.skips)


def _counted(
    processes: Sequence[int],
    policies: Sequence[Policy],
    seen_at: datetime | None,
    wording: dict[str, Any],
) -> _Told:
    """The same numbers in two queries, whatever the number of processes."""
    places = len(policies)
    chosen = Process.objects.filter(pk__in=processes)
    nameless = Q(hash="") if wording["response"] == Response.IGNORE else Q(pk__in=[])
    can = chosen.filter(on_symantec_list=False).exclude(nameless)
    found = chosen.aggregate(
        known=Count("pk"),
        listed=Count("pk", filter=Q(on_symantec_list=True)),
        nameless=Count("pk", filter=Q(on_symantec_list=False) & nameless),
    )
    is_same = Q(**wording)
    is_newer = Q(created_at__gt=seen_at) if seen_at else Q(pk__in=[])
    active = ProcessException.objects.filter(
        policy__in=policies, process__in=can.values("pk"), retired_at=None
    ).aggregate(
        all=Count("pk"),
        same=Count("pk", filter=is_same),
        newer=Count("pk", filter=is_newer & ~is_same),
    )
    counts = {
        "symantec_list": found["listed"] * places,
        "no_hash": found["nameless"] * places,
        "unknown_process": (len(processes) - found["known"]) * places,
        "same": active["same"],
        "decided_meanwhile": active["newer"],
    }
    left = sum(counts.values())
    replaces = active["all"] - active["same"] - active["newer"]
    return len(processes) * places - left, [], replaces, counts
