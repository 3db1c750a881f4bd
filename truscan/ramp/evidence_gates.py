"""The numbers behind the gates of many plans at once, from the count tables only.

One query for each family of gates, whatever the number of plans. A row of the log belongs to the
level that its own field gives when that is one of the plan's; else to the level in force on that
day by the plan. The day on which a level was set belongs to neither level.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db import connection, transaction

from truscan import coverage
from truscan.models.detection import Action
from truscan.models.estate import Group
from truscan.ramp.evidence_sql import BY_HASH, HEARD, KEYLOGGERS, LOAD, OPEN, SEEN, SILENT, TAKEN
from truscan.ramp.facts import RECENT_DAYS, Facts
from truscan.ramp.rows import state_of
from truscan.ramp.scan_settings import CONTENT, noted_settings
from truscan.ramp.unseen import Seen
from truscan.ramp.where import Scope, places_of, scopes_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from truscan.models.ramp import RampPlan, ScanSettingChange

# The newest week is judged: what came before does not tell whether a level may be left now.
LONGEST = timedelta(days=7)
LOAD_DAYS = timedelta(days=3)
SILENT_AFTER = timedelta(days=3)


@dataclass(frozen=True, slots=True)
class Window:
    """A plan at its level: set at `at`, judged from the UTC day `since` on."""

    plan: RampPlan
    level: str
    at: datetime
    since: date


Rows = dict[int, tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of the count tables: the windows, their places, the values of the statements
    and what is added to `OBSERVED`."""

    windows: list[Window]
    scopes: list[tuple[Window, Scope]]
    groups: list[int]
    values: dict[str, Any]
    more: str


def asked_of(plans: Sequence[RampPlan], now: datetime) -> Asked | None:
    """None when no plan has a level in force."""
    windows = [window for plan in plans if (window := _window(plan, now))]
    if not windows:
        return None
    scopes = _by_plan(windows)
    groups = sorted({scope.group_id for _, scope in scopes})
    values = _arguments(scopes, groups, now)
    more = (TAKEN if values["taken_groups"] else "") + (
        KEYLOGGERS if "keyloggers" in values["day_tracks"] else ""
    )
    return Asked(windows, scopes, groups, values, more)


def facts_of(plans: Sequence[RampPlan], now: datetime) -> dict[int, Facts]:
    """Facts by plan id at `now`; a plan without a level, or that ended, has none."""
    asked = asked_of(plans, now)
    if asked is None:
        return {}
    windows, scopes, values = asked.windows, asked.scopes, asked.values
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(BY_HASH)
        seen = _rows(SEEN.format(more=asked.more), values)
        still_open, heard, load, silent = (
            _rows(sql, values) for sql in (OPEN, HEARD, LOAD, SILENT)
        )
    clients = dict(Group.objects.filter(pk__in=asked.groups).values_list("pk", "client_count"))
    mine: dict[int, set[int]] = {window.plan.pk: set() for window in windows}
    for window, scope in scopes:
        mine[window.plan.pk].add(scope.group_id)
    noted = noted_settings({window.plan.scan_policy_id for window in windows}, now)
    return {
        window.plan.pk: _facts(
            window,
            now,
            [clients.get(pk) for pk in mine[window.plan.pk]],
            seen.get(window.plan.pk),
            still_open.get(window.plan.pk, (0, None)),
            heard.get(window.plan.pk, (0, 0, None)),
            load.get(window.plan.pk),
            float(silent.get(window.plan.pk, (0,))[0]),
            noted.get(window.plan.scan_policy_id, {}),
        )
        for window in windows
    }


def _window(plan: RampPlan, now: datetime) -> Window | None:
    state = state_of(plan, now)
    if state.level_in_force is None or state.in_force_since is None or plan.ended_at:
        return None
    after = state.in_force_since.astimezone(UTC).date() + timedelta(days=1)
    newest = (now.astimezone(UTC) - LONGEST).date() + timedelta(days=1)
    return Window(plan, state.level_in_force, state.in_force_since, max(after, newest))


