"""A page of the inbox: 50 rows by keyset, with what the person may see of their counts."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

from django.db.models import Count, Max, Min, Q, QuerySet, Sum

from exceptions_app.models.exception import ProcessException
from exceptions_app.scope import policies_held
from exceptions_app.suggest.shown import in_short
from exceptions_app.triage.ageing import days_over, targets
from exceptions_app.triage.claims import standing
from exceptions_app.triage.inbox import EVENT_COLUMNS, EVENTS
from exceptions_app.triage.listing import listing_of
from exceptions_app.triage.renewals import asking
from exceptions_app.triage.trend import trends_of
from truscan.access.scope import groups_held
from truscan.computers_seen import counted_twice
from truscan.models.counts import ProcessSummary, Sighting
from truscan.models.process import Process

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from django.contrib.auth.models import User

    from exceptions_app.triage.inbox import InboxFilter
    from exceptions_app.triage.listing import Listing
    from exceptions_app.triage.renewals import Proposal
    from truscan.access.scope import Groups

PAGE = 50
TREND_DAYS = 14
EVENT_LABELS = dict(EVENTS)


@dataclass(slots=True)
class Row:
    """A process as one person sees it: counts are those of his own groups."""

    process: Process
    risk_class: str
    application_type: str
    detections: int
    computers: int
    groups: int
    first_at: datetime
    last_at: datetime
    events: list[tuple[str, int]] = field(default_factory=list)
    trend: list[float | None] = field(default_factory=list)
    responses: list[str] = field(default_factory=list)
    level: str = ""
    # What is suggested, and how sure: ("ignore", "97 %").
    suggests: tuple[str, str] | None = None
    is_new_build: bool = False
    claimed_by: str = ""
    days_over: int = 0
    # In the list of new builds: what changed, and whether one key takes it.
    renewal: Proposal | None = None

    @property
    def events_told(self) -> str:
        return " · ".join(f"{label}: {n:,}" for label, n in self.events)


@dataclass(slots=True)
class Page:
    rows: list[Row]
    older: str
    newer: str
    # Where the rows are from; None if they were not read as a list.
    listing: Listing | None = None


def cursor_of(summary: ProcessSummary, order: str) -> str:
    value = getattr(summary, order.lstrip("-"))
    told = value.isoformat() if isinstance(value, datetime) else value
    return base64.urlsafe_b64encode(json.dumps([told, summary.pk]).encode()).decode().rstrip("=")


def read_cursor(text: str, order: str) -> tuple[Any, int] | None:
    """The sort value and id that a cursor names; None if it is none of ours."""
    try:
        value, pk = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        if order.endswith("_at"):
            value = datetime.fromisoformat(value).astimezone(UTC)
        elif order.startswith("-"):
            value = int(value)
        else:
            value = str(value).replace("\0", "")
        return value, int(pk)
    except (ValueError, TypeError, OverflowError, binascii.Error):
        return None


def _beyond(order: str, at: tuple[Any, int], forward: bool) -> Q:
    """Rows after (or before) a position of the order, ties broken by id in the same direction."""
    column, word = order.lstrip("-"), "lt" if order.startswith("-") == forward else "gt"
    tie = Q(**{column: at[0], f"pk__{word}": at[1]})
    return Q(**{f"{column}__{word}e": at[0]}) & (Q(**{f"{column}__{word}": at[0]}) | tie)


def _ordered(order: str, forward: bool) -> list[str]:
    minus = order.startswith("-") == forward
    return [("-" if minus else "") + order.lstrip("-"), "-pk" if minus else "pk"]


def page_of(found: InboxFilter, after: str = "", before: str = "") -> Page:
    """Rows move while people read: a keyset neither skips nor repeats those that stay."""
    order = found.order
    forward = not before
    at = read_cursor(before or after, order) if before or after else None
    listing = listing_of(found)
    qs = listing.rows.filter(_beyond(order, at, forward)) if at else listing.rows
    rows = list(qs.order_by(*_ordered(order, forward))[: PAGE + 1])
    more, rows = len(rows) > PAGE, rows[:PAGE]
    _name(rows)
    if not forward:
        rows.reverse()
    has_older = more if forward else True
    has_newer = (at is not None) if forward else more
    told = rows_for(found.user, rows, found.now, found.ids)
    if found.chosen_state == "open":
        _add_suggestions(told)
    return Page(
        rows=told,
        older=cursor_of(rows[-1], order) if rows and has_older else "",
        newer=cursor_of(rows[0], order) if rows and has_newer else "",
        listing=listing,
    )


def _name(rows: Sequence[ProcessSummary]) -> None:
    """Their processes, of these rows only: joined before, all that match would be read twice."""
    processes = Process.objects.defer("search").in_bulk([row.pk for row in rows])
    for row in rows:
        row.process = processes[row.pk]


def rows_for(
    user: User,
    summaries: Sequence[ProcessSummary],
    now: datetime,
    ids: Groups,
) -> list[Row]:
    """Four queries for everybody, two more to sum the counts of `ids`, the person's groups."""
    rows = {s.pk: _estate_row(s) for s in summaries}
    if ids is not None and rows:
        _narrow(rows, ids)
    for pk, trend in trends_of(rows, ids, now.date(), TREND_DAYS).items():
        rows[pk].trend = trend
    _add_responses(rows, user)
    for pk in asking(now).filter(process__in=list(rows)).values_list("process", flat=True):
        rows[pk].is_new_build = not rows[pk].responses
    _add_waiting(rows, summaries, now)
    return list(rows.values())


