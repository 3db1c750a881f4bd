"""What the detection side may ask of decisions: the implementation of `truscan.coverage`."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from django.db import transaction

from exceptions_app.policies.cover import cover_sightings, coverable, wait_for_decisions
from exceptions_app.policies.locks import lock_sighting_ids
from exceptions_app.policies.ordered import responses_ordered
from exceptions_app.policies.ramp_facts import ignored_in, ramp_facts
from exceptions_app.policies.work_time import seconds_a_process
from exceptions_app.replay.core import IGNORE, Effect, Tally
from exceptions_app.replay.run import replay_switch
from exceptions_app.triage.observed import (
    observable,
    refresh_processes,
    refresh_sightings,
)
from exceptions_app.triage.renewals import find_renewals
from exceptions_app.triage.tripwires import trip
from truscan.coverage import SwitchReplay

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from truscan.coverage import RampFacts, ResponseInForce


class Decided:
    """Coverage as the drafts, revisions and watches of this app tell it."""

    def responses_in_force(self, group_ids: Sequence[int], at: datetime) -> list[ResponseInForce]:
        """What the latest revisions published by then order, unexpired at that moment."""
        return responses_ordered(group_ids, at)

    def after_fold(self, sighting_ids: Sequence[int], now: datetime) -> None:
        """Cover and observe the sightings of an import, and bring back what touched a tripwire.

        Runs in the import's transaction, which holds these sightings; a decision that is written
        at the same moment cannot see them yet, so they are settled once more after the commit.
        """
        if not sighting_ids:
            return
        ids = list(sighting_ids)
        back = trip(ids, now)
        covered = cover_sightings(coverable(ids), now)
        refresh_sightings(observable(ids))
        find_renewals(ids, now)
        transaction.on_commit(partial(settle, ids, now, covered=covered, returned=sorted(back)))

    def ramp_facts(self, group_ids: Sequence[int], start: datetime, end: datetime) -> RampFacts:
        """Open and covered work, decision times, false quarantines; None = not known."""
        return ramp_facts(group_ids, start, end)

    def replay_switch(
        self, places: Sequence[tuple[int, int | None]], action: str, now: datetime, days: int
    ) -> SwitchReplay:
        """The last days with the scan's action at "quarantine" or "terminate" instead of Log."""
        done = replay_switch(places, action, now=now, days=days)
        stopped = done.tally(Effect.STOPPED)
        return SwitchReplay(
            start=done.start,
            end=done.end,
            is_known=done.heard,
            stopped_rows=stopped.rows,
            stopped_occurrences=stopped.occurrences,
            ignored_occurrences=done.folded.outcomes.get(IGNORE, Tally()).occurrences,
            computers=done.computers,
            users=done.users,
            stopped_by_group={
                pk: effects.get(Effect.STOPPED, Tally()).occurrences
                for pk, effects in sorted(done.folded.groups.items())
            },
            let_through=[row.process_id for row in done.let_through],
        )

    def ignored_in(self, group_ids: Sequence[int], at: datetime) -> list[tuple[int, int]]:
        """(group id, process id) pairs that drafts ignore there."""
        return ignored_in(group_ids, at)

    def seconds_a_process(self, at: datetime) -> float | None:
        """From the gaps between decisions of one person."""
        return seconds_a_process(at)


@transaction.atomic
def settle(
    sighting_ids: Sequence[int],
    now: datetime,
    *,
    covered: Sequence[int] = (),
    returned: Sequence[int] = (),
) -> None:
    """Look again at an import's sightings, now that decisions see them.

    `covered` are those that the import covered, by an exception that may be gone meanwhile;
    `returned` processes whose watch it ended, which come back in the groups that it did not touch
    too. Safe to run twice.
    """
    wait_for_decisions(sighting_ids)
    cover = sorted({*covered, *coverable(sighting_ids)})
    observe = observable(sighting_ids)
    lock_sighting_ids([*cover, *observe], returned)
    cover_sightings(cover, now)
    refresh_sightings(observe)
    if returned:
        refresh_processes(returned)
