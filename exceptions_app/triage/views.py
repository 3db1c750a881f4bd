"""The one write path of saved views: save, change, delete, restore, and where a role begins."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.db import transaction
from django.db.models import Q
from django.http import QueryDict

from exceptions_app.errors import BadValue, ViewInUse
from exceptions_app.models.view import InboxView, RoleLanding
from exceptions_app.triage.inbox import SORTS, InboxFilter
from truscan import audit
from truscan.access.scope import (
    ROLE_ORDER,
    has_role_anywhere,
    highest_role,
    may_write_groups,
    sees_whole_estate,
)
from truscan.models.estate import Group

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from django.contrib.auth.models import User
    from django.db.models import QuerySet

    from truscan.access.actor import Actor

NAME_MAX, QUERY_MAX = 80, 4000
# A person's list stays one that can be read; the rail shows fewer.
VIEWS_MAX = 100
RESTORE = timedelta(days=30)


def filter_of(query: str, user: User, now: datetime) -> InboxFilter:
    return InboxFilter(QueryDict(query), user=user, now=now)


def problems(views: Sequence[InboxView], user: User, now: datetime) -> dict[int, str]:
    """Why this person cannot ask a view's filter any more, by view; empty if he can.

    The groups of all views are looked up at once.
    """
    data = {view.pk: QueryDict(view.query, mutable=True) for view in views}
    named = {pk: one.get("group", "").strip().rstrip("\\") for pk, one in data.items()}
    keys = {path.casefold() for path in named.values() if path}
    mine = Group.objects.all().visible_to(user).filter(path_key__in=keys)
    seen = set(mine.values_list("path_key", flat=True)) if keys else set()
    told = {}
    for pk, one in data.items():
        if named[pk] and named[pk].casefold() not in seen:
            told[pk] = f"Group: There is no group {named[pk]}."
            continue
        one["group"] = ""
        told[pk] = _errors(InboxFilter(one, user=user, now=now))
    return told


def landing_of(user: User) -> InboxView | None:
    """Where the person begins by his highest role, if he sees that view."""
    role = highest_role(user)
    views = list(RoleLanding.objects.filter(role=role).values_list("view", flat=True))
    return InboxView.objects.all().visible_to(user).filter(pk__in=views).first() if views else None


def _errors(found: InboxFilter) -> str:
    told = found.form.errors
    return "; ".join(f"{found.form.fields[name].label}: {why[0]}" for name, why in told.items())


def checked_query(query: str, user: User, now: datetime) -> tuple[str, list[int]]:
    """The filter in one order and spelling, and the groups that it names.

    BadValue for what the inbox does not know and for values that it refuses.
    """
    if len(query) > QUERY_MAX:
        raise BadValue(f"The filter is longer than {QUERY_MAX:,} characters.")
    data = QueryDict(query.removeprefix("?"))
    found = InboxFilter(data, user=user, now=now)
    unknown = sorted(set(data) - set(found.form.fields))
    if unknown:
        known = ", ".join(name for name in found.form.fields if name != "sort")
        raise BadValue(f"The inbox has no filter {unknown[0][:40]!r}; it has {known}.")
    if why := _errors(found):
        raise BadValue(f"The inbox cannot ask that. {why}")
    kept = [(n, data[n]) for n in found.form.fields if n != "sort" and data.get(n)]
    return urlencode(kept), [group.pk for group in found.form.cleaned_data["group"] or []]


def may_share(user: User, view: InboxView) -> bool:
    """An approver of the groups that it names, or of the whole estate if it names none."""
    if not view.names_group:
        return sees_whole_estate(user, "approver")
    return has_role_anywhere(user, "approver") and may_write_groups(user, "approver", view.reach)


def may_change(user: User, view: InboxView) -> bool:
    """The owner, and for a shared view an administrator of the whole estate."""
    return view.owner_id == user.pk or (view.is_shared and sees_whole_estate(user, "administrator"))


def restorable(user: User, now: datetime) -> QuerySet[InboxView]:
    """Deleted less than thirty days ago (or not at all), and the person's to change."""
    rows = InboxView.objects.filter(Q(deleted_at=None) | Q(deleted_at__gt=now - RESTORE))
    if sees_whole_estate(user, "administrator"):
        return rows.filter(Q(owner=user) | Q(is_shared=True))
    return rows.filter(owner=user)


@transaction.atomic
def save_view(
    *, actor: Actor, owner: User, name: str, query: str, now: datetime, sort: str = ""
) -> InboxView:
    """A new personal view; an equal one of that name is returned as it is."""
    name = _name(name)
    kept, reach = checked_query(query, owner, now)
    _check_sort(sort)
    mine = InboxView.objects.filter(owner=owner, deleted_at=None)
    same = mine.filter(name=name).first()
    if same is not None:
        if (same.query, same.sort) == (kept, sort):
            return same
        raise BadValue(f"You have a view “{name}” with another filter; choose another name.")
    if mine.count() >= VIEWS_MAX:
        raise BadValue(f"You have {VIEWS_MAX} views, which is the most; delete one first.")
    view = InboxView.objects.create(
        owner=owner, name=name, query=kept, sort=sort, created_at=now,
        reach=reach, names_group=bool(reach),
    )  # fmt: skip
    audit.record("view.created", actor=actor, obj=view, after=_facts(view))
    return view


