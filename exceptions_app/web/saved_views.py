"""Saved views of the inbox: one's own, shared ones, and where a role begins."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Case, When
from django.http import QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from exceptions_app.errors import ExceptionsError
from exceptions_app.models.view import InboxView, RoleLanding
from exceptions_app.triage.view_counts import counts_of
from exceptions_app.triage.view_rows import rows_of
from exceptions_app.triage.views import (
    NAME_MAX,
    change_view,
    delete_view,
    filter_of,
    landing_of,
    may_change,
    problems,
    restorable,
    restore_view,
    save_view,
    set_landing,
)
from exceptions_app.web.inbox import chips
from exceptions_app.web.told import next_address
from truscan.access.actor import Actor
from truscan.access.scope import has_role_anywhere, sees_whole_estate
from truscan.models.access import Role
from truscan.templatetags.house import exact_text
from truscan.web.frame import Item, Saved, forget_counts
from truscan.web.gate import person, person_with, text_of

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser, User
    from django.http import HttpRequest, HttpResponse

    from exceptions_app.triage.inbox import InboxFilter
    from exceptions_app.web.inbox import Chip

IN_RAIL = 12
SHOWN = 200


def in_rail(user: AbstractBaseUser) -> Saved:
    """One's own first, then shared ones, with the stored counts of the person's scope."""
    who, now = cast("User", user), timezone.now()
    is_other = Case(When(owner=who, then=0), default=1)
    visible = InboxView.objects.all().visible_to(who).order_by(is_other, "name", "pk")
    views = list(visible[:IN_RAIL])
    counts = counts_of(views, who, now)
    return Saved(tuple(_item(view, counts.get(view.pk)) for view in views), bool(landing_of(who)))


def _item(view: InboxView, counted: Any) -> Item:
    count = counted.count if counted else None
    at: datetime | None = counted.counted_at if counted else None
    if count is not None and at is not None:
        hint = f"Counted {exact_text(at)}"
    else:
        hint = "Could not be counted: open the view" if at else "Not counted yet"
    address, asks = reverse("view", args=[view.pk]), f"?{view.asks}"
    return Item("view", view.name, count, asks, address=address, said="unknown", hint=hint)


def get_view(request: HttpRequest, pk: int) -> InboxView:
    return get_object_or_404(InboxView.objects.all().visible_to(person(request)), pk=pk)


def _changeable(request: HttpRequest, pk: int) -> InboxView:
    view = get_view(request, pk)
    if not may_change(person(request), view):
        raise PermissionDenied("Its owner, or an administrator of the whole estate, changes that.")
    return view


def words_of(found: InboxFilter, query: str) -> list[Chip]:
    return chips(found, QueryDict(query), "")


@require_GET
def view_list(request: HttpRequest) -> HttpResponse:
    user, now = person(request), timezone.now()
    visible = InboxView.objects.all().visible_to(user).select_related("owner")
    views = list(visible.prefetch_related("landings")[:SHOWN])
    rows = [
        (row, words_of(filter_of(row.view.query, user, now), row.view.query))
        for row in rows_of(views, user, now)
    ]
    landings = {row.role: row.view_id for row in RoleLanding.objects.all()}
    shared = [view for view in views if view.is_shared]
    ctx = {
        "sections": [
            ("My views", [pair for pair in rows if pair[0].is_mine]),
            ("Shared by others", [pair for pair in rows if not pair[0].is_mine]),
        ],
        "total": len(views),
        "may_approve": has_role_anywhere(user, "approver"),
        "may_place": sees_whole_estate(user, "administrator"),
        "landings": [(word, label, landings.get(word)) for word, label in Role.choices],
        "shared": shared,
        "deleted": restorable(user, now).exclude(deleted_at=None).order_by("-deleted_at")[:20],
    }
    return render(request, "exceptions_app/saved_views/list.html", ctx)


@require_GET
def view_page(request: HttpRequest, pk: int) -> HttpResponse:
    """To the inbox with the view's question, or to a page that says why it cannot be asked."""
    user, view = person(request), get_view(request, pk)
    why = problems([view], user, timezone.now())[view.pk]
    if not why:
        return redirect(f"{reverse('inbox')}?{view.asks}")
    ctx = {"view": view, "problem": why, "may_change": may_change(user, view)}
    return render(request, "exceptions_app/saved_views/broken.html", ctx)


