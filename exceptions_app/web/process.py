"""The page of a process: all that the log gave, where it was seen, what was decided."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from exceptions_app.errors import ExceptionsError
from exceptions_app.evidence.counts import counts_of
from exceptions_app.evidence.gather import evidence_of, placed_of, places_of
from exceptions_app.evidence.log import log_told
from exceptions_app.models.decision import DecisionItem
from exceptions_app.models.policy import Policy
from exceptions_app.policies.effective import groups_touched
from exceptions_app.scope import policies_held
from exceptions_app.triage.same_files import link_same_file, policies_with, unlink_same_file
from exceptions_app.web.comment_rows import comments_of
from exceptions_app.web.process_since import since_shown
from truscan.access.actor import Actor
from truscan.access.scope import groups_held, may_write_groups
from truscan.models.presence import Presence, UserPresence
from truscan.models.process import Process, SameFile
from truscan.web.charts import Series, bars
from truscan.web.gate import person, person_with, text_of

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.http import HttpRequest, HttpResponse
    from django.utils.safestring import SafeString

    from exceptions_app.evidence.counts import Days

PAGE = 50
# Nobody reads further than that page by page; the API gives the whole.
PAGES_MAX = 200
HISTORY_SHOWN = 12
HISTORY_MAX = 200
POLICIES_MAX = 1_000
MORE = {
    "log": "What the log gave",
    "days": "Detections a day",
    "policies": "Policies that hold it",
    "decisions": "Decisions",
}
KINDS = (("groups", "Groups"), ("computers", "Computers"), ("users", "Users"))


@dataclass(frozen=True, slots=True)
class Link:
    other: Process
    source: str


def visible_process(request: HttpRequest, pk: int) -> Process:
    return get_object_or_404(Process.objects.all().visible_to(person(request)), pk=pk)


def chart_of(process: Process, days: Days) -> SafeString:
    """The days as stacked bars by event type; the same numbers stand in the table beside it."""
    return bars(
        [f"{day:%d %b}" for day in days.days],
        [Series(name, values) for name, values in zip(days.names, days.series, strict=True)],
        title=f"Detections a day of {process}",
        desc=f"{days.total:,} detections from {days.days[0]} to {days.days[-1]}.",
    )


def same_files_of(user: User, process: Process) -> list[Link]:
    """The other hashes of the file, as far as the person's groups saw them."""
    linked = SameFile.objects.filter(Q(first=process) | Q(second=process))
    # Few have any, and whose groups saw the other is the longer question.
    if not linked.exists():
        return []
    mine = Process.objects.all().visible_to(user).values("pk")
    rows = linked.filter(Q(first=process, second__in=mine) | Q(second=process, first__in=mine))
    return [
        Link(row.second if row.first_id == process.pk else row.first, row.source)
        for row in rows.select_related("first", "second").order_by("pk")[:20]
    ]


def _refuse_foreign(user: User, first: Process, second: Process) -> None:
    """A link adds a hash to every policy that holds one of the two, wherever that is in force."""
    policies = Policy.objects.filter(pk__in=policies_with([first.pk, second.pk]))
    if not may_write_groups(user, "analyst", groups_touched(policies)):
        raise ExceptionsError(
            "Policies of groups outside yours hold one of the two, and would change with it."
            " Ask an analyst of those groups."
        )


def history_of(user: User, process: Process, most: int) -> list[DecisionItem]:
    """Decisions on it in the person's policies and groups, newest first."""
    ids = groups_held(user)
    rows = process.decision_items.select_related("decision", "policy", "group")
    if ids is not None:
        mine = Q(policy__in=policies_held(user)) | Q(policy=None, group__in=ids)
        rows = rows.filter(mine)
    return list(rows.order_by("-decision", "pk")[:most])


@require_GET
def process_page(request: HttpRequest, pk: int) -> HttpResponse:
    process, user, now = visible_process(request, pk), person(request), timezone.now()
    evidence = evidence_of(user, process, now, groups_held(user))
    history = history_of(user, process, HISTORY_SHOWN + 1)
    ctx = {
        "evidence": evidence,
        "chart": chart_of(process, evidence.days),
        "since": since_shown(request, process, now),
        "same_files": same_files_of(user, process),
        "history": history[:HISTORY_SHOWN],
        "has_more": len(history) > HISTORY_SHOWN,
        "process": process,
        **comments_of(user, process),
    }
    return render(request, "exceptions_app/process/process.html", ctx)


