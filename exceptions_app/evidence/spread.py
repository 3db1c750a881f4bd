"""On how many computers and under how many accounts a process was seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Count, QuerySet

from truscan.models.counts import Presence, ProcessSummary, UserPresence

if TYPE_CHECKING:
    from truscan.access.scope import Groups
    from truscan.models.process import Process


@dataclass(frozen=True, slots=True)
class Spread:
    computers: int
    users: int


def spread_of(process: Process, ids: Groups) -> Spread:
    """In the groups `ids`; for the whole estate (None) computers are counted at import."""
    presence = Presence.objects.filter(process=process)
    users = UserPresence.objects.filter(process=process)
    if ids is not None:
        presence, users = presence.filter(group__in=ids), users.filter(group__in=ids)
        return Spread(_distinct(presence, "computer"), _distinct(users, "account"))
    summary = ProcessSummary.objects.filter(process=process).only("computers").first()
    computers = summary.computers if summary else _distinct(presence, "computer")
    return Spread(computers, _distinct(users, "account"))


def _distinct(rows: QuerySet[Any], column: str) -> int:
    return int(rows.aggregate(n=Count(column, distinct=True))["n"])
