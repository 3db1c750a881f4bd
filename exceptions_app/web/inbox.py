"""The inbox: processes of the person's groups without a response, list and evidence."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.cache import cache
from django.db.models import Exists, OuterRef
from django.http import QueryDict
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.views.decorators.http import require_GET

from exceptions_app.models.view import InboxView
from exceptions_app.triage.inbox import CAP, SORTS, STATES, InboxFilter
from exceptions_app.triage.inbox_page import Page, page_of
from exceptions_app.triage.newcomers import mark_of
from exceptions_app.triage.renewals import proposals
from exceptions_app.triage.views import landing_of, may_change, problems
from exceptions_app.web import decide, undo
from exceptions_app.web.inbox_levels import add_levels, level_words, numbers_of
from truscan.access.scope import groups_held, ids_of, scope_key
from truscan.in_time import ANSWER_MS, COUNT_MS, TooSlow, in_time
from truscan.models.counts import ProcessSummary, Sighting
from truscan.models.estate import Group, Site
from truscan.models.process import Process
from truscan.ramp.in_force import levels_in_force
from truscan.web.frame import open_processes, remembered
from truscan.web.gate import person, text_of

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.http import HttpRequest, HttpResponse


# What does not narrow: it belongs to the page, not to the question.
NOT_FILTERS = ("after", "before", "sort", "edit")
SUGGESTED = 20
REFUSED_MAX = 100
TYPES_SECONDS = 300
COLUMNS = (
    ("name", "Process", "c-name", ""),
    ("", "Event · type", "c-event", ""),
    ("detections", "Detections", "c-count num", ""),
    ("groups", "Groups", "c-groups num", "Groups, and the level in force where it was seen"),
    (
        "",
        "14 days",
        "c-trend",
        "Detections of 14 days; a letter with “?” is what is suggested: at least that share of "
        "decisions here that looked as sure were so",
    ),
    ("last", "Last", "c-last", "Last seen, and first seen"),
)
OTHER_SORTS = (
    ("first", "Newest first"),
    ("oldest", "Waiting longest"),
    ("computers", "Computers"),
    ("company", "Company"),
)


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter that is set, and the address without it."""

    label: str
    value: str
    without: str


def query_of(data: QueryDict, **changes: str) -> str:
    """The address's question with some of it changed; empty values leave it."""
    told = data.copy()
    for name, value in changes.items():
        told[name] = value
    for name in [n for n, value in told.items() if not value]:
        del told[name]
    return told.urlencode()


def filter_query(data: QueryDict) -> str:
    """Only what narrows: what "all matching" sends and the server asks again."""
    return query_of(data, **dict.fromkeys(NOT_FILTERS, ""))


def chips(found: InboxFilter, data: QueryDict, changed: str) -> list[Chip]:
    told: list[Chip] = []
    for name, field in found.form.fields.items():
        raw = data.get(name, "")
        if not raw or name == "sort":
            continue
        value = dict(getattr(field, "choices", ())).get(raw, raw)
        if name == "since" and raw == "change" and changed:
            value = f"{value} · {changed}"
        if name == "group":
            value = f"{value} and below"
        # Never nothing, which would lead to the landing page.
        without = query_of(data, **{name: "", "after": "", "before": ""}) or "state=open"
        told.append(Chip(str(field.label), str(value), without))
    return told


def application_types(user: User) -> list[str]:
    """What the log called them in the person's groups, the same for all who see these."""
    ids, key = groups_held(user), f"inbox:application-types:{scope_key(user)}"
    known: list[str] | None = cache.get(key)
    if known is None:
        types = ProcessSummary.objects.exclude(application_type="").order_by("application_type")
        if ids is not None:
            seen = Sighting.objects.filter(process=OuterRef("pk"), group__in=ids)
            types = types.filter(Exists(seen))
        known = list(types.values_list("application_type", flat=True).distinct()[:50])
        cache.set(key, known, TYPES_SECONDS)
    return known


def add_renewals(page: Page, found: InboxFilter) -> None:
    """In the list of new builds, what changed in each shown one: some queries for the page."""
    if found.chosen_state != "renewals":
        return
    rows = {row.process.pk: row for row in page.rows}
    for proposal in proposals(found.user, list(rows), found.now):
        rows[proposal.process.pk].renewal = proposal


def _counted(user: User, found: InboxFilter, page: Page, question: str) -> int | None:
    """Counted to the cap. Many of a wide scope are counted apart, when the list is there: None."""
    if question in {"", "state=open"}:
        return open_processes(user)
    if not (page.older or page.newer):
        return len(page.rows)
    if page.listing is not None and page.listing.is_few:
        return page.listing.rows.count()
    # Paging through the same question does not count again.
    return remembered(user, _count_name(question), lambda: None)


def _count_name(question: str) -> str:
    return f"inbox:{_digest(question)}"


@require_GET
def count(request: HttpRequest) -> HttpResponse:
    """The number that a page left out, and what says it beside the list."""
    user, question = person(request), filter_query(request.GET)
    found = InboxFilter(request.GET, user=user, now=timezone.now())
    ask = partial(in_time, found.qs.order_by()[: CAP + 1].count, COUNT_MS)
    try:
        counted = remembered(user, _count_name(question), ask)
    except TooSlow:
        counted = None
    ctx = {"count": counted, "found": found}
    return render(request, "exceptions_app/inbox/_counted_apart.html", ctx)


