"""What a person is about to decide: the processes he chose, and the policies that come into
question. Nothing is written here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from django.http import Http404
from django.shortcuts import get_object_or_404

from exceptions_app.models.bulk import Selection
from exceptions_app.models.policy import Policy
from exceptions_app.policies.effective import InForce, policies_in_force
from exceptions_app.triage.selection import take_snapshot
from truscan.access.scope import group_ids
from truscan.models.counts import Sighting
from truscan.models.estate import Group
from truscan.models.process import Process

if TYPE_CHECKING:
    from datetime import datetime

    from django.contrib.auth.models import User
    from django.http import QueryDict

TICKED_MAX = 1_000
SHOWN = 12
GROUPS_SHOWN = 30


@dataclass(slots=True)
class Choice:
    """`ids` may be decided by the person; the others are told with their reason."""

    ids: list[int]
    shown: list[Process]
    on_list: list[Process]
    on_list_count: int
    read_only: int
    selection: Selection | None = None

    @property
    def names(self) -> list[str]:
        """Of those shown, each name once: builds of one program share theirs."""
        return list(dict.fromkeys(str(process) for process in self.shown))

    @property
    def matching(self) -> str:
        return self.selection.query if self.selection else ""

    @property
    def total(self) -> int:
        return len(self.ids)


@dataclass(slots=True)
class Option:
    """A policy that can be ticked: how much of it concerns the processes, and whether he may."""

    policy: Policy
    places: int
    concerned: int
    writable: bool

    @property
    def preselected(self) -> bool:
        return self.concerned > 0 and self.writable


@dataclass(slots=True)
class Options:
    policies: list[Option]
    others: list[Option]
    uncovered: list[Group]
    uncovered_count: int
    tops: list[Group]
    touches: dict[int, set[int]] = field(default_factory=dict)


def chosen(user: User, data: QueryDict, now: datetime) -> Choice:
    """The ticked processes, or everything that matched the filter when it was first asked; out of
    scope is 404."""
    selection = _selection(user, data, now)
    visible = _ticked(user, data) if selection is None else set(selection.process_ids)
    if not visible:
        raise Http404
    mine = Process.objects.filter(pk__in=visible).visible_to(user, "analyst")
    ids = list(mine.filter(on_symantec_list=False).order_by("pk").values_list("pk", flat=True))
    listed = mine.filter(on_symantec_list=True)
    listed_count = listed.count()
    return Choice(
        ids=ids,
        shown=list(mine.filter(on_symantec_list=False).order_by("name", "pk")[:SHOWN]),
        on_list=list(listed.order_by("name", "pk")[:SHOWN]) if listed_count else [],
        on_list_count=listed_count,
        read_only=len(visible) - len(ids) - listed_count,
        selection=selection,
    )


def _selection(user: User, data: QueryDict, now: datetime) -> Selection | None:
    """The snapshot that the dialog names, or a new one for `matching`; None for ticked ones."""
    told = data.get("selection", "")
    if told:
        if not (told.isascii() and told.isdecimal() and len(told) < 19):
            raise Http404
        return get_object_or_404(Selection, pk=int(told), user=user)
    query = data.get("matching", "")
    if not query:
        return None
    taken = take_snapshot(user, query, now)
    if taken is None:
        raise Http404
    return taken


def _ticked(user: User, data: QueryDict) -> set[int]:
    raw = data.getlist("process")[:TICKED_MAX]
    if not all(text.isdecimal() and len(text) < 19 for text in raw):
        raise Http404
    wanted = {int(text) for text in raw}
    seen = Process.objects.filter(pk__in=wanted).visible_to(user)
    if seen.count() != len(wanted):
        raise Http404
    return wanted


def groups_of(user: User, ids: list[int]) -> list[Group]:
    """Where these processes were seen, among the groups that the person may write."""
    mine = group_ids(user, "analyst")
    seen = Sighting.objects.filter(process__in=ids)
    if mine is not None:
        seen = seen.filter(group__in=mine)
    return list(Group.objects.filter(pk__in=seen.values("group")).order_by("domain", "path_key"))


def topmost(groups: list[Group]) -> list[Group]:
    """The groups that lie below no other of them, so that a subtree is named once."""
    tops: list[Group] = []
    for group in sorted(groups, key=lambda g: (g.domain_id, g.path_key)):
        above = tops[-1] if tops else None
        below = above is not None and above.domain_id == group.domain_id
        if not (above and below and group.path_key.startswith(above.path_key + "\\")):
            tops.append(group)
    return tops


def options(user: User, groups: list[Group]) -> Options:
    """The policies in force where the processes were seen come first and are preselected [75]."""
    seen = {group.pk for group in groups}
    mine = group_ids(user, "analyst")
    writable = None if mine is None else set(mine.values_list("pk", flat=True))
    touches: dict[int, set[int]] = {}
    places: dict[int, list[InForce]] = {}
    has_policy: set[int] = set()
    for row in policies_in_force(None):
        if row.policy_id is None:
            continue
        has_policy.add(row.group_id)
        touches.setdefault(row.policy_id, set()).add(row.group_id)
        places.setdefault(row.policy_id, []).append(row)
    told = [
        Option(
            policy=policy,
            places=len(places.get(policy.pk, [])),
            concerned=len(touches.get(policy.pk, set()) & seen),
            writable=writable is None or touches.get(policy.pk, set()) <= writable,
        )
        for policy in Policy.objects.all().visible_to(user).order_by("name")[:500]
    ]
    uncovered = [group for group in groups if group.pk not in has_policy]
    return Options(
        policies=[o for o in told if o.concerned],
        others=[o for o in told if not o.concerned],
        uncovered=uncovered[:GROUPS_SHOWN],
        uncovered_count=len(uncovered),
        tops=topmost(uncovered)[:GROUPS_SHOWN],
        touches=touches,
    )
