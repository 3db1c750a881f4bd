"""Finding plans, groups and locations by the names that people type."""

from __future__ import annotations

from typing import TYPE_CHECKING

from truscan.logs.path_folding import normal_group
from truscan.models.estate import Group, Location
from truscan.models.ramp import RampPlan
from truscan.ramp.errors import NotFound
from truscan.ramp.rows import with_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.db.models import QuerySet


def find_group(path: str, among: QuerySet[Group]) -> Group:
    """The group with this path in any domain; NotFound if none or several have it."""
    folded = normal_group(path)
    found = list(among.filter(path_key=folded.casefold()).select_related("domain")[:2])
    if not found:
        raise NotFound(
            f"No group “{folded}”. Groups come from imported logs and from the Groups page."
        )
    if len(found) > 1:
        raise NotFound(f"Several domains have a group “{folded}”.")
    return found[0]


def find_location(group: Group, name: str) -> Location:
    """The group's location of that name without regard to case."""
    found = group.locations.filter(name_key=name.strip().casefold()).first()
    if found is None:
        known = ", ".join(group.locations.values_list("name", flat=True)) or "none"
        raise NotFound(f"{group} has no location “{name}”; known: {known}.")
    return found


def find_plan(
    *, plans: QuerySet[RampPlan], scan_policy: str = "", group: str = "", track: str = ""
) -> RampPlan:
    """The plan of a scan policy, or of a group's scan policy: an open one before an ended one.

    NotFound if there is none, or several open ones (then the track must be named).
    """
    found = with_rows(plans)
    if scan_policy:
        found = found.filter(scan_policy__name=scan_policy)
    if group:
        key = normal_group(group).casefold()
        found = found.filter(scan_policy__uses__group__path_key=key).distinct()
    if track:
        found = found.filter(track=track)
    rows = list(found)
    still_open = [row for row in rows if row.ended_at is None]
    return _only(still_open or rows[:1], scan_policy or group)


def _only(rows: Sequence[RampPlan], asked: str) -> RampPlan:
    if not rows:
        raise NotFound(f"No ramp plan for “{asked}”.")
    if len(rows) > 1:
        names = ", ".join(f"{row.scan_policy} ({row.track})" for row in rows)
        raise NotFound(f"Several plans fit: {names}. Name the scan policy and the track.")
    return rows[0]