def _by_plan(windows: Sequence[Window]) -> list[tuple[Window, Scope]]:
    of_policy: dict[int, list[Scope]] = {}
    for scope in scopes_of({window.plan.scan_policy_id for window in windows}):
        of_policy.setdefault(scope.policy_id, []).append(scope)
    return [(w, scope) for w in windows for scope in of_policy.get(w.plan.scan_policy_id, [])]


def _arguments(
    scopes: Sequence[tuple[Window, Scope]], groups: list[int], now: datetime
) -> dict[str, Any]:
    locations, taken = places_of([scope for _, scope in scopes])
    ignored = coverage.registered().ignored_in(groups, now)
    stops = Action.objects.filter(name_key__regex="quarantin|terminat")
    today = now.astimezone(UTC).date()
    return {
        **_days(scopes, locations, today),
        "plans": [window.plan.pk for window, _ in scopes],
        "groups": [scope.group_id for _, scope in scopes],
        "locations": locations,
        "set_at": [window.at for window, _ in scopes],
        "until": today,
        "lately": today - timedelta(days=RECENT_DAYS - 1),
        "load_from": today - LOAD_DAYS,
        "heard_from": now - SILENT_AFTER,
        "now": now,
        "ignored_groups": [pair[0] for pair in ignored],
        "ignored_processes": [pair[1] for pair in ignored],
        "stops": list(stops.values_list("pk", flat=True)),
        "taken_groups": [pair[0] for pair in taken],
        "taken_locations": [pair[1] for pair in taken],
    }


def _days(
    scopes: Sequence[tuple[Window, Scope]], locations: Sequence[int], today: date
) -> dict[str, list[Any]]:
    """Every day of every scope as columns of equal length."""
    rows = [
        (
            window.plan.pk,
            scope.group_id,
            location,
            int(window.level) if window.level.isdecimal() else None,
            window.plan.track,
            window.since + timedelta(days=number),
        )
        for (window, scope), location in zip(scopes, locations, strict=True)
        for number in range((today - window.since).days + 1)
    ]
    names = ("day_plans", "day_groups", "day_locations", "day_levels", "day_tracks", "days")
    return {name: [row[place] for row in rows] for place, name in enumerate(names)}


def _rows(sql: str, asked: dict[str, Any]) -> Rows:
    """The rows by their first column, a plan's id."""
    with connection.cursor() as cursor:
        cursor.execute(sql, asked)
        return {row[0]: tuple(row[1:]) for row in cursor.fetchall()}


def _facts(
    window: Window,
    now: datetime,
    clients: Sequence[int | None],
    seen: tuple[Any, ...] | None,
    still_open: tuple[Any, ...],
    heard: tuple[Any, ...],
    load: tuple[Any, ...] | None,
    silent: float,
    noted: dict[str, ScanSettingChange],
) -> Facts:
    content, notifications = noted.get(CONTENT), noted.get("notifications")
    known = [count for count in clients if count is not None]
    days = max((now - window.at).days, 0)
    total, kinds, once, twice, potential, ignored, security, risks, stopped, by_log, whole, on = (
        seen or (0, 0, 0, 0, None, None, None, None, None, 0, 0, 0)
    )
    # The newest day is the lowest bit.
    is_recent = int(on) & ((1 << RECENT_DAYS) - 1) != 0
    has_reports = seen is not None
    judged = min(days, LONGEST.days)
    return Facts(
        days=days,
        # A day of the newest week that brought no report does not count as watched.
        days_reported=max(days - judged + min(int(on).bit_count(), judged), 0) if on else 0,
        clients=sum(known) if known and len(known) == len(clients) else None,
        groups_unknown=len(clients) - len(known),
        heard=heard[0],
        heard_lately=heard[1],
        newest_at=heard[2],
        open_processes=still_open[0] if has_reports else None,
        oldest_open_at=still_open[1],
        potential=potential,
        potential_ignored=ignored,
        security=security,
        legitimate_as_risk=risks if is_recent else None,
        false_quarantines=stopped,
        load=float(load[0]) if load else None,
        seen=Seen(total, kinds, once, twice, silent) if has_reports else None,
        by_log=by_log,
        by_plan=whole - by_log,
        content_on=date.fromisoformat(content.value) if content else None,
        content_since=content.at if content else None,
        notifies=notifications is None or notifications.value != "off",
    )
