"""How a plan went: its steps, what each stay at a level brought, acts, overrides, settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from truscan.models.audit import AuditEvent
from truscan.ramp.compared import compared_outline
from truscan.ramp.open_days import facts_of as open_days_facts
from truscan.ramp.outline import utc
from truscan.ramp.plan import MAX_DAYS, MIN_DAYS, in_order
from truscan.ramp.rows import events_of
from truscan.ramp.scan_settings import SETTINGS
from truscan.ramp.thresholds import RULES, Key, Unit
from truscan.ramp.units import show
from truscan.ramp.words import level_name

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from truscan.models.ramp import RampEvent, RampPlan
    from truscan.ramp.compared import Compared
    from truscan.ramp.schedule import State

THRESHOLD_SET = "ramp.threshold_set"
# Told to people and calendars; nothing of the plan changes by them.
NO_ACTS = ("ramp.reminded", "ramp.calendar_link_made")


def plan_told(row: RampPlan, state: State) -> dict[str, Any]:
    """The plan as it was made, and how its way to the last level keeps to the guide's 60 to 90
    days (p. 77)."""
    made = next((e for e in row.events.all() if e.kind == "created"), None)
    uses = row.scan_policy.uses.all()
    return {
        "scan_policy": row.scan_policy.name,
        "track": row.track,
        "track_name": row.get_track_display(),
        "profile": row.profile,
        "groups": [
            {"path": use.group.path, "location": use.location.name if use.location else None}
            for use in uses
        ],
        "start_on": row.start_on.isoformat(),
        "planned_days": row.days,
        "timezone": row.timezone,
        "closed_days": open_days_facts(state.open_days),
        "made_by": made.actor_name if made else None,
        "made_at": utc(made.at) if made else None,
        "reason": (made.reason or None) if made else None,
        "days_to_the_last_level": state.projected_days,
        "within_guide": None
        if state.projected_days is None
        else MIN_DAYS <= state.projected_days <= MAX_DAYS,
    }


def steps_told(row: RampPlan, state: State) -> list[dict[str, Any]]:
    return [
        {
            "level": step.level,
            "name": level_name(row.track, step.level),
            "stage": step.stage.value,
            "planned_on": step.planned_on.isoformat(),
            "reached_on": step.reached_on.isoformat() if step.reached_on else None,
            "status": step.status.value,
        }
        for step in state.steps
    ]


def stays_told(state: State, found: Compared) -> list[dict[str, Any]]:
    """Every stretch of time at a level with what it brought; null where nothing was reported."""
    told = []
    for spell, level in zip(state.spells, found.levels, strict=True):
        sums, is_known = level.sums, level.sums.reported > 0
        told.append(
            {
                "level": level.level,
                "name": level.name,
                "since": utc(spell.since),
                "until": utc(spell.until),
                "first_day": sums.first.isoformat(),
                "last_day": sums.last.isoformat(),
                "days_reported": sums.reported,
                "groups_reported": sum(1 for one in level.by_group.values() if one.reported),
                "new_processes": sums.new if is_known else None,
                "potential": sums.potential if is_known else None,
                "security": sums.security if is_known else None,
                "commercial": sums.commercial if is_known else None,
                "ratio": sums.ratio,
                "covered": sums.covered,
                "detections_a_day": sums.a_day,
                "per_client": sums.per_client,
                "per_user": sums.per_user,
            }
        )
    return told


def changes_told(found: Compared) -> list[dict[str, Any]]:
    """The days before and after each change of level, track or setting."""
    changes: list[dict[str, Any]] = compared_outline(found)["changes"]
    return changes


def events_told(row: RampPlan) -> list[dict[str, Any]]:
    """Everything that happened, in its order, with the gates as they were judged then."""
    rows = {event.pk: event for event in row.events.all()}
    return [
        {
            "kind": event.kind.value,
            "what": rows[event.id].get_kind_display(),
            "level": event.level or None,
            "name": level_name(row.track, event.level) if event.level else None,
            "at": utc(event.at),
            "by": rows[event.id].actor_name,
            "means": rows[event.id].means,
            "reason": event.reason or None,
            "moved_to": event.on.isoformat() if event.on else None,
            "gates": gates_told(rows[event.id].facts.get("gates", ())),
            "overrides": list(rows[event.id].facts.get("overrides", ())),
        }
        for event in in_order(events_of(row))
    ]


def gates_told(kept: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Gates as an event keeps them, with title and number in words for who reads only this."""
    return [
        {
            "gate": gate["gate"],
            "title": RULES[Key(gate["gate"])].title if gate["gate"] in set(Key) else gate["gate"],
            "answer": gate["answer"],
            "number": gate["number"],
            "bound": gate["bound"],
            "mode": gate["mode"],
            "shown": show(_unit(gate["gate"]), gate["number"]),
            "asked": show(_unit(gate["gate"]), gate["bound"]),
        }
        for gate in kept
    ]


