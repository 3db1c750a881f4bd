"""What every page needs: the rail with its counts, who is here, what he may do."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar, cast
from urllib.parse import parse_qsl

from django.core.cache import cache
from django.db.models import Count
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from truscan.access.scope import has_role_anywhere, sees_whole_estate
from truscan.models.counts import Sighting
from truscan.models.log_import import LogImport
from truscan.models.process import Process

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.contrib.auth.models import AbstractBaseUser, User
    from django.db.models import QuerySet
    from django.http import HttpRequest

T = TypeVar("T")

CAP = 10_000
# Of the open sightings in limited scopes; a process is seen in few of a person's groups.
LOOKED_AT = 2 * CAP
# A rail may be this old; the pages themselves count anew.
COUNTS_SECONDS = 15


@dataclass(frozen=True, slots=True)
class Item:
    """An entry of the rail; `name` is that of its URL, `query` narrows it to a view."""

    name: str
    label: str
    count: int | None = None
    query: str = ""
    is_current: bool = False
    # Of a saved view: its own address, what stands instead of a count, and of when the count is.
    address: str = ""
    said: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    title: str
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Saved:
    """A person's saved views, and whether the root address leads him to one of them."""

    items: tuple[Item, ...] = ()
    begins_there: bool = False


# Which rail entry stands for the pages below it.
STANDS_FOR = {
    "process": "inbox",
    "detection": "detection-list",
    "policy": "policy-list",
    "revision": "policy-list",
    "group": "group-list",
    "ramp": "ramp-list",
    "import": "import-list",
    "person": "people-list",
    "people": "people-list",
    "token": "token-list",
    "site": "site-list",
    "sepm": "sepm-list",
    "approval": "approval-list",
    "webhook": "webhook-list",
    "review": "review-list",
    "view": "view-list",
    "my": "my-work",
    "class": "inbox",
    "bulk": "inbox",
    "suggestions": "suggestions",
    "rule": "rule-list",
}
VIEWS = (
    ("Since last change", "?since=change"),
    ("Keyloggers", "?risk_class=keylogger"),
    ("Observed", "?state=observed"),
    ("New builds", "?state=renewals"),
)


# Counts of rail entries that other apps know: name of the URL to the count, None shows none.
COUNTED: dict[str, Callable[[AbstractBaseUser], int | None]] = {}


def register_count(name: str, ask: Callable[[AbstractBaseUser], int | None]) -> None:
    """Called in `AppConfig.ready()`."""
    COUNTED[name] = ask


# Who knows the saved views: the app that keeps them, at most one.
SAVED: list[Callable[[AbstractBaseUser], Saved]] = []


def register_views(ask: Callable[[AbstractBaseUser], Saved]) -> None:
    """Called in `AppConfig.ready()`."""
    SAVED[:] = [ask]


def open_processes(user: AbstractBaseUser) -> int:
    """Processes that a person of these groups can still decide, counted to the cap: once for the
    rail and for the inbox without filters."""
    return remembered(user, "open", lambda: _count_open(user))


def _count_open(user: AbstractBaseUser) -> int:
    """To the cap. Of wide scopes the first sightings hold more processes than that; who sees all
    groups walks the index by process and stops there."""
    waiting = Sighting.objects.visible_to(user).open(timezone.now())
    waiting = waiting.exclude(process__in=Process.objects.filter(on_symantec_list=True))
    processes = waiting.order_by().values("process")
    if not sees_whole_estate(user):
        told = processes[:LOOKED_AT].aggregate(
            sightings=Count("process"), processes=Count("process", distinct=True)
        )
        if told["sightings"] < LOOKED_AT or told["processes"] > CAP:
            return min(int(told["processes"]), CAP + 1)
    return processes.distinct()[: CAP + 1].count()


def _imports_at_work(user: AbstractBaseUser) -> int | None:
    states = (LogImport.State.QUEUED, LogImport.State.RUNNING, LogImport.State.QUESTION)
    at_work = LogImport.objects.filter(state__in=states)
    return count_if_any(at_work, lambda: at_work.visible_to(user))


