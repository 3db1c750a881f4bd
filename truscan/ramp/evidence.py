"""What the logs say about a plan's groups, from the count tables only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Q, Sum

from truscan.models.counts import DailyCount
from truscan.models.detection import EventType
from truscan.models.estate import Group
from truscan.models.ramp import ScanPolicyUse

if TYPE_CHECKING:
    from datetime import date

    from django.contrib.auth.models import User

    from truscan.models.ramp import RampPlan, ScanPolicy


@dataclass(frozen=True, slots=True)
class DayCount:
    """Occurrences of one UTC day. A day without a row is unknown, not quiet."""

    day: date
    potential: int
    security: int
    commercial: int

    @property
    def total(self) -> int:
        return self.potential + self.security + self.commercial


@dataclass(frozen=True, slots=True)
class Clients:
    """Clients that the plan's groups are known to have, and how many groups do not tell."""

    known: int
    groups: int
    groups_unknown: int


def detections_by_day(plan: RampPlan, user: User, start: date, end: date) -> list[DayCount]:
    """Daily occurrences from `start` to `end`, both included, where the policy is in force.

    Only groups that `user` may see are counted. One grouped query over the daily counts.
    """
    rows = (
        DailyCount.objects.visible_to(user)
        .filter(where_in_force(plan.scan_policy), day__gte=start, day__lte=end)
        .values("day")
        .annotate(
            potential=_sum(EventType.POTENTIAL_RISK),
            security=_sum(EventType.SECURITY_RISK),
            commercial=_sum(EventType.COMMERCIAL),
        )
        .order_by("day")
    )
    return [
        DayCount(row["day"], row["potential"] or 0, row["security"] or 0, row["commercial"] or 0)
        for row in rows
    ]


def clients_of(plan: RampPlan, user: User) -> Clients:
    """Client totals where the policy is in force and `user` may look; unknown stays unknown."""
    ids = [pk for pk, _ in groups_in_force(plan.scan_policy)]
    groups = Group.objects.visible_to(user).filter(pk__in=ids)
    counts = list(groups.values_list("client_count", flat=True))
    known = [count for count in counts if count is not None]
    return Clients(sum(known), len(counts), len(counts) - len(known))


def where_in_force(policy: ScanPolicy) -> Q:
    """Rows of the (group, location) pairs where the clients follow this policy."""
    where = Q(pk__in=[])
    whole = [pk for pk, key in groups_in_force(policy) if key is None]
    taken: dict[int, set[str]] = {}
    others = ScanPolicyUse.objects.exclude(scan_policy=policy).filter(group__in=whole)
    for use in others.select_related("location"):
        if use.location:
            taken.setdefault(use.group_id, set()).add(use.location.name_key)
    where |= Q(group__in=[pk for pk in whole if pk not in taken])
    for pk, keys in taken.items():
        where |= Q(group=pk) & ~Q(location__name_key__in=keys)
    for pk, key in groups_in_force(policy):
        if key is not None:
            where |= Q(group=pk, location__name_key=key)
    return where


def groups_in_force(policy: ScanPolicy) -> list[tuple[int, str | None]]:
    """(group id, location key or None for the whole group), inheriting sub-groups included.

    A sub-group follows its parent until inheritance is switched off or it has a policy of its
    own (guide pp. 48-56).
    """
    uses = list(policy.uses.select_related("group", "location"))
    found: list[tuple[int, str | None]] = []
    for use in uses:
        key = use.location.name_key if use.location else None
        found += [(pk, key) for pk in _subtree(use.group)]
    return sorted(set(found), key=lambda pair: (pair[0], pair[1] or ""))


def _subtree(top: Group) -> list[int]:
    below = Group.objects.at_or_below(top).order_by("path_key")
    own = set(ScanPolicyUse.objects.filter(group__in=below).values_list("group_id", flat=True))
    followers = {top.pk}
    # A parent's path is shorter than its children's, so it has been judged before them.
    for group in sorted(below, key=lambda group: len(group.path_key)):
        if group.inherits_now and group.pk not in own and group.parent_id in followers:
            followers.add(group.pk)
    return sorted(followers)


def _sum(event_type: EventType) -> Sum:
    return Sum("occurrences", filter=Q(event_type=event_type.value))