def overrides_told(row: RampPlan) -> list[dict[str, Any]]:
    """Each override that was given, refused or withdrawn, with both people where two were needed.

    One that was only asked for is among the events.
    """
    asked: RampEvent | None = None
    pending: dict[str, Any] | None = None
    found = []
    for event in sorted(row.events.all(), key=lambda event: event.pk):
        if event.kind == "override_asked":
            asked = event
        elif event.kind in ("confirmed", "back"):
            asked = pending = None
        elif event.kind == "withdrawn" and pending is not None:
            pending.update(outcome="withdrawn", settled_at=utc(event.at))
        elif event.kind in OUTCOMES:
            found.append(_override(row, event, asked))
            pending = found[-1] if event.kind == "overridden" else None
    return found


OUTCOMES = {"overridden": "given", "override_refused": "refused", "withdrawn": "withdrawn"}


def _override(row: RampPlan, settled: RampEvent, asked: RampEvent | None) -> dict[str, Any]:
    first = asked or settled
    second = settled if asked and settled.kind != "withdrawn" else None
    gates = list(settled.facts.get("overrides", ()))
    return {
        "level": settled.level,
        "name": level_name(row.track, settled.level),
        "gates": gates,
        "titles": [RULES[Key(key)].title if key in set(Key) else key for key in gates],
        "asked_by": first.actor_name,
        "asked_at": utc(first.at),
        "reason": first.reason or None,
        "outcome": OUTCOMES[settled.kind],
        "settled_at": utc(settled.at),
        "second_person": second.actor_name if second else None,
        "second_reason": (second.reason or None) if second else None,
    }


def settings_told(row: RampPlan, as_of: datetime) -> list[dict[str, Any]]:
    """Changes of the scan policy's other settings in the time of the plan, in their order."""
    changes = row.scan_policy.setting_changes.filter(at__lte=as_of).order_by("at", "id")
    return [
        {
            "setting": change.setting,
            "label": SETTINGS[change.setting].label if change.setting in SETTINGS else "Content",
            "value": change.value,
            "at": utc(change.at),
            "by": change.actor_name,
            "reason": change.reason or None,
        }
        for change in changes
    ]


def thresholds_told(row: RampPlan) -> list[dict[str, Any]]:
    """Bounds that the plan's approvers set, from the ledger, with the hash of each line."""
    lines = AuditEvent.objects.filter(
        code=THRESHOLD_SET, object_type="rampplan", object_id=str(row.pk)
    ).order_by("id")
    return [
        {
            "at": utc(line.at),
            "by": line.actor_name,
            "reason": line.reason or None,
            "before": line.before,
            "after": line.after,
            "ledger_hash": line.hash,
        }
        for line in lines
    ]


def ledger_told(row: RampPlan) -> list[dict[str, Any]]:
    """The lines of the ledger that tell of the plan's acts, reminders left out."""
    lines = AuditEvent.objects.filter(object_type="rampplan", object_id=str(row.pk))
    acts = lines.filter(code__startswith="ramp.").exclude(code__in=NO_ACTS).order_by("id")
    return [
        {"code": code, "at": utc(at), "hash": hash_}
        for code, at, hash_ in acts.values_list("code", "at", "hash")
    ]


def _unit(gate: str) -> Unit:
    return RULES[Key(gate)].unit if gate in set(Key) else Unit.OCCURRENCES


def rounded(value: Any) -> Any:
    """Numbers with at most four digits behind the point, and whole ones without a point: short,
    and the same text on every machine."""
    match value:
        case float():
            short = round(value, 4)
            return int(short) if short.is_integer() else short
        case dict():
            return {key: rounded(inner) for key, inner in value.items()}
        case list():
            return [rounded(inner) for inner in value]
    return value
