"""On how many computers processes were seen in some groups, without reading every presence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Count, Exists, OuterRef, Sum

from truscan.models.counts import Sighting
from truscan.models.presence import MovedPresence, Presence

if TYPE_CHECKING:
    from collections.abc import Collection

    from truscan.access.scope import Groups


def computers_seen(processes: Collection[int], groups: Groups) -> dict[int, int]:
    """By process, in these groups (None = the whole estate); two queries, three if any moved."""
    seen = Sighting.objects.filter(process__in=list(processes)).order_by()
    if groups is not None:
        seen = seen.filter(group__in=groups)
    sums = seen.values_list("process").annotate(Sum("computers"))
    told = {pk: int(n or 0) for pk, n in sums}
    for pk, twice in counted_twice(list(told), groups).items():
        told[pk] -= twice
    return told


def counted_twice(processes: Collection[int], groups: Groups) -> dict[int, int]:
    """By process, how much the computers of these groups' sightings together are too many."""
    moved = MovedPresence.objects.filter(process__in=list(processes))
    pks = list(moved.order_by("process").values_list("process", flat=True).distinct())
    if not pks:
        return {}
    pair = MovedPresence.objects.filter(process=OuterRef("process"), computer=OuterRef("computer"))
    rows = Presence.objects.filter(Exists(pair), process__in=pks).order_by()
    if groups is not None:
        rows = rows.filter(group__in=groups)
    twice = Count("computer") - Count("computer", distinct=True)
    return dict(rows.values_list("process").annotate(n=twice))
