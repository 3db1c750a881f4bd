"""What is known of a plan at the level in force: the numbers that gates judge. Pure Python."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from truscan.ramp.unseen import Seen


@dataclass(frozen=True, slots=True)
class Facts:
    """Numbers since the level in force was set; None = not known, which is never zero.

    `days` are whole days since then, `days_reported` those of them
    without the days of the newest week that brought no report. `clients` is
    None as soon as one group does not tell how many it has; `heard` were heard from since the
    level was set, `heard_lately` within three days. `newest_at` is the newest line of the groups.
    `potential` occurrences of Potential risk found, `potential_ignored` those of processes that
    have Ignore there now. `legitimate_as_risk` processes with Ignore were reported as security
    risks on the newest `RECENT_DAYS` days. `load` is the 95th percentile of detections per user
    and day. `content_on` is the newest content date known, `content_since` when it was noted.
    `by_log` and `by_plan` occurrences have their level from the log's own field and from the
    plan's dates.
    """

    days: int
    days_reported: int
    clients: int | None
    groups_unknown: int
    heard: int
    heard_lately: int
    newest_at: datetime | None
    open_processes: int | None
    oldest_open_at: datetime | None
    potential: int | None
    potential_ignored: int | None
    security: int | None
    legitimate_as_risk: int | None
    false_quarantines: int | None
    load: float | None
    seen: Seen | None
    content_on: date | None = None
    content_since: datetime | None = None
    by_log: int = 0
    by_plan: int = 0
    notifies: bool = True


# "Still reported" is what the newest days say, not what the level began with.
RECENT_DAYS = 3
