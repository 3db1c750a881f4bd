"""The rows of an inbox list before they are sorted, by the cheaper of two ways.

Where much matches, the index of the sort is walked and each process asked whether it matches: fifty
are soon found. Where little matches, that walk would pass most of the estate before it has fifty;
then the processes are named first, and only they are sorted. Sightings tell which it is: the first
few thousand of the scope and state are read, in an index; if these are all, they name processes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from exceptions_app.triage.inbox import OPEN_STATES
from truscan.models.counts import ProcessSummary

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from exceptions_app.triage.inbox import InboxFilter

# Reading so many costs a millisecond or two, and sorting their processes three to five.
FEW = 5_000


@dataclass(frozen=True, slots=True)
class Listing:
    """`rows` are not ordered; `is_few`: they can be counted in some milliseconds."""

    rows: QuerySet[ProcessSummary]
    is_few: bool


def listing_of(found: InboxFilter) -> Listing:
    """The same processes as `found.qs`; one query to choose the way, two where little matches."""
    if not found.form.is_valid():
        return Listing(ProcessSummary.objects.none(), True)
    is_usual = found.chosen_state in OPEN_STATES or found.chosen_state in ("all", "cannot")
    if is_usual and found.groups is None:
        return Listing(found.qs, False)
    seen = found.in_state().order_by().values_list("process", flat=True)
    if seen[: FEW + 1].count() > FEW:
        return Listing(found.qs, False)
    named = list(seen.distinct())
    if found.narrows_sightings:
        return Listing(found.qs.filter(pk__in=named), True)
    return Listing(found.asked_of(found.queryset.filter(pk__in=named)), True)
