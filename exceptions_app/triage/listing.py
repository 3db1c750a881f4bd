"""The rows of an inbox list before they are sorted, by the cheaper of two ways.

Where much matches, the index of the sort is walked and each process asked whether it matches: fifty
are soon found. Where little matches, that walk would pass most of the estate before it has fifty;
then the processes are named first, and only they are sorted. Sightings tell which it is: the first
few thousand of the scope and state are read, in an index; if these are all, they name processes.
So do words, a class or totals that few processes answer to.
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
# Whose sightings are looked up one by one.
FEW_PROCESSES = 2_000
# States that nothing is asked of a process for, beside its sightings.
USUAL = ("open", "all", "decided", "observed")
# The filters that are asked of a process, or rule it out by its totals.
OF_PROCESS = ("q", "risk_class", "application_type", "event_type", "level", "overdue", "claim")


@dataclass(frozen=True, slots=True)
class Listing:
    """`rows` are not ordered; `is_few`: they can be counted in some milliseconds."""

    rows: QuerySet[ProcessSummary]
    is_few: bool


def listing_of(found: InboxFilter) -> Listing:
    """The same processes as `found.qs`; up to four queries to choose the way."""
    if not found.form.is_valid():
        return Listing(ProcessSummary.objects.none(), True)
    few = _few_in_scope(found)
    if few is None:
        few = _few_by_process(found)
    if few is not None:
        return Listing(few, True)
    # A small estate is counted whatever is asked.
    return Listing(found.qs, ProcessSummary.objects.all()[: FEW + 1].count() <= FEW)


def _few_in_scope(found: InboxFilter) -> QuerySet[ProcessSummary] | None:
    """By the sightings of scope and state, if these are few."""
    is_usual = found.chosen_state in OPEN_STATES or found.chosen_state in ("all", "cannot")
    if is_usual and found.groups is None:
        return None
    seen = found.in_state().order_by().values_list("process", flat=True)
    if seen[: FEW + 1].count() > FEW:
        return None
    named = list(seen.distinct())
    if found.narrows_sightings:
        return found.qs.filter(pk__in=named)
    return found.asked_of(found.queryset.filter(pk__in=named))


def _few_by_process(found: InboxFilter) -> QuerySet[ProcessSummary] | None:
    """By what is asked of a process itself, if few answer to it."""
    wanted = found.form.cleaned_data
    if found.chosen_state in USUAL and not any(wanted.get(name) for name in OF_PROCESS):
        return None
    asked = found.asked_of(found.queryset).order_by()
    named = list(asked.values_list("pk", flat=True)[: FEW_PROCESSES + 1])
    if len(named) > FEW_PROCESSES:
        return None
    seen = found.sightings().filter(process__in=named).order_by()
    matching = list(seen.values_list("process", flat=True).distinct())
    return ProcessSummary.objects.filter(pk__in=matching)
