"""The seam: what this app must know of decisions, it asks here.

`exceptions_app` registers its implementation in `AppConfig.ready()`; data goes forward only, so
nothing here imports it. All questions are set-based.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class ResponseInForce:
    """What clients of a (group, location) do with a process; location None = the group itself."""

    group_id: int
    location_id: int | None
    process_id: int
    response: str
    policy_name: str
    revision: int


@dataclass(frozen=True, slots=True)
class RampFacts:
    """Facts for gates and forecast over groups and days; None = not known, never zero."""

    open_processes: int
    covered_occurrences: int
    candidate_occurrences: int
    decisions: int
    median_decision_seconds: float | None
    false_quarantines: int | None
    by_day: dict[date, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SwitchReplay:
    """What the final switch would have done to what was seen from `start` to `end` (UTC days).

    Stopped and ignored are exact sums of the daily counts; computers and users come from stored
    presence. `let_through` are processes judged as bad anywhere that would not be stopped.
    `is_known` is False if nothing at all was heard of these places in those days.
    """

    start: date
    end: date
    is_known: bool
    stopped_rows: int
    stopped_occurrences: int
    ignored_occurrences: int
    computers: int
    users: int
    stopped_by_group: dict[int, int]
    let_through: list[int]


class Coverage(Protocol):
    def responses_in_force(self, group_ids: Sequence[int], at: datetime) -> list[ResponseInForce]:
        """What the latest published revisions order for these groups at that moment."""
        ...

    def after_fold(self, sighting_ids: Sequence[int], now: datetime) -> None:
        """Called in the import's transaction: coverage of new sightings, tripwires, rules."""
        ...

    def ramp_facts(self, group_ids: Sequence[int], start: datetime, end: datetime) -> RampFacts:
        """Open and covered work, decision times, false quarantines."""
        ...

    def replay_switch(
        self, places: Sequence[tuple[int, int | None]], action: str, now: datetime, days: int
    ) -> SwitchReplay:
        """The last days with the scan's action at "quarantine" or "terminate" instead of Log.

        Places are (group, location); location None is every place of the group, 0 the group itself.
        """

    def ignored_in(self, group_ids: Sequence[int], at: datetime) -> list[tuple[int, int]]:
        """(group id, process id) where people's drafts say Ignore for the group or one of its
        locations, unexpired at that moment: what they hold for legitimate there."""
        ...

    def seconds_a_process(self, at: datetime) -> float | None:
        """How long people worked on one process in the quarter of a year before; None = too few
        decisions that followed each other to tell."""
        ...


_registered: Coverage | None = None


def register(coverage: Coverage) -> None:
    """Called once, by the app that keeps decisions."""
    global _registered
    _registered = coverage


def registered() -> Coverage:
    """The implementation; an error tells that the app is missing from INSTALLED_APPS."""
    if _registered is None:
        raise LookupError("No coverage is registered: add exceptions_app to INSTALLED_APPS.")
    return _registered
