"""On how many computers and under how many accounts a process was seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Count, QuerySet

from truscan.computers_seen import computers_seen
from truscan.models.counts import ProcessSummary
from truscan.models.presence import UserPresence

if TYPE_CHECKING:
    from truscan.access.scope import Groups
    from truscan.models.process import Process


@dataclass(frozen=True, slots=True)
class Spread:
    computers: int
    users: int


def spread_of(process: Process, ids: Groups) -> Spread:
    """In the groups `ids`; for the whole estate (None) computers are counted at import."""
    users = UserPresence.objects.filter(process=process)
    if ids is not None:
        users = users.filter(group__in=ids)
        computers = computers_seen([process.pk], ids).get(process.pk, 0)
        return Spread(computers, _distinct(users, "account"))
    summary = ProcessSummary.objects.filter(process=process).only("computers").first()
    return Spread(summary.computers if summary else 0, _distinct(users, "account"))


def _distinct(rows: QuerySet[Any], column: str) -> int:
    return int(rows.aggregate(n=Count(column, distinct=True))["n"])