def _digest(question: str) -> str:
    return hashlib.sha256(question.encode()).hexdigest()


def _refused(user: User, found: InboxFilter, question: str) -> int:
    """On Symantec's own list: told beside the open ones, since no response can be given."""
    if found.chosen_state != "open":
        return 0
    listed = Process.objects.filter(on_symantec_list=True)
    seen = listed.filter(Exists(found.in_scope().filter(process=OuterRef("pk"))))[:REFUSED_MAX]
    return remembered(user, f"refused:{_digest(question)}", seen.count)


def _landing(request: HttpRequest, user: User) -> HttpResponse | None:
    """The root address leads to the view where the person's role begins, if it can be asked."""
    view = landing_of(user)
    if view is None:
        return None
    if why := problems([view], user, timezone.now())[view.pk]:
        text = f"Your landing page “{view}” cannot be asked any more ({why}) This is the inbox."
        messages.warning(request, text)
        return None
    return redirect(f"{reverse('inbox')}?{view.asks}")


def _edited(user: User, text: str) -> InboxView | None:
    """The saved view whose filter is being changed here, if it is the person's to change."""
    if not (text.isascii() and text.isdecimal() and len(text) < 19):
        return None
    view = InboxView.objects.all().visible_to(user).filter(pk=int(text)).first()
    return view if view is not None and may_change(user, view) else None


def _page_in_time(found: InboxFilter, data: QueryDict) -> tuple[Page, bool]:
    """(the rows, False), or (none, True) if they have not come after some seconds."""
    try:
        ask = partial(page_of, found, data.get("after", ""), data.get("before", ""))
        return in_time(ask, ANSWER_MS, alone=True), False
    except TooSlow:
        return Page([], "", ""), True


@require_GET
def inbox(request: HttpRequest) -> HttpResponse:
    user, data = person(request), request.GET
    if not data and (elsewhere := _landing(request, user)) is not None:
        return elsewhere
    found = InboxFilter(data, user=user, now=timezone.now())
    # Before the list is read: what is committed in between is told as new, never lost.
    mark = mark_of(found.now)
    page, is_slow = _page_in_time(found, data)
    levels = levels_in_force(found.now, ids_of(found.ids))
    add_levels(page, levels, found)
    add_renewals(page, found)
    newest = max(levels, key=lambda row: row.since, default=None)
    changed = f"{newest.since:%d %b}, level {newest.level}" if newest else ""
    sort = found.form.cleaned_data.get("sort") if found.form.is_valid() else ""
    ctx: dict[str, Any] = {
        "found": found,
        "form": found.form,
        "page": page,
        "is_slow": is_slow,
        "level_words": level_words(level for _, level in numbers_of(levels)),
        "count": None if is_slow else _counted(user, found, page, filter_query(data)),
        "refused": _refused(user, found, filter_query(data)),
        "chips": chips(found, data, changed),
        "states": [(w, label, query_of(data, state=w, after="", before="")) for w, label in STATES],
        "sites": list(Site.objects.values_list("name", flat=True)[:SUGGESTED]),
        "columns": [
            (word, label, css, hint, query_of(data, sort=word, after="", before=""))
            for word, label, css, hint in COLUMNS
        ],
        "other_sorts": [
            (word, label, query_of(data, sort=word, after="", before=""))
            for word, label in OTHER_SORTS
        ],
        "sort": sort or "last",
        "descending": SORTS[sort or "last"].startswith("-"),
        "matching": filter_query(data) or "state=open",
        "older": query_of(data, after=page.older, before=""),
        "newer": query_of(data, before=page.newer, after=""),
        "here": request.get_full_path(),
        "mark": mark,
        "live": filter_query(data),
        "has_data": bool(page.rows) or is_slow or Sighting.objects.visible_to(user).exists(),
        "edited": _edited(user, data.get("edit", "")),
        "no_change_known": data.get("since") == "change" and not levels,
    }
    return render(request, "exceptions_app/inbox/inbox.html", ctx)


@require_GET
def group_suggestions(request: HttpRequest) -> HttpResponse:
    """Paths that hold the typed text, for the group field's list; never the whole tree."""
    text = text_of(request.GET, "group").casefold()
    groups = Group.objects.all().visible_to(person(request)).exclude(path="")
    if text:
        groups = groups.filter(path_key__contains=text)
    paths = groups.order_by("path_key").values_list("path", flat=True)[:SUGGESTED]
    return render(request, "exceptions_app/inbox/_options.html", {"values": list(paths)})


@require_GET
def type_suggestions(request: HttpRequest) -> HttpResponse:
    """Application types for their field's list, asked for when somebody goes there."""
    types = application_types(person(request))
    return render(request, "exceptions_app/inbox/_options.html", {"values": types})


urlpatterns = [
    path("", inbox, name="inbox"),
    path("inbox/groups/", group_suggestions, name="inbox-groups"),
    path("inbox/count/", count, name="inbox-count"),
    path("inbox/types/", type_suggestions, name="inbox-types"),
    *decide.urlpatterns,
    *undo.urlpatterns,
]
