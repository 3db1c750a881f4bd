"""From stored rows to the plain values that the schedule computes with."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from django.db.models import Prefetch

from truscan.models.estate import Group
from truscan.models.ramp import RampEvent, RampPlan, ScanPolicyUse
from truscan.ramp.open_days import open_days_of
from truscan.ramp.plan import Event, Kind, Plan, Profile, Step, Track
from truscan.ramp.schedule import State, fold

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from django.contrib.auth.models import User
    from django.db.models import QuerySet


def with_rows(plans: QuerySet[RampPlan]) -> QuerySet[RampPlan]:
    """Fetch all that a plan's state and title need: four queries for any number of plans."""
    uses = ScanPolicyUse.objects.select_related("group", "location").order_by(
        "group__path_key", "location__name_key"
    )
    return plans.select_related("scan_policy").prefetch_related(
        "steps", "events", Prefetch("scan_policy__uses", uses)
    )


def plan_of(row: RampPlan) -> Plan:
    steps = tuple(Step(s.position, s.level, s.planned_on, s.dwell_days) for s in row.steps.all())
    return Plan(
        row.pk,
        Track(row.track),
        row.start_on,
        row.days,
        row.timezone,
        steps,
        open_days_of(row.calendar),
        Profile(row.profile),
    )


def events_of(row: RampPlan) -> list[Event]:
    return [event_of(event) for event in row.events.all()]


def event_of(row: RampEvent) -> Event:
    on, calendar = row.facts.get("on"), row.facts.get("calendar")
    return Event(
        row.pk,
        Kind(row.kind),
        row.at,
        row.level,
        row.reason,
        date.fromisoformat(on) if on else None,
        open_days_of(calendar) if calendar else None,
        row.actor_name,
    )


def state_of(row: RampPlan, now: datetime) -> State:
    return fold(plan_of(row), events_of(row), now)


def group_ids_of(row: RampPlan) -> set[int]:
    """The groups that the plan's scan policy is assigned to."""
    return {use.group_id for use in row.scan_policy.uses.all()}


def visible_groups_of(rows: Iterable[RampPlan], user: User) -> set[int]:
    """Which of the plans' groups the person may see and read the names of; one query."""
    ids = set().union(*(group_ids_of(row) for row in rows))
    return set(Group.objects.visible_to(user).filter(pk__in=ids).values_list("pk", flat=True))
