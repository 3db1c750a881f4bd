"""The dossier as one value: everything that is known of a plan, and the text that is signed.

There is no clock in it. What it tells is as of the newest thing that it rests on: an act on the
plan, its settings or its policies, or the newest line of its groups. So the same state gives the
same bytes, today and next month.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.db.models import Max

from exceptions_app.dossier import course_part, decided_part
from exceptions_app.dossier.decided_part import Where, where_of
from exceptions_app.models.exception import ProcessException
from exceptions_app.models.policy import Revision
from exceptions_app.models.watch import Watch
from exceptions_app.replay.places import places_of_plan
from truscan import audit, coverage
from truscan.models.estate import Computer, Group
from truscan.models.process import Process
from truscan.ramp.compared import compared_of
from truscan.ramp.judge import judge
from truscan.ramp.outline import utc
from truscan.ramp.override import told as gates_of
from truscan.ramp.plan import Stage, climb_of, stage_of
from truscan.ramp.rows import plan_of, state_of
from truscan.ramp.schedule import Phase

if TYPE_CHECKING:
    from datetime import datetime

    from truscan.models.ramp import RampPlan
    from truscan.ramp.schedule import State

FORMAT = "truscan-dossier/1"
SCHEMA_PATH = Path(__file__).with_name("dossier.schema.json")
# How far back the final switch is replayed.
REPLAY_DAYS = 30
STOPS = ("quarantine", "terminate")
OUTCOMES = {
    "ended": "The plan was ended before its last level.",
    "finished": "Every step was taken.",
    "at the last level": "The last level is in force; steps after it are still to come.",
    "under way": "The last level has not been reached.",
}


def schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) that every dossier meets."""
    found: dict[str, Any] = json.loads(SCHEMA_PATH.read_text("utf-8"))
    return found


def canonical(row: RampPlan, now: datetime, number: int | None = None) -> str:
    """The text that is sealed as `number`, or a draft's; equal states give equal texts."""
    return audit.canonical_json(document(row, now, number))


def document(row: RampPlan, now: datetime, number: int | None = None) -> dict[str, Any]:
    """JSON-ready; dates are days in the plan's zone or UTC days of the log, times ISO 8601 UTC,
    and null is not known, which is never zero."""
    where = where_of(places_of_plan(row))
    as_of = newest_moment(row, where, now)
    state = state_of(row, as_of)
    since = min((event.at for event in row.events.all()), default=row.created_at)
    (judged,) = judge([row], as_of)
    outcome = outcome_of(row, state)
    found = compared_of(row, as_of)
    told = {
        "format": FORMAT,
        "status": "draft" if number is None else "sealed",
        "number": number,
        "outcome": outcome,
        "outcome_told": OUTCOMES[outcome],
        "as_of": utc(as_of),
        "plan": course_part.plan_told(row, state),
        "phase": state.phase.value,
        "level_in_force": state.level_in_force,
        "steps": course_part.steps_told(row, state),
        "stays": course_part.stays_told(state, found),
        "ratio": found.constancy.sentence,
        "changes": course_part.changes_told(found),
        "events": course_part.events_told(row),
        "overrides": course_part.overrides_told(row),
        "gates_at_the_end": course_part.gates_told(gates_of(judged.readings)),
        "thresholds": course_part.thresholds_told(row),
        "settings": course_part.settings_told(row, as_of),
        "decisions": decided_part.decisions_told(where, since, as_of),
        "policies": decided_part.policies_told(where, as_of),
        "exceptions": decided_part.exceptions_told(where, as_of),
        "observed": decided_part.observed_told(where, as_of),
        "undecided_processes": decided_part.undecided_told(where, as_of),
        "final_switch": switch_told(row, state, where, as_of),
        "ledger": course_part.ledger_told(row),
    }
    rounded: dict[str, Any] = course_part.rounded(told)
    return rounded


def outcome_of(row: RampPlan, state: State) -> str:
    """A word of OUTCOMES. A dossier may be sealed for all of them but "under way"."""
    plan = plan_of(row)
    last = climb_of(plan.track, plan.steps)[-1:] or plan.steps[-1:]
    reached = state.steps[last[0].position].reached_on is not None
    if state.phase is Phase.FINISHED:
        return "finished"
    if reached:
        return "at the last level"
    return "ended" if state.phase is Phase.ENDED else "under way"


def newest_moment(row: RampPlan, where: Where, now: datetime) -> datetime:
    """The newest thing that the dossier rests on, and never later than now."""
    exceptions = ProcessException.objects.filter(policy__in=where.policies)
    watches = Watch.objects.filter(group__in=where.groups)
    heard = Computer.objects.filter(group__in=where.groups, last_heard_at__lte=now)
    found = [
        *(event.at for event in row.events.all()),
        row.scan_policy.setting_changes.filter(at__lte=now).aggregate(at=Max("at"))["at"],
        heard.aggregate(at=Max("last_heard_at"))["at"],
        *exceptions.aggregate(made=Max("created_at"), gone=Max("retired_at")).values(),
        *watches.aggregate(begun=Max("started_at"), gone=Max("ended_at")).values(),
        Revision.objects.filter(policy__in=where.policies).aggregate(at=Max("published_at"))["at"],
    ]
    return min(max((at for at in found if at is not None), default=row.created_at), now)


def switch_told(row: RampPlan, state: State, where: Where, as_of: datetime) -> dict[str, Any]:
    """The change of the action from Log, replayed over the days before it was made, or before
    `as_of` while it was not: what would have been stopped with the exceptions published by then."""
    action, switched_at = _switch(row, state)
    at = switched_at or as_of
    done = coverage.registered().replay_switch(where.places, action, at, REPLAY_DAYS)
    names = dict(Group.objects.filter(pk__in=done.stopped_by_group).values_list("pk", "path"))
    bad = Process.objects.filter(pk__in=done.let_through).order_by("pk")
    known = done.is_known
    return {
        "action": action,
        "is_planned": any(stage_of(s.level) is Stage.ENFORCEMENT for s in row.steps.all()),
        "switched_at": utc(switched_at),
        "first_day": done.start.isoformat(),
        "last_day": done.end.isoformat(),
        "stopped": done.stopped_occurrences if known else None,
        "ignored": done.ignored_occurrences if known else None,
        "computers": done.computers if known else None,
        "users": done.users if known else None,
        "by_group": [
            {"group": names[pk], "stopped": stopped}
            for pk, stopped in sorted(done.stopped_by_group.items(), key=lambda i: (-i[1], i[0]))
            if stopped
        ],
        "let_through": [{"name": p.name, "hash": p.hash or None} for p in bad] if known else None,
    }


def _switch(row: RampPlan, state: State) -> tuple[str, datetime | None]:
    """The action, and when it was set. A plan without such a step is asked what the guide ends
    with: Quarantine (pp. 76-79)."""
    spell = next((s for s in state.spells if s.level in STOPS), None)
    if spell is not None:
        return spell.level, spell.since
    planned = next((s.level for s in row.steps.all() if s.level in STOPS), STOPS[0])
    return planned, None
