"""What is known of one process, as far as one person may see it: lists are capped, never grouped
over detections. The inbox's pane and the process page show the same facts.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db.models import Count, Max, Min, QuerySet, Sum

from exceptions_app.evidence.builds import Build, builds_of
from exceptions_app.evidence.counts import Days, Tally, counts_of
from exceptions_app.evidence.reputation import COLUMNS, Said, reputation
from exceptions_app.evidence.spread import Spread, spread_of
from exceptions_app.models.claim import Claim
from exceptions_app.models.exception import ProcessException
from exceptions_app.models.policy import Policy, Revision, RevisionEntry
from exceptions_app.models.watch import Watch
from exceptions_app.scope import policies_held
from exceptions_app.suggest.location import LABELS, WRITABLE, location_of
from exceptions_app.suggest.shown import Shown, suggestion_for
from exceptions_app.triage.claims import standing
from exceptions_app.triage.inbox import EVENT_COLUMNS
from exceptions_app.triage.inbox_page import event_counts
from exceptions_app.triage.renewals import Proposal, proposals
from truscan.classify import Classified, classify
from truscan.models.counts import Sighting
from truscan.models.detection import Detection
from truscan.models.process import Process
from truscan.models.ramp import Track
from truscan.ramp.in_force import TRACK_LABELS, levels_in_force
from truscan.ramp.words import level_name

if TYPE_CHECKING:
    from datetime import datetime

    from django.contrib.auth.models import User

    from truscan.access.scope import Groups
    from truscan.ramp.in_force import LevelInForce

# Policies that are told at once; a process of hundreds has a page for them.
PLACED_SHOWN = 12
LINES_SHOWN = 5
LINES_WITHIN = timedelta(days=7)


@dataclass(slots=True)
class Place:
    """A group where the process was seen; an unknown client count is None."""

    sighting: Sighting
    computers: int
    clients: int | None
    levels: str = ""


@dataclass(slots=True)
class Placed:
    """An exception of a policy: in the draft, and what the newest revision orders."""

    policy: Policy
    draft: ProcessException | None
    in_force: str
    revision: int | None


@dataclass(frozen=True, slots=True)
class Location:
    """Where the file lies, and whether users without rights may put one there."""

    label: str
    is_writable: bool
    is_removable: bool


@dataclass(slots=True)
class Evidence:
    process: Process
    classified: Classified
    totals: dict[str, Any]
    events: list[tuple[str, int]]
    places: list[Place]
    # The first of the policies that hold it, by name, and how many there are.
    placed: list[Placed]
    policies: int
    watches: list[Watch]
    builds: list[Build]
    tally: Tally
    days: Days
    renewal: Proposal | None
    reputation: list[Said]
    location: Location
    spread: Spread
    suggestion: Shown | None = None
    lines: list[Detection] = field(default_factory=list)
    claim: Claim | None = None

    @property
    def is_observed(self) -> bool:
        return any(watch.ended_at is None for watch in self.watches)


def evidence_of(
    user: User,
    process: Process,
    now: datetime,
    ids: Groups,
    *,
    shown: int = 8,
    levels: list[LevelInForce] | None = None,
) -> Evidence:
    """Everything in about twenty queries; the caller has checked that the process is visible.

    `ids` are the person's groups, None for the whole estate; `levels` those in force there, if
    they are known already.
    """
    seen = Sighting.objects.filter(process=process)
    seen = seen if ids is None else seen.filter(group__in=ids)
    totals = _totals(seen)
    lines = latest_lines(process, ids, LINES_SHOWN, totals["last_at"])
    placed, policies = placed_of(user, process, PLACED_SHOWN)
    tally, days = counts_of(process, ids, now.date())
    words = frozenset(w for w, c in EVENT_COLUMNS.items() if totals[c])
    return Evidence(
        process=process,
        classified=classify(
            event_types=words,
            application_type=process.application_type,
            permitted_reason=process.permitted_reason,
        ),
        totals=totals,
        events=event_counts(totals),
        places=places_of(process, seen, now, shown, levels=levels),
        placed=placed,
        policies=policies,
        watches=_watches(process, ids),
        builds=builds_of(user, process, ids),
        tally=tally,
        days=days,
        renewal=next(iter(proposals(user, [process.pk], now)), None),
        reputation=reputation(_facts_of(lines[0]) if lines else {}),
        location=location_told(process.generic_path),
        spread=spread_of(process, ids),
        suggestion=suggestion_for(user, process.pk) if seen.open(now).exists() else None,
        lines=lines,
        claim=standing([process.pk], now).get(process.pk),
    )


def location_told(path: str) -> Location:
    word = location_of(path)
    label = LABELS.get(word, word)
    # A log does not tell which of the other drives can be removed.
    return Location(label, word in WRITABLE, word == "drive")


def _facts_of(line: Detection) -> dict[str, Any]:
    """What the newest line in the person's groups says of the file's reputation."""
    return {name: getattr(line.facts, name) for name, _, _ in COLUMNS}


def _totals(seen: QuerySet[Sighting]) -> dict[str, Any]:
    sums = {c: Sum(c, default=0) for c in EVENT_COLUMNS.values()}
    return seen.aggregate(
        occurrences=Sum("occurrences", default=0),
        rows=Sum("rows", default=0),
        groups=Count("pk"),
        first_at=Min("first_at"),
        last_at=Max("last_at"),
        level_min=Min("level_min"),
        level_max=Max("level_max"),
        **sums,
    )


def places_of(
    process: Process,
    seen: QuerySet[Sighting],
    now: datetime,
    shown: int,
    start: int = 0,
    *,
    levels: list[LevelInForce] | None = None,
) -> list[Place]:
    """Groups with most detections first, with computers seen and the group's client count."""
    rows = list(seen.select_related("group").order_by("-occurrences", "pk")[start : start + shown])
    groups = [row.group_id for row in rows]
    if levels is None:
        levels = levels_in_force(now, groups) if groups else []
    by_group: dict[int, dict[str, None]] = {}
    for level in levels:
        # Two scan policies of a group, each in its locations, may say the same.
        by_group.setdefault(level.group_id, {})[_level_words(level)] = None
    return [
        Place(
            row,
            row.computers,
            row.group.client_count,
            ", ".join(by_group.get(row.group_id, ())),
        )
        for row in rows
    ]


