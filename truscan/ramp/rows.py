"""From stored rows to the plain values that the schedule computes with."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from typing import TYPE_CHECKING, Any

from django.db.models import Prefetch

from truscan.models.estate import Group
from truscan.models.ramp import RampEvent, RampPlan, RampStep, ScanPolicyUse
from truscan.ramp.open_days import open_days_of
from truscan.ramp.plan import Event, Kind, Plan, Profile, Step, Track
from truscan.ramp.schedule import State, fold

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from datetime import datetime

    from django.contrib.auth.models import User
    from django.db.models import QuerySet

USES = ScanPolicyUse.objects.select_related("group", "location").order_by(
    "group__path_key", "location__name_key"
)
STEP = ("position", "level", "planned_on", "dwell_days")
EVENT = ("pk", "kind", "at", "level", "reason", "facts", "actor_name")


def with_rows(plans: QuerySet[RampPlan]) -> QuerySet[RampPlan]:
    """Fetch all that a plan's state and title need: four queries for any number of plans."""
    return with_uses(plans).prefetch_related("steps", "events")


def with_uses(plans: QuerySet[RampPlan]) -> QuerySet[RampPlan]:
    """Fetch what a plan's title and places need, for who has the rest from `values_of`."""
    return plans.select_related("scan_policy").prefetch_related(Prefetch("scan_policy__uses", USES))


def values_of(rows: Collection[RampPlan]) -> dict[int, tuple[Plan, list[Event]]]:
    """Each row's plan with its events, by id, as `plan_of` and `events_of` make them: two queries
    and no object for a row, of which a thousand plans have ten thousands."""
    steps: dict[int, list[Step]] = defaultdict(list)
    events: dict[int, list[Event]] = defaultdict(list)
    of_rows = {"plan__in": [row.pk for row in rows]}
    for pk, *step in RampStep.objects.filter(**of_rows).values_list("plan_id", *STEP):
        steps[pk].append(Step(*step))
    for pk, *event in RampEvent.objects.filter(**of_rows).values_list("plan_id", *EVENT):
        events[pk].append(_event(*event))
    return {row.pk: (_plan(row, steps[row.pk]), events[row.pk]) for row in rows}


def plan_of(row: RampPlan) -> Plan:
    return _plan(
        row, [Step(s.position, s.level, s.planned_on, s.dwell_days) for s in row.steps.all()]
    )


def _plan(row: RampPlan, steps: Iterable[Step]) -> Plan:
    return Plan(
        row.pk,
        Track(row.track),
        row.start_on,
        row.days,
        row.timezone,
        tuple(steps),
        open_days_of(row.calendar),
        Profile(row.profile),
    )


def events_of(row: RampPlan) -> list[Event]:
    return [event_of(event) for event in row.events.all()]


def event_of(row: RampEvent) -> Event:
    return _event(row.pk, row.kind, row.at, row.level, row.reason, row.facts, row.actor_name)


def _event(
    pk: int, kind: str, at: datetime, level: str, reason: str, facts: dict[str, Any], actor: str
) -> Event:
    on, calendar = facts.get("on"), facts.get("calendar")
    return Event(
        pk,
        Kind(kind),
        at,
        level,
        reason,
        date.fromisoformat(on) if on else None,
        open_days_of(calendar) if calendar else None,
        actor,
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
