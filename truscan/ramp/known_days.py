"""The days of a plan from the count tables, and the changes between them."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.core.cache import cache
from django.db import connection, transaction
from django.db.models import Count, Sum

from truscan import coverage
from truscan.audit import canonical_json
from truscan.models.ramp import RampPlan
from truscan.models.rolled import CountedDay
from truscan.ramp.before_after import ONE_DAY, WINDOW, Change, Figures, Kind, Known, Load
from truscan.ramp.known_days_sql import FIGURES, KEYLOGGERS, LOADS, NEW, NEW_KEYLOGGERS, TAKEN
from truscan.ramp.plan import in_order
from truscan.ramp.rows import events_of, plan_of, state_of, with_rows
from truscan.ramp.scan_settings import SETTINGS
from truscan.ramp.where import Scope, places_of, scopes_of
from truscan.ramp.words import level_name

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from truscan.models.ramp import ScanSettingChange

# A plan may have begun long ago; what is older than this is in its dossier.
LONGEST = timedelta(days=400)
# Plans of the whole estate take seconds on millions of rows: beyond so many days of groups they are
# read once, until a row changes.
MANY = 4000
REMEMBERED_SECONDS = 3600


def known_of(
    plan: RampPlan, now: datetime, visible: Collection[int] | None = None
) -> tuple[Known, date]:
    """What is known from two weeks before the first level until today, with the first day.

    `visible` narrows it to groups that the reader may see. The number of statements does not grow
    with the plan.
    """
    scopes, days = _scopes(plan, visible), _days(plan, now)
    first = days[0]
    if not scopes:
        return Known((), (), {}), first
    asked, more = _arguments(plan, scopes, days, now)
    new_only = NEW_KEYLOGGERS if plan.track == "keyloggers" else ""
    if len(days) * len(scopes) <= MANY:
        return _read(asked, more, new_only), first
    key = _key(asked, more)
    known: Known | None = cache.get(key)
    if known is None:
        known = _read(asked, more, new_only)
        cache.set(key, known, REMEMBERED_SECONDS)
    return known, first


def takes_seconds(plan: RampPlan, now: datetime, visible: Collection[int] | None = None) -> bool:
    """Whether `known_of` would now read millions of rows, because nobody asked since they changed.
    So who shows it can show something else at once."""
    scopes, days = _scopes(plan, visible), _days(plan, now)
    if len(days) * len(scopes) <= MANY:
        return False
    return cache.get(_key(*_arguments(plan, scopes, days, now))) is None


def changes_of(plan: RampPlan, now: datetime) -> list[Change]:
    """Levels of the plan and of the other tracks of its scan policy, and recorded settings, from
    two weeks before the first level on."""
    own = _levels_set(plan, Kind.LEVEL)
    others = with_rows(RampPlan.objects.filter(scan_policy=plan.scan_policy_id)).exclude(pk=plan.pk)
    tracks = [change for other in others for change in _of_other(plan, other)]
    settings = [_setting(row) for row in plan.scan_policy.setting_changes.all()]
    first = _first_day(plan, now)
    return [c for c in [*own, *tracks, *settings] if first <= c.on and c.at <= now]


def spells_of(plan: RampPlan, now: datetime) -> list[tuple[str, str, date, date]]:
    """(level, its name, first and last whole UTC day), cut as in `history`."""
    return [
        (
            spell.level,
            level_name(plan.track, spell.level),
            _day(spell.since) + ONE_DAY,
            _day(spell.until) - ONE_DAY if spell.until else _day(now),
        )
        for spell in state_of(plan, now).spells
    ]


def _read(asked: dict[str, Any], more: str, new_only: str) -> Known:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL jit = off")
        cursor.execute(FIGURES.format(more=more), asked)
        figures = [Figures(*row) for row in cursor.fetchall()]
        cursor.execute(LOADS, asked)
        loads = [Load(*row) for row in cursor.fetchall()]
        cursor.execute(NEW.format(more=new_only), asked)
        new = dict(cursor.fetchall())
    return Known(figures, loads, new)


def _key(asked: dict[str, Any], more: str) -> str:
    """Equal while the question is the same and no import wrote or took away a row of these days:
    what was decided meanwhile is in the question."""
    days = CountedDay.objects.filter(day__gte=asked["first"])
    written = days.aggregate(days=Count("day"), versions=Sum("version"))
    told = canonical_json([asked, more, written])
    return f"ramp-days:{hashlib.sha256(told.encode()).hexdigest()}"


def _arguments(
    plan: RampPlan, scopes: Sequence[Scope], days: Sequence[date], now: datetime
) -> tuple[dict[str, Any], str]:
    locations, taken = places_of(scopes)
    groups = [scope.group_id for scope in scopes]
    ignored = coverage.registered().ignored_in(sorted(set(groups)), now)
    asked = {
        "track": plan.track,
        "days": list(days),
        "levels": _levels(plan, now, days),
        "groups": groups,
        "locations": locations,
        "ignored_groups": [pair[0] for pair in ignored],
        "ignored_processes": [pair[1] for pair in ignored],
        "taken_groups": [pair[0] for pair in taken],
        "taken_locations": [pair[1] for pair in taken],
        "first": days[0],
    }
    more = (TAKEN if taken else "") + (KEYLOGGERS if plan.track == "keyloggers" else "")
    return asked, more


def _scopes(plan: RampPlan, visible: Collection[int] | None) -> list[Scope]:
    scopes = scopes_of({plan.scan_policy_id})
    return [scope for scope in scopes if visible is None or scope.group_id in visible]


def _days(plan: RampPlan, now: datetime) -> list[date]:
    first = _first_day(plan, now)
    return [first + timedelta(days=number) for number in range((_day(now) - first).days + 1)]


def _levels(plan: RampPlan, now: datetime, days: Sequence[date]) -> list[int | None]:
    """The number in force on each whole day; None before the first, on the day of a change, and
    where a level is no number: there the log's own field decides nothing."""
    spells = spells_of(plan, now)
    found = []
    for day in days:
        level = next((level for level, _, first, last in spells if first <= day <= last), "")
        found.append(int(level) if level.isdecimal() else None)
    return found


