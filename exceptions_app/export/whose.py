"""Which policies a person may export whole: the files name every group that a policy is on."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from exceptions_app.models.policy import Policy, PolicyAssignment
from exceptions_app.policies.effective import groups_with, policies_in_force
from truscan.access.scope import group_ids

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser


def exportable(user: AbstractBaseUser) -> tuple[list[int], list[str]]:
    """Ids of the policies all of whose groups the person sees, and names of those that are also on
    groups outside. Published ones only; a few queries, whatever the number of policies."""
    visible = Policy.objects.visible_to(user).filter(revisions__number=1)
    names = dict(visible.order_by("pk").values_list("pk", "name"))
    mine = group_ids(user)
    if mine is None:
        return list(names), []
    allowed = set(mine.values_list("pk", flat=True))
    outside = {pk for pk, groups in _touched(list(names)).items() if groups - allowed}
    return [pk for pk in names if pk not in outside], [names[pk] for pk in sorted(outside)]


def _touched(policy_ids: list[int]) -> dict[int, set[int]]:
    touched: dict[int, set[int]] = defaultdict(set)
    rows = PolicyAssignment.objects.filter(policy__in=policy_ids)
    for policy_id, group_id in rows.values_list("policy_id", "group_id"):
        touched[policy_id].add(group_id)
    wanted = set(policy_ids)
    for place in policies_in_force(groups_with(policy_ids)):
        if place.policy_id in wanted:
            touched[place.policy_id].add(place.group_id)
    return touched
