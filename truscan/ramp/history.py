"""What every level of a plan brought while it was in force, from the count tables only.

The rules of `evidence_gates` hold: a row belongs to the level of its own field when that is one of
the ramp's, else to the level of its day; the day of a change belongs to no level.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, timedelta
from typing import TYPE_CHECKING, Any

from django.db import connection, transaction

from truscan.ramp.evidence_sql import BY_HASH
from truscan.ramp.history_sql import KEYLOGGERS, LEVELS, NOTIFIED, TAKEN, USERS_SORTED
from truscan.ramp.rows import state_of
from truscan.ramp.where import places_of, scopes_of
from truscan.ramp.words import level_name

if TYPE_CHECKING:
    from datetime import datetime

    from truscan.models.ramp import RampPlan
    from truscan.ramp.course import Spell


@dataclass(frozen=True, slots=True)
class Brought:
    """Of one level: days with reports, processes that no level before it had, occurrences."""

    days: int
    new: int
    whole: int


@dataclass(frozen=True, slots=True)
class Stay:
    """A spell at a level: whole UTC days `first_on` to `last_on`; `brought` None = no reports.

    `notifications` is the mean of detections per user and day with any.
    """

    level: str
    name: str
    first_on: date
    last_on: date
    is_over: bool
    brought: Brought | None = None
    notifications: float | None = None


def stays_of(plan: RampPlan, now: datetime) -> list[Stay]:
    """Every spell of the plan in the order of time; a constant number of queries."""
    spells = list(state_of(plan, now).spells)
    stays = [_stay(plan, spell, now) for spell in spells]
    if not stays:
        return []
    asked, more = _arguments(plan, stays)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(BY_HASH)
        cursor.execute(LEVELS.format(more=more), asked)
        whole = {number: Brought(*figures) for number, *figures in cursor.fetchall()}
        cursor.execute(USERS_SORTED)
        cursor.execute(NOTIFIED, asked)
        notified: dict[int, float] = dict(cursor.fetchall())
    return [
        Stay(
            stay.level,
            stay.name,
            stay.first_on,
            stay.last_on,
            stay.is_over,
            whole.get(number),
            notified.get(number) if number in whole else None,
        )
        for number, stay in enumerate(stays)
    ]


def _stay(plan: RampPlan, spell: Spell, now: datetime) -> Stay:
    one = timedelta(days=1)
    ended = spell.until.astimezone(UTC).date() - one if spell.until else now.astimezone(UTC).date()
    return Stay(
        spell.level,
        level_name(plan.track, spell.level),
        spell.since.astimezone(UTC).date() + one,
        ended,
        spell.until is not None or plan.ended_at is not None,
    )


def _arguments(plan: RampPlan, stays: list[Stay]) -> tuple[dict[str, Any], str]:
    scopes = scopes_of({plan.scan_policy_id})
    locations, taken = places_of(scopes)
    groups = [scope.group_id for scope in scopes]
    days = [
        (number, stay.level, stay.first_on + timedelta(days=count))
        for number, stay in enumerate(stays)
        for count in range((stay.last_on - stay.first_on).days + 1)
    ]
    asked = {
        "track": plan.track,
        "numbers": [number for number, _, _ in days],
        "levels": [int(level) if level.isdecimal() else None for _, level, _ in days],
        "days": [day for _, _, day in days],
        "groups": groups,
        "locations": locations,
        "taken_groups": [pair[0] for pair in taken],
        "taken_locations": [pair[1] for pair in taken],
    }
    return asked, (TAKEN if taken else "") + (KEYLOGGERS if plan.track == "keyloggers" else "")
