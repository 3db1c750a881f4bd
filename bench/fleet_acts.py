"""What people did in the big fleet: through the product's own write paths, at moments of its past.

300 policies (160 on groups, 140 on locations; 40 groups inherit), some 500 exceptions in each of
the first hundred and 20 in the others, all published; 200 ramp plans with their levels confirmed on
the planned days; observations; four people of different scope.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING

from django.db import connection

from bench.fleet_rows import GROUPS, RAMP_DAYS, starts_on
from exceptions_app.models.policy import Policy
from exceptions_app.policies.assign import create_policy
from exceptions_app.policies.publish import publish
from exceptions_app.triage.decide import respond
from exceptions_app.triage.watching import observe
from truscan.access.actor import Actor, Means
from truscan.access.people import create_person, grant_role
from truscan.models.estate import Group, Location
from truscan.ramp.actions import confirm_level
from truscan.ramp.create import create_plan
from truscan.ramp.plan import Track

if TYPE_CHECKING:
    from collections.abc import Sequence

ACTOR = Actor("synthetic", Means.COMMAND_LINE)
# Name, role, groups of the subtree's top (None: the whole estate).
PEOPLE = (
    ("bench-administrator", "administrator", (None,)),
    ("bench-half", "analyst", (2, 3, 4, 5)),
    ("bench-region", "analyst", (7,)),
    ("bench-unit", "viewer", (150,)),
)
INHERITING = 40
LOCATION_POLICIES = 140
LARGE, LARGE_SIZE, SMALL_SIZE = 100, 500, 20

# The most detected of a group first, every fifth left open.
_CANDIDATES = """
SELECT s.process_id, b.risky FROM truscan_sighting s JOIN bench.program b USING (process_id)
WHERE s.group_id = %s AND s.candidate_occurrences > 0 AND b.hashed AND NOT b.listed
    AND b.rank %% 5 <> 0
ORDER BY s.occurrences DESC, s.process_id LIMIT %s
"""


def act(now: datetime, days: int) -> None:
    groups = list(Group.objects.order_by("pk"))
    _people(groups)
    policies = _policies(groups, now - timedelta(days=60))
    for number, (policy, group) in enumerate(policies):
        at = now - timedelta(days=50 - number % 45, hours=number % 7)
        _decide(policy, group, LARGE_SIZE if number < LARGE else SMALL_SIZE, at)
    _observe(groups, now - timedelta(days=3))
    for group in groups:
        _ramp(group, now, days)


def _people(groups: Sequence[Group]) -> None:
    for name, role, tops in PEOPLE:
        user, _ = create_person(actor=ACTOR, username=name)
        for top in tops:
            grant_role(actor=ACTOR, user=user, role=role, group=groups[top - 1] if top else None)


def _policies(groups: Sequence[Group], at: datetime) -> list[tuple[Policy, Group]]:
    """Leaves first: a group that has a policy of its own inherits no more."""
    made = []
    for group in reversed(groups[: GROUPS - INHERITING]):
        policy = create_policy(actor=ACTOR, name=f"Policy {group.pk:03}", groups=[group], now=at)
        made.append((policy, group))
    offices = Location.objects.filter(name="VPN").order_by("-group_id").select_related("group")
    for place in offices.exclude(group__gt=GROUPS - INHERITING)[:LOCATION_POLICIES]:
        name = f"Policy {place.group_id:03} VPN"
        policy = create_policy(
            actor=ACTOR, name=name, groups=[place.group], location=place, shared=False, now=at
        )
        made.append((policy, place.group))
    return made


def _decide(policy: Policy, group: Group, size: int, at: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_CANDIDATES, [group.pk, size])
        found = cursor.fetchall()
    for response, wanted in (("ignore", False), ("quarantine", True)):
        processes = [pk for pk, risky in found if risky is wanted]
        if processes:
            respond(
                actor=ACTOR,
                processes=processes,
                policies=[policy],
                response=response,
                reason="Known by the fleet's own truth (synthetic).",
                now=at,
            )
    publish(actor=ACTOR, policy=policy, now=at + timedelta(hours=1))


def _observe(groups: Sequence[Group], at: datetime) -> None:
    for group in groups[60:80]:
        with connection.cursor() as cursor:
            cursor.execute(_CANDIDATES, [group.pk, 600])
            last = [pk for pk, _ in cursor.fetchall()][-20:]
        if last:
            observe(
                actor=ACTOR,
                processes=last,
                groups=[group],
                reason="Rare so far (synthetic).",
                now=at,
                until=at + timedelta(days=30),
                tripwires={"computers": 20},
            )


def _ramp(group: Group, now: datetime, days: int) -> None:
    start = starts_on(group.pk, now, days)
    plan = create_plan(
        actor=ACTOR,
        scan_policy=f"Scan policy {group.pk:03}",
        track=Track.TROJANS.value,
        uses=[(group, None)],
        start_on=start,
        days=RAMP_DAYS,
        now=datetime.combine(start, time(8), UTC),
    )
    for step in plan.steps.all():
        at = datetime.combine(step.planned_on, time(10), UTC)
        if at < now:
            confirm_level(actor=ACTOR, plan=plan, level=step.level, now=at, reason="bench")