def _level_words(level: LevelInForce) -> str:
    """ "level 50"; of another track also which: "High (keyloggers)"."""
    name = level_name(level.track, level.level)
    is_usual = level.track == Track.TROJANS
    return name if is_usual else f"{name} ({TRACK_LABELS[level.track].lower()})"


def placed_of(user: User, process: Process, shown: int) -> tuple[list[Placed], int]:
    """The first of the person's policies that hold the process, in the draft or in force, by name;
    and how many hold it."""
    mine = policies_held(user)
    active = process.exceptions.filter(retired_at=None)
    newest = Revision.objects.order_by("policy_id", "-number").distinct("policy_id").values("pk")
    orders = RevisionEntry.objects.filter(process=process, revision__in=newest)
    if mine is not None:
        active = active.filter(policy__in=mine)
        orders = orders.filter(revision__policy__in=mine)
    told = {pk: (response, number) for pk, response, number in orders.values_list(
        "revision__policy", "response", "revision__number")}  # fmt: skip
    holding = told.keys() | set(active.values_list("policy", flat=True))
    if not holding:
        return [], 0
    first = list(Policy.objects.filter(pk__in=list(holding)).order_by("name", "pk")[:shown])
    drafts = {e.policy_id: e for e in active.filter(policy__in=[policy.pk for policy in first])}
    placed = [
        Placed(policy, drafts.get(policy.pk), *told.get(policy.pk, ("", None))) for policy in first
    ]
    return placed, len(holding)


def _watches(process: Process, ids: Groups) -> list[Watch]:
    rows = process.watches.select_related("group", "decision").order_by("-started_at")
    return list((rows if ids is None else rows.filter(group__in=ids))[:20])


def latest_lines(
    process: Process, ids: Groups, shown: int, last_at: datetime | None
) -> list[Detection]:
    """The newest, of which the last is of `last_at`: most often of the days before it, and then the
    database plans for one month or two instead of all."""
    rows = Detection.objects.filter(process=process)
    if ids is not None:
        rows = rows.filter(group__in=ids)
    related = ("computer", "account", "outcome__action", "facts")
    newest = rows.select_related(*related).order_by("-event_at", "-key")
    if last_at is not None:
        found = list(newest.filter(event_at__gte=last_at - LINES_WITHIN)[:shown])
        if len(found) == shown:
            return found
    return list(newest[:shown])
