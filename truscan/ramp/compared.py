"""A plan's changes with what is known around them: what page, API and command show."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING, Any

from truscan.models.estate import Group
from truscan.ramp.before_after import compare
from truscan.ramp.evidence import DayCount
from truscan.ramp.known_days import changes_of, known_of, spells_of
from truscan.ramp.levels import at_levels, constancy
from truscan.ramp.outline import utc

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import date, datetime

    from truscan.models.ramp import RampPlan
    from truscan.ramp.before_after import Comparison, Known, Sums
    from truscan.ramp.levels import AtLevel, Constancy


@dataclass(frozen=True, slots=True)
class Compared:
    """`groups` are those that reported, by id, the one with most detections first."""

    plan: RampPlan
    at: datetime
    first: date
    known: Known
    comparisons: list[Comparison]
    levels: list[AtLevel]
    constancy: Constancy
    groups: dict[int, Group]

    @property
    def days(self) -> list[DayCount]:
        """Occurrences by day in all groups; a day without a row is unknown, not quiet."""
        sums: dict[date, list[int]] = {}
        for one in self.known.figures:
            day = sums.setdefault(one.day, [0, 0, 0])
            for number, many in enumerate((one.potential, one.security, one.commercial)):
                day[number] += many
        return [DayCount(day, *many) for day, many in sorted(sums.items())]


def compared_of(plan: RampPlan, now: datetime, visible: Collection[int] | None = None) -> Compared:
    """All changes of the plan until `now`, over the groups that the reader may see (None: all)."""
    known, first = known_of(plan, now, visible)
    levels = at_levels(spells_of(plan, now), known)
    many: dict[int, int] = {}
    for one in known.figures:
        whole = one.potential + one.security + one.commercial + one.other
        many[one.group_id] = many.get(one.group_id, 0) + whole
    rows = Group.objects.in_bulk(list(many))
    order = sorted(many, key=lambda pk: (-many[pk], rows[pk].path_key))
    return Compared(
        plan,
        now,
        first,
        known,
        compare(changes_of(plan, now), known, now.astimezone(UTC).date()),
        levels,
        constancy(levels),
        {pk: rows[pk] for pk in order},
    )


def compared_outline(found: Compared) -> dict[str, Any]:
    """JSON-ready; what is not known is null, never zero. `days` has those with reports only."""
    ratio = found.constancy
    return {
        "plan": found.plan.pk,
        "at": utc(found.at),
        "first_day": found.first.isoformat(),
        "ratio": {
            "pooled": ratio.pooled,
            "lowest": ratio.lowest,
            "highest": ratio.highest,
            "levels": ratio.levels,
            "levels_left_out": ratio.left_out,
            "sentence": ratio.sentence,
        },
        "changes": [
            {
                "on": one.on.isoformat(),
                "changes": [
                    {
                        "kind": change.kind.value,
                        "title": change.title,
                        "level": change.level or None,
                        "at": utc(change.at),
                        "by": change.by,
                        "reason": change.reason or None,
                    }
                    for change in one.changes
                ],
                "before": _side(one.before),
                "after": _side(one.after),
                "detections_times": one.growth,
                "ratio_times": one.ratio_times,
                "why_not": one.why_not or None,
                "caution": one.caution or None,
            }
            for one in found.comparisons
        ],
        "days": [
            {
                "day": day.day.isoformat(),
                "potential": day.potential,
                "security": day.security,
                "commercial": day.commercial,
            }
            for day in found.days
        ],
        "levels": [
            {
                "level": one.level,
                "name": one.name,
                **(_side(one.sums) or {}),
                "groups": [
                    {"group": group.path, **_counts(one.by_group[pk])}
                    for pk, group in found.groups.items()
                ],
            }
            for one in found.levels
        ],
    }


def _side(sums: Sums | None) -> dict[str, Any] | None:
    if sums is None:
        return None
    is_known = sums.reported > 0
    return {
        "first_day": sums.first.isoformat(),
        "last_day": sums.last.isoformat(),
        "days": sums.days,
        **_counts(sums),
        "new_processes": sums.new if is_known else None,
        "detections_per_client_and_day": sums.per_client,
        "notifications_per_user_and_day": sums.per_user,
    }


def _counts(sums: Sums) -> dict[str, Any]:
    is_known = sums.reported > 0
    return {
        "days_reported": sums.reported,
        "potential": sums.potential if is_known else None,
        "security": sums.security if is_known else None,
        "commercial": sums.commercial if is_known else None,
        "detections_a_day": sums.a_day,
        "ratio": sums.ratio,
        "covered": sums.covered,
    }