def _add_waiting(rows: dict[int, Row], summaries: Sequence[ProcessSummary], now: datetime) -> None:
    """Who looks at it, and how long it is overdue by the target of its class."""
    days = targets()
    for summary in summaries:
        over = days_over(summary.risk_class, summary.first_at, now, days)
        rows[summary.pk].days_over = over
    for pk, claim in standing(list(rows), now).items():
        rows[pk].claimed_by = claim.user_name


def _estate_row(s: ProcessSummary) -> Row:
    return Row(
        process=s.process,
        risk_class=s.risk_class,
        application_type=s.application_type,
        detections=s.occurrences,
        computers=s.computers,
        groups=s.groups,
        first_at=s.first_at,
        last_at=s.last_at,
        events=event_counts({c: getattr(s, c) for c in EVENT_COLUMNS.values()}),
    )


def event_counts(columns: dict[str, int]) -> list[tuple[str, int]]:
    """(the guide's word, occurrences), the most frequent first, none that is zero."""
    told = [
        (EVENT_LABELS[word], columns[column] or 0)
        for word, column in EVENT_COLUMNS.items()
        if columns.get(column)
    ]
    return sorted(told, key=lambda pair: -pair[1])


def _narrow(rows: dict[int, Row], ids: QuerySet[Any] | list[int]) -> None:
    seen = (
        Sighting.objects.filter(process__in=list(rows), group__in=ids)
        .values("process")
        .annotate(
            total=Sum("occurrences"),
            places=Count("group"),
            pcs=Sum("computers"),
            first=Min("first_at"),
            last=Max("last_at"),
            **{f"sum_{c}": Sum(c) for c in EVENT_COLUMNS.values()},
        )
    )
    sums = cast("list[dict[str, Any]]", list(seen.order_by()))
    for told in sums:
        row = rows[told["process"]]
        row.detections, row.groups = told["total"], told["places"]
        row.first_at, row.last_at = told["first"], told["last"]
        row.events = event_counts({c: told[f"sum_{c}"] for c in EVENT_COLUMNS.values()})
        row.computers = told["pcs"]
    for pk, twice in counted_twice(list(rows), ids).items():
        rows[pk].computers -= twice


def _add_responses(rows: dict[int, Row], user: User) -> None:
    active = ProcessException.objects.filter(process__in=list(rows), retired_at=None)
    policies = policies_held(user)
    if policies is not None:
        active = active.filter(policy__in=policies)
    for pk, response in active.values_list("process", "response").distinct().order_by("response"):
        rows[pk].responses.append(response)


def _add_suggestions(rows: Sequence[Row]) -> None:
    suggested = in_short(row.process.pk for row in rows)
    for row in rows:
        row.suggests = suggested.get(row.process.pk)


def matching_ids(found: InboxFilter, cap: int) -> list[int]:
    """Ids of everything that matches, re-checked against the scope now; at most `cap`."""
    return list(found.qs.order_by("pk").values_list("pk", flat=True)[:cap])


def of_ids(user: User, ids: Iterable[int]) -> QuerySet[ProcessSummary]:
    """Summaries of these processes, as far as the person may see them."""
    qs = ProcessSummary.objects.filter(pk__in=list(ids)).select_related("process")
    seen = groups_held(user)
    if seen is None:
        return qs
    return qs.filter(
        pk__in=Sighting.objects.filter(process__in=list(ids), group__in=seen).values("process")
    )
