"""Making a plan: the scan policy, the groups that use it, and its steps."""

from __future__ import annotations

import zoneinfo
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import transaction

from truscan import audit
from truscan.models.ramp import RampEvent, RampPlan, RampStep, ScanPolicy, ScanPolicyUse
from truscan.ramp.errors import PlanExists, PlanRefused
from truscan.ramp.plan import MAX_DAYS, MIN_DAYS, Kind, Step, Track, make_steps

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime

    from truscan.access.actor import Actor
    from truscan.models.estate import Group, Location

# A year that was mistyped, not a plan: a demo or a late entry may lie some months back.
EARLIEST = timedelta(days=366)
LATEST = timedelta(days=731)


@transaction.atomic
def create_plan(
    *,
    actor: Actor,
    scan_policy: str,
    track: str,
    uses: Sequence[tuple[Group, Location | None]],
    start_on: date,
    days: int,
    now: datetime,
    zone: str = "UTC",
    action: str = "quarantine",
    reason: str = "",
) -> RampPlan:
    """A plan for the scan policy of that name, which is made if it is new.

    `uses` are the (group, location) pairs that have the policy, None for a whole group; pairs
    known already may be left out. `action` is what commercial applications get after Log.
    An equal plan that has not ended is returned as it is. Raises PlanRefused or PlanExists.
    """
    name = scan_policy.strip()
    steps = _checked_steps(name, track, start_on, days, zone, action, now)
    policy, _ = ScanPolicy.objects.get_or_create(name=name)
    # Two people who plan for one policy come one after the other.
    policy = ScanPolicy.objects.select_for_update().get(pk=policy.pk)
    added = _assign(policy, uses)
    open_plan = RampPlan.objects.filter(scan_policy=policy, track=track, ended_at=None).first()
    if open_plan is not None:
        if not _is_equal(open_plan, steps, zone):
            raise PlanExists(f"{open_plan} has a plan since {open_plan.start_on}: end it first.")
        if added:
            audit.record("scan_policy.assigned", actor=actor, obj=policy, after={"to": added})
        return open_plan
    return _insert(actor, policy, track, start_on, days, zone, steps, reason.strip(), now)


def _checked_steps(
    name: str, track: str, start_on: date, days: int, zone: str, action: str, now: datetime
) -> tuple[Step, ...]:
    if not name or len(name) > 255:
        raise PlanRefused("Give the scan policy a name of 1 to 255 characters.")
    if track not in set(Track):
        raise PlanRefused(f"The track is one of {', '.join(Track)}.")
    if not MIN_DAYS <= days <= MAX_DAYS:
        raise PlanRefused(f"A ramp takes {MIN_DAYS} to {MAX_DAYS} days, not {days}.")
    if zone not in zoneinfo.available_timezones():
        raise PlanRefused(f"“{zone}” is no time zone; one is Europe/Berlin.")
    if not now.date() - EARLIEST <= start_on <= now.date() + LATEST:
        raise PlanRefused(f"The start, {start_on}, is too far from today: check the year.")
    try:
        return make_steps(Track(track), start_on, days, action)
    except ValueError as error:
        raise PlanRefused(f"The final action: {error}.") from error


def _assign(policy: ScanPolicy, uses: Sequence[tuple[Group, Location | None]]) -> list[str]:
    """Give the policy to the pairs that lack it; where that was."""
    added = []
    for group, location in uses:
        if location is not None and location.group_id != group.pk:
            raise PlanRefused(f"The location {location} is not one of {group}.")
        where = f"{group}, {location}" if location else f"{group}"
        use, is_new = ScanPolicyUse.objects.get_or_create(
            group=group, location=location, defaults={"scan_policy": policy}
        )
        if use.scan_policy_id != policy.pk:
            raise PlanRefused(f"{where} uses the scan policy “{use.scan_policy}” already.")
        if is_new:
            added.append(where)
    if not policy.uses.exists():
        raise PlanRefused("Name at least one group that uses the scan policy.")
    return added


def _is_equal(plan: RampPlan, steps: Sequence[Step], zone: str) -> bool:
    stored = [Step(s.position, s.level, s.planned_on) for s in plan.steps.all()]
    return plan.timezone == zone and stored == list(steps)


def _insert(
    actor: Actor,
    policy: ScanPolicy,
    track: str,
    start_on: date,
    days: int,
    zone: str,
    steps: Sequence[Step],
    reason: str,
    now: datetime,
) -> RampPlan:
    plan = RampPlan.objects.create(
        scan_policy=policy, track=track, start_on=start_on, days=days, timezone=zone
    )
    RampStep.objects.bulk_create(
        RampStep(plan=plan, position=s.position, level=s.level, planned_on=s.planned_on)
        for s in steps
    )
    RampEvent.objects.create(
        plan=plan,
        kind=Kind.CREATED.value,
        at=now,
        reason=reason,
        actor_name=actor.name,
        actor_user=actor.user,
        means=actor.means.value,
    )
    after = {
        "start_on": start_on.isoformat(),
        "days": days,
        "timezone": zone,
        "levels": [step.level for step in steps],
        "groups": sorted(str(use.group) for use in policy.uses.select_related("group")),
    }
    audit.record("ramp.created", actor=actor, obj=plan, after=after, reason=reason)
    return plan