def _free_name(user: User, query: str, now: datetime) -> str:
    """What the filter says in words, numbered if there is such a view."""
    told = words_of(filter_of(query, user, now), query)
    name = (" · ".join(chip.value for chip in told) or "Everything open")[: NAME_MAX - 4].strip()
    taken = set(InboxView.objects.filter(owner=user).values_list("name", flat=True))
    numbered = (f"{name} {n}" for n in range(2, 1000))
    return name if name not in taken else next(n for n in numbered if n not in taken)


@require_POST
def view_create(request: HttpRequest) -> HttpResponse:
    """One click in the inbox: its filter (`matching`) and sort, named in words unless told."""
    user, now = person_with(request, "viewer"), timezone.now()
    query, sort = text_of(request.POST, "matching", 5000), text_of(request.POST, "sort")
    name = text_of(request.POST, "name", 300) or _free_name(user, query, now)
    try:
        view = save_view(
            actor=Actor.on_web(user), owner=user, name=name, query=query, sort=sort, now=now
        )
    except ExceptionsError as error:
        messages.error(request, str(error))
        return redirect(next_address(request))
    messages.success(request, f"Saved as “{view}” under My views; rename or share it in All views.")
    forget_counts(user)
    return redirect("view", view.pk)


@require_POST
def view_change(request: HttpRequest, pk: int) -> HttpResponse:
    """`name` renames; `share` is yes or no; `matching` and `sort` are what it asks from now on."""
    user, view = person(request), _changeable(request, pk)
    share = {"yes": True, "no": False}.get(text_of(request.POST, "share"))
    name = text_of(request.POST, "name", 300) if "name" in request.POST else None
    asks = "matching" in request.POST
    try:
        view = change_view(
            actor=Actor.on_web(user),
            user=user,
            view=view,
            now=timezone.now(),
            name=name,
            query=text_of(request.POST, "matching", 5000) if asks else None,
            sort=text_of(request.POST, "sort") if asks else None,
            is_shared=share,
        )
    except ExceptionsError as error:
        messages.error(request, str(error))
    else:
        state = "is shared" if view.is_shared else "is yours alone"
        text = f"“{view}” {state}." if share is not None else f"It is “{view}”."
        if asks:
            text = f"“{view}” asks this from now on; it is counted anew within some minutes."
        messages.success(request, text)
    forget_counts(user)
    return redirect(next_address(request)) if asks else redirect("view-list")


@require_POST
def view_delete(request: HttpRequest, pk: int) -> HttpResponse:
    user, view = person(request), _changeable(request, pk)
    try:
        delete_view(actor=Actor.on_web(user), view=view, now=timezone.now())
    except ExceptionsError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"Deleted: “{view}”. It can be restored below for thirty days.")
    forget_counts(user)
    return redirect("view-list")


@require_POST
def view_restore(request: HttpRequest, pk: int) -> HttpResponse:
    user = person(request)
    view = get_object_or_404(restorable(user, timezone.now()), pk=pk)
    try:
        restore_view(actor=Actor.on_web(user), view=view)
    except ExceptionsError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"“{view}” is back.")
    forget_counts(user)
    return redirect("view-list")


@require_POST
def view_landing(request: HttpRequest) -> HttpResponse:
    """Where people of `role` begin: the shared `view`, or the inbox without one."""
    user = person(request)
    if not sees_whole_estate(user, "administrator"):
        raise PermissionDenied("Only an administrator of the whole estate changes that.")
    chosen = text_of(request.POST, "view", 18)
    view = get_view(request, int(chosen)) if chosen.isdecimal() else None
    try:
        set_landing(actor=Actor.on_web(user), role=text_of(request.POST, "role"), view=view)
    except ExceptionsError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "Saved; it counts when they open the root address next.")
    forget_counts(user)
    return redirect("view-list")


urlpatterns = [
    path("views/", view_list, name="view-list"),
    path("views/new/", view_create, name="view-create"),
    path("views/landing/", view_landing, name="view-landing"),
    path("views/<int:pk>/", view_page, name="view"),
    path("views/<int:pk>/change/", view_change, name="view-change"),
    path("views/<int:pk>/delete/", view_delete, name="view-delete"),
    path("views/<int:pk>/restore/", view_restore, name="view-restore"),
]
