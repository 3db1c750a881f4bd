"""What the demo shows of logs and ramp: a small fleet's export, and plans in every state."""

from __future__ import annotations

import gzip
import io
import time
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from django.utils import timezone

from truscan.fleet.fleet import Fleet
from truscan.fleet.names import DEMO_DOMAIN
from truscan.ingest.job import accept_file, run_import
from truscan.models.estate import Group, Location, Site
from truscan.models.log_import import LogImport
from truscan.models.ramp import RampPlan
from truscan.ramp.actions import confirm_level, hold
from truscan.ramp.create import create_plan
from truscan.ramp.layout import make_steps
from truscan.ramp.plan import Track
from truscan.ramp.rows import state_of

if TYPE_CHECKING:
    from truscan.access.actor import Actor

    Uses = list[tuple[Group, Location | None]]

SCAN_POLICY = "Scan policy of the demo (synthetic)"
OUTSIDE_POLICY = "Scan policy of the demo for places outside (synthetic)"
OUTSIDE = "Outside"
HELD_BECAUSE = (
    "The laptops of the field service report their own update program as a security risk since"
    " the last level; its exception is not tested yet (synthetic)."
)
FILE_NAME = "demo-agt_proactive.log.gz"
# Half of a plan of 75 days is over.
PLAN_DAYS = 75
DAYS_SO_FAR = 38
# The plan for keyloggers began so long before the other, and so it is over.
DAYS_AHEAD = 45
HELD_DAYS = 4
PLANNED_IN = 14
# How long to wait for a worker that took up the import of an earlier start.
ON_ITS_DAY = "The demo sets every level on its day, whatever the gates say."
_PATIENCE = 120


@dataclass(frozen=True, slots=True)
class Size:
    """How much the demo holds; tests take less."""

    rows: int = 40_000
    groups: int = 12
    computers: int = 620
    processes: int = 900

    def fleet(self) -> Fleet:
        return Fleet(2026, groups=self.groups, computers=self.computers, processes=self.processes)


def demo_site() -> Site:
    """The site that the demo's log comes from; all dates of the demo follow from its birth."""
    return Site.objects.get_or_create(name=DEMO_DOMAIN)[0]


def first_day(site: Site) -> date:
    return site.created_at.date() - timedelta(days=DAYS_SO_FAR)


def import_demo(*, actor: Actor, site: Site, size: Size, fleet: Fleet) -> LogImport:
    """Hand in the demo's log as a person would, and wait until it is read.

    An import of an earlier start is taken up again. Raises IngestError, or TimeoutError if a
    worker took the import and does not end it.
    """
    gone = [LogImport.State.WITHDRAWN, LogImport.State.FAILED]
    kept = LogImport.objects.filter(site=site).exclude(state__in=gone).order_by("id").first()
    if kept is None:
        stream = io.BytesIO(log_bytes(fleet, first_day(site), size.rows))
        # Not queued: it is read here, so that decisions can follow.
        accepted = accept_file(actor=actor, name=FILE_NAME, stream=stream, site=site, queue=False)
        kept = accepted[0]
    return _finished(kept)


def log_bytes(fleet: Fleet, start_on: date, rows: int) -> bytes:
    """The log of the days so far, packed, at the levels of the plan."""
    levels = levels_by_day(start_on)
    start = datetime.combine(start_on, datetime.min.time(), UTC)
    lines = fleet.lines(rows, start, DAYS_SO_FAR, levels, form="labelled-g5")
    text = "".join(line + "\n" for line in lines)
    # Without a time inside: equal logs are equal bytes.
    return gzip.compress(text.encode(), compresslevel=5, mtime=0)


def levels_by_day(start_on: date) -> list[int]:
    """The level of each day: a raise at nine in the morning is told by the rows of the next."""
    steps = make_steps(Track.TROJANS, start_on, PLAN_DAYS)
    days = (start_on + timedelta(days=n) for n in range(DAYS_SO_FAR))
    return [int([s for s in steps if s.planned_on < day or s.position == 0][-1].level)
            for day in days]  # fmt: skip


def _finished(log_import: LogImport) -> LogImport:
    give_up_at = time.monotonic() + _PATIENCE
    while True:
        run_import(log_import.pk, now=timezone.now())
        log_import.refresh_from_db()
        if log_import.is_finished:
            return log_import
        if time.monotonic() > give_up_at:
            raise TimeoutError(f"The import of {log_import} does not end: see its page.")
        time.sleep(0.3)


def plan_ramp(*, actor: Actor, start_on: date, groups: list[Group], now: datetime) -> RampPlan:
    """The plan with every level confirmed that was due, a few minutes after it was.

    Nothing is changed on a plan that exists already.
    """
    uses: Uses = [(group, None) for group in groups]
    return _plan(actor, SCAN_POLICY, Track.TROJANS, uses, start_on, now)


def plan_others(
    *, actor: Actor, start_on: date, groups: list[Group], now: datetime
) -> dict[str, RampPlan]:
    """The plans beside it: one "finished", one "held" half way, one "planned"."""
    uses: Uses = [(group, None) for group in groups]
    before, after = timedelta(days=DAYS_AHEAD), timedelta(days=DAYS_SO_FAR + PLANNED_IN)
    return {
        "finished": _plan(actor, SCAN_POLICY, Track.KEYLOGGERS, uses, start_on - before, now),
        "held": _held(actor, start_on, groups, now),
        "planned": _plan(actor, SCAN_POLICY, Track.COMMERCIAL, uses, start_on + after, now),
    }


def _held(actor: Actor, start_on: date, groups: list[Group], now: datetime) -> RampPlan:
    """Climbs where computers are outside; stopped some days ago, and it says why."""
    places = Location.objects.filter(group__in=groups, name=OUTSIDE).select_related("group")
    uses: Uses = [(place.group, place) for place in places.order_by("group__path_key")]
    known = _find(OUTSIDE_POLICY, Track.TROJANS)
    if known is not None:
        return known
    held_at = _morning(start_on + timedelta(days=DAYS_SO_FAR - HELD_DAYS)) + timedelta(hours=3)
    plan = _plan(actor, OUTSIDE_POLICY, Track.TROJANS, uses, start_on, min(held_at, now))
    return hold(actor=actor, plan=plan, reason=HELD_BECAUSE, now=min(held_at, now))


def _find(scan_policy: str, track: Track) -> RampPlan | None:
    return RampPlan.objects.filter(scan_policy__name=scan_policy, track=track).first()


def _plan(
    actor: Actor, scan_policy: str, track: Track, uses: Uses, start_on: date, now: datetime
) -> RampPlan:
    known = _find(scan_policy, track)
    if known is not None:
        return known
    plan = create_plan(
        actor=actor,
        scan_policy=scan_policy,
        track=track,
        uses=uses,
        start_on=start_on,
        days=PLAN_DAYS,
        now=min(_morning(start_on), now),
    )
    while True:
        due = state_of(plan, now).next
        if due is None or (at := due.at + timedelta(minutes=25)) > now:
            return plan
        plan = confirm_level(actor=actor, plan=plan, level=due.level, now=at, reason=ON_ITS_DAY)


def _morning(on: date) -> datetime:
    return datetime.combine(on, datetime.min.time(), UTC) + timedelta(hours=8)
