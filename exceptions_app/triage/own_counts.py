"""The counts of processes as far as one person may see them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django.db.models import Count, Max, Min, Sum

from truscan.computers_seen import counted_twice
from truscan.models.counts import ProcessSummary, Sighting

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.db.models import QuerySet

SUMMED = (
    "rows",
    "occurrences",
    "candidate_occurrences",
    "potential_occurrences",
    "security_occurrences",
    "commercial_occurrences",
)


def narrow(summaries: Sequence[ProcessSummary], ids: QuerySet[Any] | None) -> None:
    """Put the counts of the groups `ids` (None = whole estate) in the place of the estate's, in
    these objects only: never save them. Two queries for a page, three where computers moved."""
    if ids is None or not summaries:
        return
    shown = [summary.pk for summary in summaries]
    sums = {name: Sum(name) for name in (*SUMMED, "computers")}
    more = {"groups": Count("group"), "first_at": Min("first_at"), "last_at": Max("last_at")}
    seen = Sighting.objects.filter(process__in=shown, group__in=ids).order_by()
    rows = cast("list[dict[str, Any]]", list(seen.values("process").annotate(**sums, **more)))
    told = {row.pop("process"): row for row in rows}
    twice = counted_twice(shown, ids)
    for summary in summaries:
        for name, value in told.get(summary.pk, {"computers": 0}).items():
            setattr(summary, name, value)
        summary.computers -= twice.get(summary.pk, 0)
