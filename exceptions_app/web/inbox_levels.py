"""The levels in force where the processes of a list were seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Case, IntegerField, Max, Min, Value, When

if TYPE_CHECKING:
    from collections.abc import Iterable

    from exceptions_app.triage.inbox import InboxFilter
    from exceptions_app.triage.inbox_page import Page
    from truscan.ramp.in_force import LevelInForce


def level_words(known: Iterable[int]) -> str:
    """ "level 30" or "level 10–30"; nothing when nobody confirmed one."""
    levels = sorted(known)
    if not levels:
        return ""
    one = levels[0] == levels[-1]
    return f"level {levels[0]}" if one else f"level {levels[0]}–{levels[-1]}"


def numbers_of(levels: Iterable[LevelInForce]) -> list[tuple[int, int]]:
    """(group, level) of those that are numbers."""
    return [(row.group_id, int(row.level)) for row in levels if row.level.isdigit()]


def add_levels(page: Page, levels: list[LevelInForce], found: InboxFilter) -> None:
    """The level in force in the groups where each shown process was seen, lowest and highest: a
    common one was seen in all groups, so the database compares."""
    low: dict[int, int] = {}
    high: dict[int, int] = {}
    for group, level in numbers_of(levels):
        low[group] = min(level, low.get(group, level))
        high[group] = max(level, high.get(group, level))
    if not low or not page.rows:
        return
    shown = [row.process.pk for row in page.rows]
    places = found.in_scope().filter(process__in=shown, group__in=list(low)).order_by()
    spans = places.values_list("process").annotate(
        low=Min(_level_by(low)), high=Max(_level_by(high))
    )
    told = {pk: level_words(span) for pk, *span in spans}
    for row in page.rows:
        row.level = told.get(row.process.pk, "")


def _level_by(by_group: dict[int, int]) -> Case:
    groups: dict[int, list[int]] = {}
    for group, level in by_group.items():
        groups.setdefault(level, []).append(group)
    whens = [When(group__in=those, then=Value(level)) for level, those in sorted(groups.items())]
    return Case(*whens, output_field=IntegerField())
