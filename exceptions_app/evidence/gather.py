"""What is known of one process, as far as one person may see it: lists are capped, never grouped
over detections. The inbox's pane and the process page show the same facts.
"""

from __future__ import annotations

from dataclasses import dataclass, field
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
from truscan.models.detection import Detection, Outcome
from truscan.models.process import Appearance, FileFacts, Process
from truscan.models.ramp import Track
from truscan.ramp.in_force import TRACK_LABELS, levels_in_force
from truscan.ramp.words import level_name

if TYPE_CHECKING:
    from datetime import datetime

    from django.contrib.auth.models import User

    from truscan.access.scope import Groups
    from truscan.ramp.in_force import LevelInForce

# Values of single rows are read from the newest rows only, so that a flood stays fast.
RECENT = 1000
VALUES_SHOWN = 5
FACT_COLUMNS = (
    ("application_name", "Application"),
    ("application_version", "Version"),
    ("company_name", "Company"),
    ("signer", "Signer"),
    ("application_type", "Application type"),
    ("file_size", "Size in bytes"),
    ("hash_type", "Hash type"),
    ("permitted_reason", "Permitted application reason"),
    ("disposition", "Disposition"),
    ("prevalence", "Prevalence"),
    ("confidence", "Confidence"),
    ("first_seen", "First seen by Symantec"),
    ("risk_level", "Risk level"),
    ("download_site", "Download site"),
    ("web_domain", "Web domain"),
    ("downloaded_by", "Downloaded by"),
)
OUTCOME_COLUMNS = (
    ("event", "Event"),
    ("detection_type", "Detection type"),
    ("action", "Action taken"),
    ("requested_action", "Requested action"),
    ("secondary_action", "Secondary action"),
    ("sensitivity_text", "Sensitivity as read"),
    ("detection_score", "Detection score"),
    ("source", "Source"),
    ("risk_name", "Risk name"),
    ("engine_version", "Engine version"),
)


@dataclass(slots=True)
class Place:
    """A group where the process was seen; an unknown client count is None."""

    sighting: Sighting
    computers: int
    clients: int | None
    levels: str = ""


@dataclass(slots=True)
class Column:
    """A column of the log and the distinct values that it gave."""

    label: str
    values: list[str]
    more: int


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
    columns: list[Column]
    appearances: list[Appearance]
    placed: list[Placed]
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
    recent = _recent(process, ids)
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
        columns=_columns(process, recent, limited=ids is not None),
        appearances=_appearances(process, recent, limited=ids is not None),
        placed=placed_of(user, process),
        watches=_watches(process, ids),
        builds=builds_of(user, process, ids),
        tally=tally,
        days=days,
        renewal=next(iter(proposals(user, [process.pk], now)), None),
        reputation=reputation(_newest_facts(recent)),
        location=location_told(process.generic_path),
        spread=spread_of(process, ids),
        suggestion=suggestion_for(user, process.pk) if seen.open(now).exists() else None,
        lines=latest_lines(process, ids, 5),
        claim=standing([process.pk], now).get(process.pk),
    )


def location_told(path: str) -> Location:
    word = location_of(path)
    label = LABELS.get(word, word)
    # A log does not tell which of the other drives can be removed.
    return Location(label, word in WRITABLE, word == "drive")


def _newest_facts(recent: list[tuple[int, int, int]]) -> dict[str, Any]:
    """What the newest line in the person's groups says of the file's reputation."""
    if not recent:
        return {}
    columns = [name for name, _, _ in COLUMNS]
    return FileFacts.objects.filter(pk=recent[0][1]).values(*columns).first() or {}


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


def _recent(process: Process, ids: Groups) -> list[tuple[int, int, int]]:
    rows = Detection.objects.filter(process=process)
    if ids is not None:
        rows = rows.filter(group__in=ids)
    newest = rows.order_by("-event_at")[:RECENT]
    return list(newest.values_list("outcome_id", "facts_id", "appearance_id"))


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


def _columns(
    process: Process, recent: list[tuple[int, int, int]], *, limited: bool
) -> list[Column]:
    facts = FileFacts.objects.filter(process=process)
    if limited:
        facts = facts.filter(pk__in={row[1] for row in recent})
    outcomes = Outcome.objects.filter(pk__in={row[0] for row in recent}).select_related("action")
    told = _distinct(list(outcomes[:200]), OUTCOME_COLUMNS)
    return told + _distinct(list(facts.order_by("-pk")[:200]), FACT_COLUMNS)


def _distinct(rows: list[Any], columns: tuple[tuple[str, str], ...]) -> list[Column]:
    told: list[Column] = []
    for name, label in columns:
        values = list(dict.fromkeys(str(v) for r in rows if (v := getattr(r, name)) is not None))
        values = [v for v in values if v]
        if values:
            told.append(Column(label, values[:VALUES_SHOWN], max(len(values) - VALUES_SHOWN, 0)))
    return told


def _appearances(
    process: Process, recent: list[tuple[int, int, int]], *, limited: bool
) -> list[Appearance]:
    rows = process.appearances.order_by("-last_at")
    if limited:
        rows = rows.filter(pk__in={row[2] for row in recent})
    return list(rows[:20])


def placed_of(user: User, process: Process) -> list[Placed]:
    """The policies of the person that hold the process, in the draft or in force."""
    policies = policies_held(user)
    active = process.exceptions.filter(retired_at=None)
    newest = Revision.objects.order_by("policy_id", "-number").distinct("policy_id").values("pk")
    orders = RevisionEntry.objects.filter(process=process, revision__in=newest)
    if policies is not None:
        active = active.filter(policy__in=policies)
        orders = orders.filter(revision__policy__in=policies)
    found = active.select_related("policy").order_by("policy__name")[:100]
    drafts = {e.policy_id: e for e in found}
    # The text of a revision is as long as its policy, and nobody reads it here.
    whole = orders.select_related("revision__policy").defer("revision__canonical")
    entries = {e.revision.policy_id: e for e in whole}
    told = [
        Placed(
            (drafts[pk].policy if pk in drafts else entries[pk].revision.policy),
            drafts.get(pk),
            entries[pk].response if pk in entries else "",
            entries[pk].revision.number if pk in entries else None,
        )
        for pk in drafts.keys() | entries.keys()
    ]
    return sorted(told, key=lambda row: row.policy.name)


def _watches(process: Process, ids: Groups) -> list[Watch]:
    rows = process.watches.select_related("group", "decision").order_by("-started_at")
    return list((rows if ids is None else rows.filter(group__in=ids))[:20])


def latest_lines(process: Process, ids: Groups, shown: int) -> list[Detection]:
    rows = Detection.objects.filter(process=process)
    if ids is not None:
        rows = rows.filter(group__in=ids)
    related = ("computer", "account", "group", "outcome__action", "appearance")
    return list(rows.select_related(*related).order_by("-event_at", "-key")[:shown])
