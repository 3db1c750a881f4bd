"""What came since the list was read: a quiet line, and its rows when the person asks for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import HttpResponse, HttpResponseBadRequest
from django.shortcuts import render
from django.urls import path
from django.utils import timezone
from django.views.decorators.http import require_GET

from exceptions_app.triage.inbox import InboxFilter
from exceptions_app.triage.inbox_page import PAGE, Page, rows_for
from exceptions_app.triage.newcomers import NEWCOMERS_MAX, mark_of, newcomers, read_mark
from exceptions_app.web.inbox import add_renewals, query_of
from exceptions_app.web.inbox_levels import add_levels
from truscan.access.scope import ids_of
from truscan.ramp.in_force import levels_in_force
from truscan.web.gate import person, text_of

if TYPE_CHECKING:
    from django.http import HttpRequest, QueryDict

# The page sends the ids of its rows, which are at most these after some loads of newcomers.
SHOWN_MAX = 500
OWN = ("mark", "shown", "rows", "after", "before")


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 19


def _shown(data: QueryDict) -> list[int]:
    told = text_of(data, "shown", SHOWN_MAX * 20).split(",")
    return [int(text) for text in told if _is_id(text)][:SHOWN_MAX]


@require_GET
def newcomers_line(request: HttpRequest) -> HttpResponse:
    """Nothing (204) while nothing is new; with `rows` the rows and a new mark to ask from."""
    user, data = person(request), request.GET
    mark = read_mark(data.get("mark", ""))
    if mark is None:
        return HttpResponseBadRequest("Not a mark of this list: load the page again.")
    found = InboxFilter(data, user=user, now=timezone.now())
    rows = newcomers(found, mark, _shown(data))
    fresh = query_of(data, **dict.fromkeys(OWN, "")) or "state=open"
    if "rows" not in data:
        count = rows.order_by().count()
        if not count:
            return HttpResponse(status=204)
        ctx = {"count": count, "most": NEWCOMERS_MAX, "page": PAGE, "fresh": fresh}
        return render(request, "exceptions_app/inbox/_newcomers.html", ctx)
    after = mark_of(found.now)
    summaries = list(rows.select_related("process").order_by("-last_at", "-pk")[:PAGE])
    page = Page(rows_for(user, summaries, found.now, found.ids), "", "")
    add_renewals(page, found)
    add_levels(page, levels_in_force(found.now, ids_of(found.ids)), found)
    ctx = {"page": page, "found": found, "mark": after, "is_new": True}
    return render(request, "exceptions_app/inbox/_newcomer_rows.html", ctx)


urlpatterns = [path("inbox/newcomers/", newcomers_line, name="inbox-newcomers")]
