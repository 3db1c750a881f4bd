"""Which level a group's clients scan at, and when a scan setting last changed there.

The guide reads the log "since a scan setting was last changed" [p. 73]; a confirmed level and a
step back are such changes. A sub-group follows the scan policy of its parent while it inherits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from truscan.models.estate import Group
from truscan.models.ramp import RampEvent, RampPlan, ScanPolicyUse, ScanSettingChange, Track
from truscan.ramp.plan import WATCHED
from truscan.ramp.scan_settings import CONTENT

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

TRACK_LABELS: dict[str, str] = dict(Track.choices)
CHANGES = (RampEvent.Kind.CONFIRMED, RampEvent.Kind.BACK)


@dataclass(frozen=True, slots=True)
class LevelInForce:
    """The newest confirmed level of a track for a group, and since when."""

    group_id: int
    plan_id: int
    plan_name: str
    track: str
    level: str
    since: datetime


def levels_in_force(at: datetime, group_ids: Collection[int] | None = None) -> list[LevelInForce]:
    """One row per (group, track) whose level was confirmed by `at`; None = all groups.

    A group without a row has a level that nobody confirmed: not known, never zero. SEPM keeps what
    it has when a plan ends, so its level stays until another plan of the same scan policy and track
    confirms one. Four queries for any number of plans.
    """
    found: list[LevelInForce] = []
    newest = _newest_changes(at)
    followers = _followers() if newest else {}
    plans = RampPlan.objects.filter(pk__in=list(newest)).order_by("pk")
    # Plain values: a page of a large estate asks this of hundreds of plans.
    for pk, policy, policy_name, track in plans.values_list(
        "pk", "scan_policy", "scan_policy__name", "track"
    ):
        level, since = newest[pk]
        name = f"{policy_name} · {TRACK_LABELS.get(track, track)}"
        for group_id in sorted(followers.get(policy, ())):
            if group_ids is None or group_id in group_ids:
                found.append(LevelInForce(group_id, pk, name, track, level, since))
    return found


def last_changes(at: datetime, group_ids: Collection[int] | None = None) -> dict[int, datetime]:
    """The newest change of a level or another scan setting for each group that has one."""
    newest: dict[int, datetime] = {}
    for row in levels_in_force(at, group_ids):
        newest[row.group_id] = max(row.since, newest.get(row.group_id, row.since))
    # New content is no scan setting, and comes every day.
    changes = ScanSettingChange.objects.filter(at__lte=at).exclude(setting=CONTENT)
    changed = list(changes.order_by("scan_policy", "-at").distinct("scan_policy"))
    followers = _followers() if changed else {}
    for change in changed:
        for group_id in followers.get(change.scan_policy_id, ()):
            if group_ids is None or group_id in group_ids:
                newest[group_id] = max(change.at, newest.get(group_id, change.at))
    return newest


def groups_of_policies() -> set[int]:
    """The groups in which some scan policy is known to be in force, in full or in a location."""
    return set().union(*_followers().values())


def _followers() -> dict[int, set[int]]:
    """By scan policy, the groups where it is in force in full or in a location: those that use it,
    and sub-groups that inherit and use none of their own (guide pp. 48-56)."""
    uses = list(ScanPolicyUse.objects.values_list("scan_policy", "group"))
    own = {group for _, group in uses}
    inheriting: dict[int, list[int]] = {}
    heirs = Group.objects.filter(inherits=True, parent__isnull=False).order_by()
    for pk, parent in heirs.values_list("pk", "parent"):
        if pk not in own and parent is not None:
            inheriting.setdefault(parent, []).append(pk)
    found: dict[int, set[int]] = {}
    for policy, top in uses:
        waiting = [top]
        while waiting:
            group = waiting.pop()
            found.setdefault(policy, set()).add(group)
            waiting += inheriting.get(group, ())
    return found


def _newest_changes(at: datetime) -> dict[int, tuple[str, datetime]]:
    """By plan the level in force and since when: of the plan that confirmed last for its scan
    policy and track."""
    # The end of a watch is confirmed like a level, and changes nothing.
    events = RampEvent.objects.filter(kind__in=CHANGES, at__lte=at).exclude(level=WATCHED)
    place = ("plan__scan_policy", "plan__track")
    newest = events.order_by(*place, "-at", "-id").distinct(*place)
    return {
        plan: (level, since) for plan, level, since in newest.values_list("plan", "level", "at")
    }
