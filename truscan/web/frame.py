"""What every page needs: the rail with its counts, who is here, what he may do."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar, cast

from django.core.cache import cache
from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from truscan.access.scope import has_role_anywhere, sees_whole_estate
from truscan.models.counts import ProcessSummary, Sighting
from truscan.models.log_import import LogImport

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.contrib.auth.models import AbstractBaseUser, User
    from django.http import HttpRequest

T = TypeVar("T")

CAP = 10_000
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


@dataclass(frozen=True, slots=True)
class Section:
    title: str
    items: tuple[Item, ...]


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
}
VIEWS = (
    ("Since last change", "?since=change"),
    ("Keyloggers", "?risk_class=keylogger"),
    ("Observed", "?state=observed"),
)


# Counts of rail entries that other apps know: name of the URL to the count, None shows none.
COUNTED: dict[str, Callable[[AbstractBaseUser], int | None]] = {}


def register_count(name: str, ask: Callable[[AbstractBaseUser], int | None]) -> None:
    """Called in `AppConfig.ready()`."""
    COUNTED[name] = ask


def open_processes(user: AbstractBaseUser) -> int:
    """Processes that a person of these groups can still decide, counted to the cap."""
    waiting = Sighting.objects.visible_to(user).open(timezone.now())
    waiting = waiting.filter(process__on_symantec_list=False)
    found = ProcessSummary.objects.filter(Exists(waiting.filter(process=OuterRef("pk"))))
    return found.order_by()[: CAP + 1].count()


def _imports_at_work(user: AbstractBaseUser) -> int | None:
    states = (LogImport.State.QUEUED, LogImport.State.RUNNING, LogImport.State.QUESTION)
    return LogImport.objects.visible_to(user).filter(state__in=states)[: CAP + 1].count() or None


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
    return remembered(
        user,
        "rail",
        lambda: {
            "inbox": open_processes(user),
            "import-list": _imports_at_work(user),
            **{name: ask(user) for name, ask in COUNTED.items()},
        },
    )


def _current(request: HttpRequest) -> str:
    name = request.resolver_match.url_name if request.resolver_match else None
    name = name or ""
    return STANDS_FOR.get(name.partition("-")[0], name)


def rail(request: HttpRequest) -> list[Section]:
    user = cast("User", request.user)
    counts, current = _counts(user), _current(request)
    query = "?" + request.META.get("QUERY_STRING", "")
    view = query if current == "inbox" and query in {v for _, v in VIEWS} else ""

    def item(name: str, label: str) -> Item:
        return Item(name, label, counts.get(name), "", name == current and not view)

    work = [
        item("inbox", "Inbox"),
        item("detection-list", "Detections"),
        item("policy-list", "Policies"),
        item("group-list", "Groups"),
        item("ramp-list", "Ramp"),
        item("import-list", "Imports"),
    ]
    views = tuple(Item("inbox", label, None, q, q == view) for label, q in VIEWS)
    govern = [item("approval-list", "Approvals"), item("review-list", "Reviews")]
    govern += [item("lint", "Lint"), item("arrival", "Arrival")]
    if sees_whole_estate(user):
        govern.append(item("ledger", "Ledger"))
    if has_role_anywhere(user, "approver"):
        govern.append(item("sepm-list", "SEPM"))
    if has_role_anywhere(user, "administrator"):
        govern.append(item("people-list", "People"))
    if sees_whole_estate(user, "administrator"):
        govern += [item("site-list", "Sites"), item("webhook-list", "Webhooks")]
    own = (item("token-list", "API tokens"), item("settings", "Settings"))
    sections = [Section("", tuple(work)), Section("Views", views), Section("Govern", tuple(govern))]
    return [*sections, Section("Mine", own)]


def frame(request: HttpRequest) -> dict[str, Any]:
    """Lazy, so that a fragment asks for nothing that it does not show."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {}
    return {
        "may_decide": SimpleLazyObject(lambda: has_role_anywhere(user, "analyst")),
        "rail": SimpleLazyObject(lambda: rail(request)),
    }
