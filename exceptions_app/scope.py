"""What a person may see and write of policies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self, TypeVar

from django.apps import apps
from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.fields import ArrayField
from django.db.models import BigIntegerField, Exists, Model, OuterRef, Q, QuerySet, Value

from truscan.access.scope import group_ids, groups_held, has_role_anywhere, held_once

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser

    from truscan.access.scope import Groups

M = TypeVar("M", bound=Model)


def policies_held(user: AbstractBaseUser) -> Groups:
    """Ids of the policies that a person sees, for pages that read only: they are asked for once,
    and one that is made in the same request is not among them. None is every policy."""
    return held_once(user, "policies", lambda: _policies(user))


def _policies(user: AbstractBaseUser) -> QuerySet[Any] | None:
    if group_ids(user) is None:
        return None
    policies = apps.get_model("exceptions_app", "Policy")
    mine: QuerySet[Any] = PolicyQuerySet(policies).visible_to(user)
    return mine.order_by()


class PolicyQuerySet(QuerySet[M]):
    def visible_to(self, user: AbstractBaseUser, role: str = "viewer") -> Self:
        """Policies of the person's groups, and for everybody with the role somewhere those that
        are on no group yet."""
        ids = groups_held(user, role)
        if ids is None:
            return self
        if not has_role_anywhere(user, role):
            return self.none()
        on = apps.get_model("exceptions_app", "PolicyAssignment")._default_manager.filter(
            policy=OuterRef("pk")
        )
        return self.filter(Q(Exists(on.filter(group__in=ids))) | ~Exists(on))


class ApprovalQuerySet(QuerySet[M]):
    def visible_to(self, user: AbstractBaseUser, role: str = "viewer") -> Self:
        """Requests that a person made, and those about policies and groups that he sees, all."""
        ids = group_ids(user, role)
        if ids is None:
            return self
        policies = apps.get_model("exceptions_app", "Policy")._default_manager
        about = policies.filter(approval_requests=OuterRef("pk"))
        mine: QuerySet[Any] = PolicyQuerySet(policies.model).visible_to(user, role)
        groups = apps.get_model("exceptions_app", "ApprovalRequest").groups.through
        at = groups._default_manager.filter(approvalrequest=OuterRef("pk"))
        hidden = Exists(about.exclude(pk__in=mine.values("pk"))) | Exists(at.exclude(group__in=ids))
        seen = (Exists(about) | Exists(at)) & ~hidden
        return self.filter(Q(requester_id=user.pk) | seen)


class ViewQuerySet(QuerySet[M]):
    def visible_to(self, user: AbstractBaseUser, role: str = "viewer") -> Self:
        """A person's own views, and shared ones whose groups he sees, if not deleted; one that
        names no group is for everybody with the role somewhere."""
        there = self.filter(deleted_at=None)
        if not has_role_anywhere(user, role):
            return there.filter(owner_id=user.pk)
        ids = groups_held(user, role)
        shared = Q(is_shared=True)
        if ids is not None:
            # One value: the lookup would make an expression of each.
            if isinstance(ids, list):
                reach: Any = Value(ids, ArrayField(BigIntegerField()))
            else:
                reach = ArraySubquery(ids)
            shared &= Q(names_group=False) | Q(reach__overlap=reach)
        return there.filter(Q(owner_id=user.pk) | shared)


class RuleQuerySet(QuerySet[M]):
    def visible_to(self, user: AbstractBaseUser, role: str = "viewer") -> Self:
        """A person's own rules, and those whose policies and groups he sees, all of them."""
        ids = group_ids(user, role)
        if ids is None:
            return self
        if not has_role_anywhere(user, role):
            return self.filter(owner_id=user.pk)
        policies = apps.get_model("exceptions_app", "Policy")._default_manager
        mine: QuerySet[Any] = PolicyQuerySet(policies.model).visible_to(user, role)
        of_rule = policies.filter(rules=OuterRef("pk"))
        hidden = Exists(of_rule.exclude(pk__in=mine.values("pk")))
        groups = apps.get_model("truscan", "Group")._default_manager
        foreign = Exists(groups.filter(observing_rules=OuterRef("pk")).exclude(pk__in=ids))
        return self.filter(Q(owner_id=user.pk) | (~hidden & ~foreign))
