"""What a person may see: querysets start with `visible_to(user)`.

A role is held for group subtrees (`RoleGrant`); a grant without a group is the whole estate.
Every role includes the roles below it, so "at least analyst" is the usual question.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self, TypeAlias, TypeVar

from django.apps import apps
from django.db.models import Exists, Model, OuterRef, Q, QuerySet

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from django.contrib.auth.models import AbstractBaseUser

    from truscan.models.estate import Group

M = TypeVar("M", bound=Model)

# What `group__in` takes, or `policy__in`; None is the whole estate.
Groups: TypeAlias = "QuerySet[Any] | list[int] | None"

_MEMO = "_truscan_grants"
# Up to so many groups a query names their ids. The planner then knows how many they are and looks
# them up in a hash, where a subquery is joined by every query anew; longer lists cost more to send.
NAMED_MAX = 1000
ROLE_ORDER = ("viewer", "analyst", "approver", "administrator")


def roles_from(role: str) -> tuple[str, ...]:
    """The given role and all above it."""
    return ROLE_ORDER[ROLE_ORDER.index(role) :]


@dataclass(frozen=True, slots=True)
class Held:
    """A grant as read: the role, and the top of its subtree; no group is the whole estate."""

    role: str
    path_key: str | None
    domain_id: int | None

    @property
    def is_whole(self) -> bool:
        return self.domain_id is None


class _Memo:
    """What was read of a person's grants in one request; None until somebody asks."""

    held: tuple[Held, ...] | None = None

    def __init__(self) -> None:
        self.ids: dict[str, Groups] = {}


def read_grants_once(user: AbstractBaseUser) -> None:
    """For the object of one request only, which is made anew for the next: from here on its
    grants are read once. No other object remembers, so a worker's is never stale."""
    setattr(user, _MEMO, _Memo())


def _held(user: AbstractBaseUser, role: str) -> list[Held]:
    """The grants of at least this role, none for a closed account."""
    memo: _Memo | None = getattr(user, _MEMO, None)
    if memo is None:
        held = _read(user)
    else:
        held = memo.held = _read(user) if memo.held is None else memo.held
    wanted = roles_from(role)
    return [one for one in held if one.role in wanted]


def _read(user: AbstractBaseUser) -> tuple[Held, ...]:
    grants = apps.get_model("truscan", "RoleGrant")._default_manager
    rows = grants.filter(user_id=user.pk, user__is_active=True)
    told = rows.values_list("role", "group__path_key", "group__domain_id")
    return tuple(Held(*row) for row in told)


def sees_whole_estate(user: AbstractBaseUser, role: str = "viewer") -> bool:
    """True if the person holds at least this role without a group limit."""
    return any(one.is_whole for one in _held(user, role))


def has_role_anywhere(user: AbstractBaseUser, role: str) -> bool:
    """True if the person holds at least this role for some group: may the button be shown."""
    return bool(_held(user, role))


def subtree(path_key: str, domain_id: int) -> Q:
    """Groups at or below a path of a domain; the empty path is only itself."""
    at = Q(domain_id=domain_id, path_key=path_key)
    return at | Q(domain_id=domain_id, path_key__startswith=path_key + "\\") if path_key else at


def group_ids(user: AbstractBaseUser, role: str = "viewer") -> QuerySet[Any] | None:
    """A subquery of the groups where the person holds at least the role; None = whole estate."""
    held = _held(user, role)
    if any(one.is_whole for one in held):
        return None
    where = Q(pk__in=[])
    for one in held:
        where |= subtree(one.path_key or "", one.domain_id or 0)
    return apps.get_model("truscan", "Group")._default_manager.filter(where).values("pk")


def named(rows: QuerySet[Any]) -> Groups:
    """The ids if they are few, else a subquery."""
    told = list(rows.order_by().values_list("pk", flat=True)[: NAMED_MAX + 1])
    return told if len(told) <= NAMED_MAX else rows.values("pk")


def ids_of(groups: Groups) -> set[int] | None:
    """The ids themselves, however many; None for the whole estate."""
    if groups is None or isinstance(groups, list):
        return None if groups is None else set(groups)
    return set(groups.values_list("pk", flat=True))