def _first_day(plan: RampPlan, now: datetime) -> date:
    today = _day(now)
    begun = min((_day(s.since) for s in state_of(plan, now).spells), default=plan.start_on)
    return max(min(begun - WINDOW, today), today - LONGEST)


def _levels_set(plan: RampPlan, kind: Kind) -> list[Change]:
    found, before = [], ""
    values = plan_of(plan)
    rows = {event.pk: event for event in plan.events.all()}
    for event in in_order(events_of(plan)):
        known = values.position_of(event.level) is not None
        if not event.sets_level or not known or event.level == before:
            continue
        title = _title(plan, kind, before, event.level)
        by = rows[event.id].actor_name
        level = event.level if kind is Kind.LEVEL else ""
        found.append(Change(kind, event.at, _day(event.at), title, by, event.reason, level))
        before = event.level
    return found


def _of_other(plan: RampPlan, other: RampPlan) -> list[Change]:
    """Another track's levels; those of an earlier plan of the same track moved the same level."""
    if other.track != plan.track:
        return _levels_set(other, Kind.TRACK)
    changes = _levels_set(other, Kind.LEVEL)
    return [replace(one, title=f"{one.title} (another plan)", level="") for one in changes]


def _title(plan: RampPlan, kind: Kind, before: str, level: str) -> str:
    name = level_name(plan.track, level)
    if kind is Kind.TRACK:
        return f"{plan.get_track_display()}: {name}"
    title = f"{level_name(plan.track, before)} to {name}" if before else f"{name}, the first"
    return title[0].upper() + title[1:]


def _setting(row: ScanSettingChange) -> Change:
    label = SETTINGS[row.setting].label if row.setting in SETTINGS else "Content"
    title = f"{label}: {row.value}"
    return Change(Kind.SETTING, row.at, _day(row.at), title, row.actor_name, row.reason)


def _day(at: datetime) -> date:
    return at.astimezone(UTC).date()