def count_if_any(rows: QuerySet[Any], seen: Callable[[], QuerySet[Any]]) -> int | None:
    """How many of them the person sees, to the cap; None, which shows no number, for none. Mostly
    there are none at all, and whose they are is the longer question."""
    return (seen().order_by()[: CAP + 1].count() or None) if rows.exists() else None


def remembered(user: AbstractBaseUser, name: str, ask: Callable[[], T]) -> T:
    """A count that may be some seconds old, but never older than the person's own last act."""
    acts = cache.get(f"acts:{user.pk}", 0)
    key = f"count:{user.pk}:{acts}:{name}"
    known: T | None = cache.get(key)
    if known is None:
        known = ask()
        cache.set(key, known, COUNTS_SECONDS)
    return known


def forget_counts(user: AbstractBaseUser) -> None:
    """After an act of his own a person must not read the number from before it."""
    cache.set(f"acts:{user.pk}", secrets.token_hex(8), COUNTS_SECONDS * 2)


def _counts(user: AbstractBaseUser) -> dict[str, int | None]:
    others = remembered(
        user,
        "rail",
        lambda: {
            "import-list": _imports_at_work(user),
            **{name: ask(user) for name, ask in COUNTED.items()},
        },
    )
    return {"inbox": open_processes(user), **others}


def _current(request: HttpRequest) -> str:
    name = request.resolver_match.url_name if request.resolver_match else None
    name = name or ""
    return STANDS_FOR.get(name.partition("-")[0], name)


def rail(request: HttpRequest) -> list[Section]:
    user = cast("User", request.user)
    counts, current = _counts(user), _current(request)
    query = "?" + request.META.get("QUERY_STRING", "")
    saved = remembered(user, "views", lambda: SAVED[0](user)) if SAVED else Saved()
    view = _view_of(query, saved) if current == "inbox" else ""

    def item(name: str, label: str) -> Item:
        whole = "?state=open" if name == "inbox" and saved.begins_there else ""
        return Item(name, label, counts.get(name), whole, name == current and not view)

    work = [
        item("inbox", "Inbox"),
        item("my-work", "My work"),
        item("detection-list", "Detections"),
        item("policy-list", "Policies"),
        item("group-list", "Groups"),
        item("ramp-list", "Ramp"),
        item("import-list", "Imports"),
    ]
    views = tuple(Item("inbox", label, None, q, q == view) for label, q in VIEWS)
    govern = [item("approval-list", "Approvals"), item("review-list", "Reviews")]
    govern += [item("rule-list", "Rules"), item("suggestions", "Suggestions")]
    govern += [item("lint", "Lint"), item("arrival", "Arrival")]
    own_views = [replace(one, is_current=one.query == view) for one in saved.items]
    own_views.append(item("view-list", "All views"))
    if sees_whole_estate(user):
        govern.append(item("ledger", "Ledger"))
    if has_role_anywhere(user, "approver"):
        govern.append(item("sepm-list", "SEPM"))
    if has_role_anywhere(user, "administrator"):
        govern.append(item("people-list", "People"))
    if sees_whole_estate(user, "administrator"):
        govern += [item("site-list", "Sites"), item("webhook-list", "Webhooks")]
    own = (item("token-list", "API tokens"), item("settings", "Settings"))
    sections = [Section("", tuple(work)), Section("Views", views)]
    sections += [Section("My views", tuple(own_views)), Section("Govern", tuple(govern))]
    return [*sections, Section("Mine", own)]


def _view_of(query: str, saved: Saved) -> str:
    """The view whose question the address asks, in whatever order; empty for none."""
    asked = {pair for pair in parse_qsl(query[1:]) if pair[0] not in {"after", "before"}}
    known = [one.query for one in saved.items] + [q for _, q in VIEWS]
    return next((q for q in known if set(parse_qsl(q[1:])) == asked), "")


def frame(request: HttpRequest) -> dict[str, Any]:
    """Lazy, so that a fragment asks for nothing that it does not show."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {}
    return {
        "may_decide": SimpleLazyObject(lambda: has_role_anywhere(user, "analyst")),
        "rail": SimpleLazyObject(lambda: rail(request)),
    }