def groups_held(user: AbstractBaseUser, role: str = "viewer") -> Groups:
    """As `group_ids`, but read once in a request and named if they are few."""
    return held_once(user, f"groups {role}", lambda: group_ids(user, role))


def held_once(user: AbstractBaseUser, name: str, ask: Callable[[], QuerySet[Any] | None]) -> Groups:
    """Ids of one kind that the person may see: read once in a request, and named if they are few.
    Outside of a request it is the subquery itself."""
    memo: _Memo | None = getattr(user, _MEMO, None)
    if memo is None:
        return ask()
    if name not in memo.ids:
        ids = ask()
        memo.ids[name] = None if ids is None else named(ids)
    return memo.ids[name]


def scope_key(user: AbstractBaseUser) -> str:
    """Equal for people who see the same groups; empty for who sees none."""
    held = _held(user, "viewer")
    if any(one.is_whole for one in held):
        return "estate"
    tops = sorted({(one.domain_id or 0, one.path_key or "") for one in held})
    return hashlib.sha256(repr(tops).encode()).hexdigest() if tops else ""


def highest_role(user: AbstractBaseUser) -> str:
    """The highest role that the person holds anywhere; empty for none."""
    return next((role for role in reversed(ROLE_ORDER) if has_role_anywhere(user, role)), "")


def may_write_groups(user: AbstractBaseUser, role: str, groups: Iterable[int]) -> bool:
    """True if the person holds at least the role for every one of the groups."""
    wanted = set(groups)
    ids = groups_held(user, role)
    if ids is None or isinstance(ids, list):
        return ids is None or wanted.issubset(ids)
    return ids.filter(pk__in=wanted).count() == len(wanted)


class GroupQuerySet(QuerySet[M]):
    def visible_to(self, user: AbstractBaseUser, role: str = "viewer") -> Self:
        ids = groups_held(user, role)
        return self if ids is None else self.filter(pk__in=ids)

    def at_or_below(self, group: Group) -> Self:
        """The subtree of a group, itself included."""
        return self.filter(subtree(group.path_key, group.domain_id))


class ScopedQuerySet(QuerySet[M]):
    """Rows that belong to one group."""

    def visible_to(self, user: AbstractBaseUser, role: str = "viewer") -> Self:
        ids = groups_held(user, role)
        return self if ids is None else self.filter(group__in=ids)


class DetectionQuerySet(ScopedQuerySet[M]):
    """Detections; a type of its own so that it can grow filters of its own."""


class SightingQuerySet(ScopedQuerySet[M]):
    def open(self, now: datetime) -> Self:
        """Neither covered by the draft nor observed, and a candidate for an exception."""
        return self.filter(is_candidate=True, covered_until__lte=now, observed_until__lte=now)


class ProcessQuerySet(QuerySet[M]):
    def visible_to(self, user: AbstractBaseUser, role: str = "viewer") -> Self:
        """Processes seen in at least one group of the person."""
        ids = groups_held(user, role)
        if ids is None:
            return self
        sightings = apps.get_model("truscan", "Sighting")._default_manager
        return self.filter(Exists(sightings.filter(process=OuterRef("pk"), group__in=ids)))


class LogImportQuerySet(QuerySet[M]):
    def visible_to(self, user: AbstractBaseUser, role: str = "viewer") -> Self:
        """Imports with lines of the person's groups, and those that he handed in himself."""
        ids = groups_held(user, role)
        if ids is None:
            return self
        seen = apps.get_model("truscan", "ImportGroup")._default_manager
        return self.filter(
            Q(actor_user_id=user.pk) | Exists(seen.filter(log_import=OuterRef("pk"), group__in=ids))
        )


class RampPlanQuerySet(QuerySet[M]):
    def visible_to(self, user: AbstractBaseUser, role: str = "viewer") -> Self:
        """Plans whose scan policy is used in at least one group of the person."""
        ids = groups_held(user, role)
        if ids is None:
            return self
        uses = apps.get_model("truscan", "ScanPolicyUse")._default_manager
        return self.filter(Exists(uses.filter(scan_policy=OuterRef("scan_policy"), group__in=ids)))
