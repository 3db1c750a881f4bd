"""What a response would do, shown before it is given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from exceptions_app.policies.effective import groups_with, policies_in_force
from exceptions_app.triage.decide import Skip, plan
from truscan.models.estate import Group

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime

    from exceptions_app.models.policy import Policy


@dataclass(frozen=True, slots=True)
class Preview:
    """`applies` counts (process, policy) pairs, `replaces` those among them with another response
    now; groups and locations are those where the policies are in force. `clients` is None if the
    number is not known for one of the groups."""

    applies: int
    skips: list[Skip]
    groups: int
    locations: int
    clients: int | None
    replaces: int = 0


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
    made = plan(
        processes=processes,
        policies=policies,
        response=response,
        review_on=review_on,
        expires_at=expires_at,
        seen_at=seen_at,
    )
    ids = {policy.pk for policy in policies}
    reached = [place for place in policies_in_force(groups_with(ids)) if place.policy_id in ids]
    groups = {place.group_id for place in reached}
    counts = list(Group.objects.filter(pk__in=groups).values_list("client_count", flat=True))
    known = [count for count in counts if count is not None]
    return Preview(
        applies=len(made.writes),
        skips=made.skips,
        groups=len(groups),
        locations=sum(1 for place in reached if place.location_id is not None),
        clients=sum(known) if len(known) == len(counts) else None,
        replaces=sum(1 for row in made.writes.values() if row is not None),
    )
