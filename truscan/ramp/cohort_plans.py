"""Cohorts of an estate: measured from sightings, proposed, and made into plans when accepted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from django.db import connection, transaction

from truscan import audit
from truscan.models.estate import Group
from truscan.ramp.cohorts import Cohort, Readiness, digest_of, propose
from truscan.ramp.create import create_plan
from truscan.ramp.errors import NotAllowed, PlanRefused
from truscan.ramp.in_force import groups_of_policies

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from django.contrib.auth.models import User

    from truscan.access.actor import Actor
    from truscan.models.ramp import RampPlan

LATELY = timedelta(days=7)
MOST_GAP = 90

MEASURED = """
SELECT t.group_id,
    count(*) FILTER (WHERE t.covered_until <= %(now)s AND t.observed_until <= %(now)s
        AND t.candidate_occurrences > 0 AND NOT p.on_symantec_list),
    sum(t.potential_occurrences) FILTER (WHERE t.covered_until > %(now)s)::float
        / nullif(sum(t.potential_occurrences), 0),
    1 - count(*) FILTER (WHERE t.first_at >= %(lately)s)::float
        / nullif(count(*) FILTER (WHERE t.last_at >= %(lately)s), 0),
    coalesce(sum(t.potential_occurrences), 0) > 0
FROM truscan_sighting t JOIN truscan_process p ON p.id = t.process_id
WHERE t.group_id = ANY(%(groups)s) GROUP BY 1
"""


@dataclass(frozen=True, slots=True)
class Rollout:
    """How accepted cohorts are planned: one scan policy and plan each, `gap` days apart."""

    name: str
    track: str
    start_on: date
    days: int
    gap: int = 14
    zone: str = "UTC"
    reason: str = ""


def measured(user: User | None, now: datetime) -> list[Readiness]:
    """Groups that the person approves for (None = all) with clients or detections, in which no scan
    policy is known to be in force. Three queries."""
    groups = Group.objects.all() if user is None else Group.objects.visible_to(user, "approver")
    taken = groups_of_policies()
    found = {group.pk: group for group in groups.exclude(path="") if group.pk not in taken}
    asked: dict[str, Any] = {"groups": list(found), "now": now, "lately": now - LATELY}
    with connection.cursor() as cursor:
        cursor.execute(MEASURED, asked)
        told = {row[0]: row[1:] for row in cursor.fetchall()}
    return [
        _readiness(group, told.get(pk))
        for pk, group in found.items()
        if pk in told or group.client_count
    ]


def _readiness(group: Group, told: tuple[Any, ...] | None) -> Readiness:
    if told is None:
        return Readiness(group.pk, group.path, group.client_count, None, None, None)
    still_open, covered, stability, has_potential = told
    share = (covered or 0.0) if has_potential else None
    return Readiness(group.pk, group.path, group.client_count, still_open, share, stability)


def proposal(user: User | None, count: int, now: datetime) -> list[Cohort]:
    """Raises PlanRefused for a number of cohorts that makes no sense."""
    try:
        return propose(measured(user, now), count)
    except ValueError as error:
        raise PlanRefused(str(error)) from error


@transaction.atomic
def accept(
    *, actor: Actor, user: User | None, count: int, digest: str, rollout: Rollout, now: datetime
) -> list[RampPlan]:
    """Make the proposed cohorts into plans. Raises NotAllowed if the measures have moved a group
    since the proposal with this digest was shown, or what `create_plan` raises."""
    cohorts = proposal(user, count, now)
    if not cohorts:
        raise NotAllowed("No group is left that has no scan policy.")
    if digest_of(cohorts) != digest:
        raise NotAllowed("The measures have changed since: look at the proposal again.")
    if not 0 <= rollout.gap <= MOST_GAP:
        raise PlanRefused(f"Cohorts begin 0 to {MOST_GAP} days after one another.")
    plans = [_plan(actor, cohort, rollout, now) for cohort in cohorts]
    for cohort, plan in zip(cohorts, plans, strict=True):
        audit.record(
            "ramp.cohort_accepted",
            actor=actor,
            obj=plan,
            after={"cohort": cohort.number, "of": len(cohorts), "groups": readings(cohort)},
            reason=rollout.reason,
        )
    return plans


def _plan(actor: Actor, cohort: Cohort, rollout: Rollout, now: datetime) -> RampPlan:
    groups = Group.objects.in_bulk([group.group_id for group in cohort.groups])
    return create_plan(
        actor=actor,
        scan_policy=f"{rollout.name.strip()} {cohort.number}",
        track=rollout.track,
        uses=[(groups[group.group_id], None) for group in cohort.groups],
        start_on=rollout.start_on + timedelta(days=rollout.gap * (cohort.number - 1)),
        days=rollout.days,
        zone=rollout.zone,
        reason=rollout.reason,
        now=now,
    )


def readings(cohort: Cohort) -> list[dict[str, Any]]:
    return [
        {
            "group": group.path,
            "clients": group.clients,
            "open_per_client": group.open_per_client,
            "covered": group.covered,
            "stability": group.stability,
            "missing": group.missing,
        }
        for group in cohort.groups
    ]


def cohorts_outline(cohorts: Sequence[Cohort]) -> dict[str, Any]:
    """JSON-ready; what is not known is null."""
    return {
        "digest": digest_of(cohorts),
        "cohorts": [
            {"number": c.number, "clients": c.clients, "groups": readings(c)} for c in cohorts
        ],
    }