@require_GET
def evidence_pane(request: HttpRequest, pk: int) -> HttpResponse:
    process = visible_process(request, pk)
    user = person(request)
    ctx = {"evidence": evidence_of(user, process, timezone.now(), groups_held(user))}
    return render(request, "exceptions_app/process/_evidence.html", ctx)


@require_GET
def more(request: HttpRequest, pk: int, kind: str) -> HttpResponse:
    """What is too long for the first look, or seldom read: fetched by the page when it has come,
    and a page of its own."""
    process, user = visible_process(request, pk), person(request)
    ids = groups_held(user)
    if kind not in MORE:
        raise Http404
    ctx: dict[str, Any] = {"process": process, "kind": kind, "title": MORE[kind]}
    if kind == "log":
        ctx["log"] = log_told(process, ids)
    elif kind == "decisions":
        ctx["history"] = history_of(user, process, HISTORY_MAX)
    elif kind == "days":
        ctx["days"] = counts_of(process, ids, timezone.now().date())[1]
    else:
        ctx["placed"], ctx["policies"] = placed_of(user, process, POLICIES_MAX)
    name = f"_more_{kind}" if request.headers.get("HX-Request") else "more"
    return render(request, f"exceptions_app/process/{name}.html", ctx)


@require_GET
def where(request: HttpRequest, pk: int, kind: str) -> HttpResponse:
    process, user = visible_process(request, pk), person(request)
    if kind not in dict(KINDS):
        raise Http404
    text = request.GET.get("page", "1")
    number = min(int(text), PAGES_MAX) if text.isdecimal() and len(text) < 6 else 1
    start = (max(number, 1) - 1) * PAGE
    rows = _where_rows(user, process, kind, start)
    ctx = {
        "process": process,
        "kind": kind,
        "kinds": KINDS,
        "rows": rows[:PAGE],
        "number": max(number, 1),
        "has_more": len(rows) > PAGE and number < PAGES_MAX,
    }
    return render(request, "exceptions_app/process/where.html", ctx)


def _where_rows(user: User, process: Process, kind: str, start: int) -> list[Any]:
    ids = groups_held(user)
    if kind == "groups":
        seen = process.sightings.all() if ids is None else process.sightings.filter(group__in=ids)
        return list(places_of(process, seen, timezone.now(), PAGE + 1, start))
    rows: QuerySet[Any]
    if kind == "computers":
        rows = Presence.objects.filter(process=process).select_related("computer", "group")
        order = ["-occurrences", "computer", "group"]
    else:
        rows = UserPresence.objects.filter(process=process).select_related("account", "group")
        order = ["-occurrences", "account", "group"]
    if ids is not None:
        rows = rows.filter(group__in=ids)
    return list(rows.order_by(*order)[start : start + PAGE + 1])


@require_POST
def add_same_file(request: HttpRequest, pk: int) -> HttpResponse:
    user = person_with(request, "analyst")
    process = get_object_or_404(Process.objects.all().visible_to(user, "analyst"), pk=pk)
    text = text_of(request.POST, "other").lower()
    mine = Process.objects.all().visible_to(user, "analyst")
    other = mine.filter(hash=text).first() if text else None
    if other is None:
        messages.error(request, "No log of your groups named a process of this hash.")
        return redirect("process", pk=pk)
    try:
        _refuse_foreign(user, process, other)
        link_same_file(actor=Actor.on_web(user), first=process, second=other)
    except ExceptionsError as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, f"{process} and {other} are the same file now.")
    return redirect("process", pk=pk)


@require_POST
def remove_same_file(request: HttpRequest, pk: int, other_pk: int) -> HttpResponse:
    user = person_with(request, "analyst")
    process = get_object_or_404(Process.objects.all().visible_to(user, "analyst"), pk=pk)
    other = get_object_or_404(Process.objects.all().visible_to(user, "analyst"), pk=other_pk)
    try:
        _refuse_foreign(user, process, other)
        unlink_same_file(actor=Actor.on_web(user), first=process, second=other)
    except ExceptionsError as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, "The link is removed.")
    return redirect("process", pk=pk)


urlpatterns = [
    path("processes/<int:pk>/", process_page, name="process"),
    path("processes/<int:pk>/evidence/", evidence_pane, name="process-evidence"),
    path("processes/<int:pk>/more/<str:kind>/", more, name="process-more"),
    path("processes/<int:pk>/where/<str:kind>/", where, name="process-where"),
    path("processes/<int:pk>/same-file/", add_same_file, name="same-file-add"),
    path(
        "processes/<int:pk>/same-file/<int:other_pk>/remove/",
        remove_same_file,
        name="same-file-remove",
    ),
]
