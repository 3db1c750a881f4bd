"""Making a plan: the scan policy, the groups that use it, and its steps."""

from __future__ import annotations

import zoneinfo
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from django.db import transaction

from truscan import audit
from truscan.models.ramp import RampEvent, RampPlan, RampStep, ScanPolicy, ScanPolicyUse
from truscan.ramp.errors import PlanExists, PlanRefused, ReasonNeeded
from truscan.ramp.layout import Shape, climb_days, lay_out
from truscan.ramp.open_days import OpenDays, facts_of
from truscan.ramp.plan import MAX_DAYS, MIN_DAYS, Kind, Profile, Step, Track
from truscan.ramp.rows import plan_of
from truscan.ramp.words import level_name

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from truscan.access.actor import Actor
    from truscan.models.estate import Group, Location

# A year that was mistyped, not a plan: a demo or a late entry may lie some months back.
EARLIEST = timedelta(days=366)
LATEST = timedelta(days=731)
# Longer is no ramp any more; the table refuses it too.
MOST_DAYS = 366


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
    break_in: int = 0,
    enforce_after: int = 0,
    watch: int = 0,
    dwells: Sequence[int] = (),
    profile: str = "ramp",
    open_days: OpenDays | None = None,
) -> RampPlan:
    """A plan for the scan policy of that name, which is made if it is new.

    `uses` are the (group, location) pairs that have the policy, None for a whole group; pairs
    known already may be left out. `action` is what new detections get at the end; the other
    words are those of `truscan.ramp.layout.Shape`. An equal plan that has not ended is returned
    as it is. Raises PlanRefused, ReasonNeeded outside 60 to 90 days, or PlanExists.
    """
    name = scan_policy.strip()
    shape = shape_of(profile, days, action, break_in, enforce_after, watch, dwells)
    _check_place_and_time(name, zone, start_on, now)
    steps = checked_steps(track, start_on, shape, reason, open_days)
    wanted = Wanted(Track(track), start_on, shape, zone, open_days or OpenDays(), steps)
    policy, _ = ScanPolicy.objects.get_or_create(name=name)
    # Two people who plan for one policy come one after the other.
    policy = ScanPolicy.objects.select_for_update().get(pk=policy.pk)
    added = _assign(policy, uses)
    open_plan = RampPlan.objects.filter(scan_policy=policy, track=track, ended_at=None).first()
    if open_plan is not None:
        if not _is_equal(open_plan, wanted):
            raise PlanExists(f"{open_plan} has a plan since {open_plan.start_on}: end it first.")
        if added:
            audit.record("scan_policy.assigned", actor=actor, obj=policy, after={"to": added})
        return open_plan
    return _insert(actor, policy, wanted, reason.strip(), now)


def shape_of(
    profile: str,
    days: int,
    action: str = "quarantine",
    break_in: int = 0,
    enforce_after: int = 0,
    watch: int = 0,
    dwells: Sequence[int] = (),
) -> Shape:
    """From the words of `create_plan`. Raises PlanRefused for an unknown profile."""
    if profile not in set(Profile):
        raise PlanRefused(f"The profile is one of {', '.join(Profile)}.")
    known = Profile(profile)
    return Shape(days, action, break_in, enforce_after, watch, tuple(dwells), profile=known)


def steps_outline(track: str, steps: Sequence[Step]) -> list[dict[str, str]]:
    """JSON-ready dates of a plan that nobody stored."""
    return [
        {"level": s.level, "name": level_name(track, s.level), "on": s.planned_on.isoformat()}
        for s in steps
    ]


@dataclass(frozen=True, slots=True)
class Wanted:
    """A checked plan before it has rows."""

    track: Track
    start_on: date
    shape: Shape
    zone: str
    open_days: OpenDays
    steps: tuple[Step, ...]

    @property
    def days(self) -> int:
        """Between the first and the last level; of a plan that does not climb, its whole."""
        whole = (self.steps[-1].planned_on - self.steps[0].planned_on).days
        climb = climb_days(self.track, self.steps)
        return max(1, whole if climb is None else climb)


def checked_steps(
    track: str, start_on: date, shape: Shape, reason: str, open_days: OpenDays | None = None
) -> tuple[Step, ...]:
    """The steps of a plan as asked, with closed days stepped over.

    Raises PlanRefused, or ReasonNeeded when the levels take fewer than 60 or more than 90 days
    (guide p. 77) and nobody says why.
    """
    if track not in set(Track):
        raise PlanRefused(f"The track is one of {', '.join(Track)}.")
    if not 1 <= shape.days <= MOST_DAYS:
        raise PlanRefused(f"A ramp takes 1 to {MOST_DAYS} days, not {shape.days}.")
    try:
        steps = lay_out(Track(track), start_on, shape, open_days)
    except ValueError as error:
        raise PlanRefused(f"The plan cannot be laid out: {error}.") from error
    climb = climb_days(Track(track), steps)
    if climb is not None and climb > MOST_DAYS:
        raise PlanRefused(f"The levels would take {climb} days, at most {MOST_DAYS} are possible.")
    if climb is not None and not MIN_DAYS <= climb <= MAX_DAYS and not reason.strip():
        raise ReasonNeeded(
            f"The levels take {climb} days, the guide says {MIN_DAYS} to {MAX_DAYS}: say why."
        )
    return steps


def _check_place_and_time(name: str, zone: str, start_on: date, now: datetime) -> None:
    if not name or len(name) > 255 or "\x00" in name:
        raise PlanRefused("Give the scan policy a name of 1 to 255 characters.")
    if zone not in zoneinfo.available_timezones():
        raise PlanRefused(f"“{zone}” is no time zone; one is Europe/Berlin.")
    if not now.date() - EARLIEST <= start_on <= now.date() + LATEST:
        raise PlanRefused(f"The start, {start_on}, is too far from today: check the year.")


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


def _is_equal(plan: RampPlan, wanted: Wanted) -> bool:
    stored = plan_of(plan)
    return (
        plan.timezone == wanted.zone
        and stored.steps == wanted.steps
        and stored.open_days == wanted.open_days
        and stored.profile == wanted.shape.profile
    )


def _insert(
    actor: Actor, policy: ScanPolicy, wanted: Wanted, reason: str, now: datetime
) -> RampPlan:
    plan = RampPlan.objects.create(
        scan_policy=policy,
        track=wanted.track.value,
        start_on=wanted.start_on,
        days=wanted.days,
        timezone=wanted.zone,
        profile=wanted.shape.profile.value,
        calendar=facts_of(wanted.open_days),
    )
    RampStep.objects.bulk_create(
        RampStep(
            plan=plan,
            position=s.position,
            level=s.level,
            planned_on=s.planned_on,
            dwell_days=s.dwell,
        )
        for s in wanted.steps
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
    audit.record("ramp.created", actor=actor, obj=plan, after=_facts(plan, wanted), reason=reason)
    return plan


def _facts(plan: RampPlan, wanted: Wanted) -> dict[str, Any]:
    uses = plan.scan_policy.uses.select_related("group")
    return {
        "start_on": wanted.start_on.isoformat(),
        "days": wanted.days,
        "timezone": wanted.zone,
        "profile": wanted.shape.profile.value,
        "levels": [step.level for step in wanted.steps],
        "calendar": facts_of(wanted.open_days),
        "groups": sorted(str(use.group) for use in uses),
    }
