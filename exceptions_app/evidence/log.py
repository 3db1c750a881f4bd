"""Every column that the log gave of a process, and under which names and paths it was seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from truscan.models.detection import Detection, Outcome
from truscan.models.process import Appearance, FileFacts

if TYPE_CHECKING:
    from truscan.access.scope import Groups
    from truscan.models.process import Process

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
class Column:
    """A column of the log and the distinct values that it gave."""

    label: str
    values: list[str]
    more: int


@dataclass(frozen=True, slots=True)
class LogTold:
    columns: list[Column]
    appearances: list[Appearance]


def log_told(process: Process, ids: Groups) -> LogTold:
    """As far as the groups `ids` (None = the whole estate) saw it."""
    recent, limited = _recent(process, ids), ids is not None
    return LogTold(
        _columns(process, recent, limited=limited), _appearances(process, recent, limited=limited)
    )


def _recent(process: Process, ids: Groups) -> list[tuple[int, int, int]]:
    rows = Detection.objects.filter(process=process)
    if ids is not None:
        rows = rows.filter(group__in=ids)
    newest = rows.order_by("-event_at")[:RECENT]
    return list(newest.values_list("outcome_id", "facts_id", "appearance_id"))


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
