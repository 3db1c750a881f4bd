"""A plan and its state as plain values for machines: the command line's and the API's answer."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Any

from truscan.ramp.open_days import facts_of
from truscan.ramp.rows import events_of, plan_of, state_of
from truscan.ramp.scan_settings import settings_of
from truscan.ramp.travel import travel
from truscan.ramp.words import clicks

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import date, datetime

    from truscan.models.ramp import RampPlan
    from truscan.ramp.replan import Replanned
    from truscan.ramp.schedule import State


def outline(
    row: RampPlan,
    now: datetime,
    visible: Collection[int] | None = None,
    on: date | None = None,
) -> dict[str, Any]:
    """JSON-ready; dates are days in the plan's zone, times ISO 8601 UTC, unknown is null.

    `visible` are the ids of the groups that the reader may see, None for all; the others are
    only counted. `on` asks for another day: as the plan stood, or will stand if each step is taken
    when it is due; the events are those recorded until now in any case.
    """
    uses = row.scan_policy.uses.all()
    shown = [use for use in uses if visible is None or use.group_id in visible]
    if on is None:
        state = state_of(row, now)
    else:
        state = travel(plan_of(row), events_of(row), on, now).state
    upcoming = state.next
    return {
        "id": row.pk,
        "scan_policy": row.scan_policy.name,
        "track": row.track,
        "groups": [
            {"path": use.group.path, "location": use.location.name if use.location else None}
            for use in shown
        ],
        "groups_out_of_scope": len(uses) - len(shown),
        "start_on": row.start_on.isoformat(),
        "days": row.days,
        "timezone": row.timezone,
        "profile": row.profile,
        "calendar": facts_of(state.open_days),
        "on": state.today.isoformat(),
        "phase": state.phase.value,
        "stage": state.stage.value,
        "level_in_force": state.level_in_force,
        "in_force_since": utc(state.in_force_since),
        "next": {
            "level": upcoming.level,
            "due_on": upcoming.on.isoformat(),
            "due_at": utc(upcoming.at),
            "clicks": list(clicks(row.track, row.scan_policy.name, upcoming.level)),
        }
        if upcoming
        else None,
        "days_overdue": state.days_overdue,
        "planned_end_on": state.planned_end_on.isoformat(),
        "projected_end_on": state.projected_end_on.isoformat(),
        "projected_days": state.projected_days,
        "outside_60_to_90_days": state.is_outside_guide,
        "settings": {
            setting.name: change.value if change else None
            for setting, change, _ in settings_of(row)
        },
        "steps": _steps(state),
        "events": _events(row),
        "actions": {
            permit.action.value: {
                "allowed": permit.is_allowed,
                "why_not": permit.why_not or None,
                "level": permit.level or None,
            }
            for permit in state.permits
        },
    }


def utc(at: datetime | None) -> str | None:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z") if at else None


def _steps(state: State) -> list[dict[str, Any]]:
    return [
        {
            "position": step.position,
            "level": step.level,
            "stage": step.stage.value,
            "planned_on": step.planned_on.isoformat(),
            "due_on": step.due_on.isoformat(),
            "projected_on": step.projected_on.isoformat(),
            "reached_on": step.reached_on.isoformat() if step.reached_on else None,
            "status": step.status.value,
        }
        for step in state.steps
    ]


def _events(row: RampPlan) -> list[dict[str, Any]]:
    zone = plan_of(row).tz
    return [
        {
            "kind": event.kind,
            "level": event.level or None,
            "at": utc(event.at),
            "on": event.at.astimezone(zone).date().isoformat(),
            "actor": event.actor_name,
            "means": event.means,
            "reason": event.reason or None,
        }
        for event in row.events.all()
    ]


def replanned(row: RampPlan, shown: Replanned) -> dict[str, Any]:
    """What a change of dates does: each coming step before and after."""
    return {
        "id": row.pk,
        "projected_days_before": shown.before.projected_days,
        "projected_days_after": shown.after.projected_days,
        "outside_60_to_90_days": shown.after.is_outside_guide,
        "steps": [
            {
                "level": shift.step.level,
                "before": shift.before_on.isoformat(),
                "after": shift.after_on.isoformat(),
                "days": shift.days,
            }
            for shift in shown.shifts
        ],
    }
