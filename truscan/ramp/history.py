"""What every level of a plan brought while it was in force, from the count tables only.

The rules of `evidence_gates` hold: a row belongs to the level of its own field when that is one of
the ramp's, else to the level of its day; the day of a change belongs to no level.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, timedelta
from typing import TYPE_CHECKING, Any

from django.db import connection, transaction

from truscan import coverage
from truscan.ramp.evidence_sql import BY_HASH
from truscan.ramp.history_sql import KEYLOGGERS, LEVELS, NOTIFIED, TAKEN
from truscan.ramp.rows import state_of
from truscan.ramp.where import places_of, scopes_of
from truscan.ramp.words import level_name

if TYPE_CHECKING:
    from datetime import datetime

    from truscan.models.ramp import RampPlan
    from truscan.ramp.course import Spell


@dataclass(frozen=True, slots=True)
class Brought:
    """Occurrences of one level, in one group or in all; `ignored` are those of Potential risk
    found whose process people hold for legitimate there now."""

    days: int
    new: int
    potential: int
    security: int
    ignored: int
    whole: int

    @property
    def a_day(self) -> float:
        return self.whole / self.days

    @property
    def ratio(self) -> float | None:
        """Possibly legitimate to security risk; the guide says that it stays nearly constant."""
        return self.potential / self.security if self.security else None

    @property
    def covered(self) -> float | None:
        return self.ignored / self.potential if self.potential else None


@dataclass(frozen=True, slots=True)
class Stay:
    """A spell at a level: whole UTC days `first_on` to `last_on`; `brought` None = no reports.

    `notifications` is the mean of detections per user and day with any; `by_group` has only
    groups that reported.
    """

    level: str
    name: str
    first_on: date
    last_on: date
    is_over: bool
    brought: Brought | None = None
    notifications: float | None = None
    by_group: dict[int, Brought] = field(default_factory=dict)


def stays_of(plan: RampPlan, now: datetime) -> list[Stay]:
    """Every spell of the plan in the order of time; a constant number of queries."""
    spells = list(state_of(plan, now).spells)
    stays = [_stay(plan, spell, now) for spell in spells]
    if not stays:
        return []
    asked, more = _arguments(plan, stays, now)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(BY_HASH)
        cursor.execute(LEVELS.format(more=more), asked)
        rows = cursor.fetchall()
        cursor.execute(NOTIFIED, asked)
        notified = dict(cursor.fetchall())
    whole: dict[int, Brought] = {}
    groups: dict[int, dict[int, Brought]] = {}
    for number, group, *figures in rows:
        if group is None:
            whole[number] = Brought(*figures)
        else:
            groups.setdefault(number, {})[group] = Brought(*figures)
    return [
        Stay(
            stay.level,
            stay.name,
            stay.first_on,
            stay.last_on,
            stay.is_over,
            whole.get(number),
            float(notified[number]) if number in notified and number in whole else None,
            groups.get(number, {}),
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


def _arguments(plan: RampPlan, stays: list[Stay], now: datetime) -> tuple[dict[str, Any], str]:
    scopes = scopes_of({plan.scan_policy_id})
    locations, taken = places_of(scopes)
    groups = [scope.group_id for scope in scopes]
    days = [
        (number, stay.level, stay.first_on + timedelta(days=count))
        for number, stay in enumerate(stays)
        for count in range((stay.last_on - stay.first_on).days + 1)
    ]
    ignored = coverage.registered().ignored_in(sorted(set(groups)), now)
    asked = {
        "track": plan.track,
        "numbers": [number for number, _, _ in days],
        "levels": [int(level) if level.isdecimal() else None for _, level, _ in days],
        "days": [day for _, _, day in days],
        "groups": groups,
        "locations": locations,
        "ignored_groups": [pair[0] for pair in ignored],
        "ignored_processes": [pair[1] for pair in ignored],
        "taken_groups": [pair[0] for pair in taken],
        "taken_locations": [pair[1] for pair in taken],
    }
    return asked, (TAKEN if taken else "") + (KEYLOGGERS if plan.track == "keyloggers" else "")
