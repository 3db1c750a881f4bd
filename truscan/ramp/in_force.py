"""Which level a group's clients scan at, and when a scan setting last changed there.

The guide reads the log "since a scan setting was last changed" [p. 73]; a confirmed level and a
step back are such changes. A sub-group follows the scan policy of its parent while it inherits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from truscan.models.ramp import RampEvent, RampPlan, ScanSettingChange
from truscan.ramp.evidence import groups_in_force
from truscan.ramp.plan import WATCHED

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

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

    A group without a row has a level that nobody confirmed: not known, never zero.
    """
    found: list[LevelInForce] = []
    plans = RampPlan.objects.select_related("scan_policy").filter(ended_at=None)
    newest = _newest_changes(at)
    for plan in plans.order_by("pk"):
        event = newest.get(plan.pk)
        if event is None:
            continue
        for group_id in sorted({pk for pk, _ in groups_in_force(plan.scan_policy)}):
            if group_ids is None or group_id in group_ids:
                found.append(
                    LevelInForce(group_id, plan.pk, str(plan), plan.track, event.level, event.at)
                )
    return found


def last_changes(at: datetime, group_ids: Collection[int] | None = None) -> dict[int, datetime]:
    """The newest change of a level or another scan setting for each group that has one."""
    newest: dict[int, datetime] = {}
    for row in levels_in_force(at, group_ids):
        newest[row.group_id] = max(row.since, newest.get(row.group_id, row.since))
    changes = ScanSettingChange.objects.filter(at__lte=at).select_related("scan_policy")
    for change in changes.order_by("scan_policy", "-at").distinct("scan_policy"):
        for group_id in {pk for pk, _ in groups_in_force(change.scan_policy)}:
            if group_ids is None or group_id in group_ids:
                newest[group_id] = max(change.at, newest.get(group_id, change.at))
    return newest


def _newest_changes(at: datetime) -> dict[int, RampEvent]:
    # The end of a watch is confirmed like a level, and changes nothing.
    events = RampEvent.objects.filter(kind__in=CHANGES, at__lte=at).exclude(level=WATCHED)
    newest = events.order_by("plan_id", "-at", "-id").distinct("plan_id")
    return {event.plan_id: event for event in newest}
