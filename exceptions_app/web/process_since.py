"""A process since the last change of a scan setting, group by group [guide p. 73]."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Q, Sum

from truscan.access.scope import groups_held
from truscan.models.counts import DailyCount
from truscan.models.detection import EventType
from truscan.ramp.in_force import last_changes
from truscan.web.gate import person

if TYPE_CHECKING:
    from datetime import date, datetime

    from django.http import HttpRequest

    from truscan.models.process import Process


@dataclass(frozen=True, slots=True)
class Since:
    """Occurrences by event type on the UTC days after each group's last change; the day of a change
    belongs to neither setting. `groups` have such a change, the others are left out."""

    groups: int
    events: list[tuple[str, int]]


def since_shown(request: HttpRequest, process: Process, now: datetime) -> Since | None:
    """None unless the address asks for it."""
    if request.GET.get("since") != "change":
        return None
    ids = groups_held(person(request))
    seen = process.sightings.all() if ids is None else process.sightings.filter(group__in=ids)
    moments: dict[date, list[int]] = {}
    for group_id, at in last_changes(now, set(seen.values_list("group_id", flat=True))).items():
        moments.setdefault(at.date(), []).append(group_id)
    days = Q(pk__in=[])
    for on, groups in moments.items():
        days |= Q(group__in=groups, day__gt=on)
    rows = DailyCount.objects.filter(days, process=process).values("event_type")
    told = rows.annotate(n=Sum("occurrences")).order_by("event_type")
    events = [(EventType(row["event_type"]).label, row["n"]) for row in told]
    return Since(sum(map(len, moments.values())), events)