@transaction.atomic
def change_view(
    *,
    actor: Actor,
    user: User,
    view: InboxView,
    now: datetime,
    name: str | None = None,
    query: str | None = None,
    sort: str | None = None,
    is_shared: bool | None = None,
) -> InboxView:
    """Rename, ask something else, share or take back; what is None stays. Idempotent."""
    view = InboxView.objects.select_for_update().get(pk=view.pk)
    before = _facts(view)
    if name is not None:
        view.name = _name(name)
        _check_free(view)
    if query is not None:
        view.query, view.reach = checked_query(query, user, now)
        view.names_group = bool(view.reach)
        view.counts.all().delete()
    if sort is not None:
        _check_sort(sort)
        view.sort = sort
    if is_shared is not None:
        view.is_shared = is_shared
    if before == _facts(view):
        return view
    if before["is_shared"] and not view.is_shared:
        _check_unused(view)
    if view.is_shared and (not before["is_shared"] or query is not None):
        _check_share(user, view)
    view.save()
    audit.record("view.changed", actor=actor, obj=view, before=before, after=_facts(view))
    return view


@transaction.atomic
def delete_view(*, actor: Actor, view: InboxView, now: datetime) -> None:
    """Deleting a deleted one changes nothing; `restore_view` takes it back for thirty days."""
    view = InboxView.objects.select_for_update().get(pk=view.pk)
    if view.deleted_at is not None:
        return
    _check_unused(view)
    view.deleted_at = now
    view.save(update_fields=["deleted_at"])
    audit.record("view.deleted", actor=actor, obj=view, before=_facts(view))


@transaction.atomic
def restore_view(*, actor: Actor, view: InboxView) -> InboxView:
    view = InboxView.objects.select_for_update().get(pk=view.pk)
    if view.deleted_at is None:
        return view
    _check_free(view)
    view.deleted_at = None
    view.save(update_fields=["deleted_at"])
    audit.record("view.restored", actor=actor, obj=view, after=_facts(view))
    return view


@transaction.atomic
def set_landing(*, actor: Actor, role: str, view: InboxView | None) -> None:
    """Where people of this role (their highest) begin; None is the inbox itself. Idempotent."""
    if role not in ROLE_ORDER:
        raise BadValue(f"There is no such role; give one of {', '.join(ROLE_ORDER)}.")
    if view is not None:
        view = InboxView.objects.select_for_update().get(pk=view.pk)
        if not view.is_shared or view.deleted_at is not None:
            raise BadValue(f"“{view}” is not shared; share it first.")
    row = RoleLanding.objects.select_for_update().select_related("view").filter(role=role).first()
    before = row.view.name if row else None
    if (row.view_id if row else None) == (view.pk if view else None):
        return
    if view is None:
        RoleLanding.objects.filter(role=role).delete()
    else:
        RoleLanding.objects.update_or_create(role=role, defaults={"view": view})
    audit.record(
        "view.landing_set", actor=actor, object_type="role", object_id=role, object_name=role,
        before={"view": before}, after={"view": view.name if view else None},
    )  # fmt: skip


def _facts(view: InboxView) -> dict[str, Any]:
    return {
        "name": view.name, "query": view.query, "sort": view.sort, "is_shared": view.is_shared,
    }  # fmt: skip


def _name(text: str) -> str:
    name = " ".join(text.split())
    if not 0 < len(name) <= NAME_MAX or not name.isprintable():
        raise BadValue(f"Give the view a name of 1 to {NAME_MAX} characters.")
    return name


def _check_sort(sort: str) -> None:
    if sort and sort not in SORTS:
        raise BadValue(f"The inbox does not sort by that; it sorts by {', '.join(SORTS)}.")


def _check_free(view: InboxView) -> None:
    others = InboxView.objects.filter(owner=view.owner_id, name=view.name, deleted_at=None)
    if others.exclude(pk=view.pk).exists():
        raise BadValue(f"There is a view “{view.name}” already; choose another name.")


def _check_unused(view: InboxView) -> None:
    roles = list(view.landings.order_by("role").values_list("role", flat=True))
    if roles:
        raise ViewInUse(
            f"“{view}” is where people begin who are {', '.join(roles)}; an administrator of the "
            "whole estate chooses another landing page first."
        )


def _check_share(user: User, view: InboxView) -> None:
    if may_share(user, view):
        return
    if view.names_group:
        raise BadValue("Only an approver of the group that it names shares this view.")
    raise BadValue(
        "Only an approver of the whole estate shares a view that names no group: "
        "set the group filter to a group that you approve for, and save that."
    )
