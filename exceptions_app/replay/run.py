"""Replays of drafts, of one decision, of exceptions that end, and of the final switch."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from django.db import transaction

from exceptions_app.errors import BadValue
from exceptions_app.models.exception import ProcessException
from exceptions_app.policies.effective import groups_with, policies_in_force
from exceptions_app.policies.ordered import rules_of
from exceptions_app.replay import counted, query
from exceptions_app.replay.core import IGNORE, STOPS, Effect, Folded, Tally, fold
from exceptions_app.replay.rules import Rules, confirmed_bad, drafts, published
from exceptions_app.replay.touched import touched
from exceptions_app.triage.kin import kin_ids
from truscan.ingest.roll_up import rolled

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from exceptions_app.models.policy import Revision
    from exceptions_app.policies.effective import InForce

DAYS = 30
MOST_DAYS = 400
# So many processes are named; the sums hold all of them.
NAMED = 50


@dataclass(frozen=True, slots=True)
class Replay:
    """The effect on what was seen from `start` to `end` (UTC days, both included).

    `folded` is exact per day from the daily counts; `computers` and `users`, in all and by group,
    come from the stored presence and `processes`, how many meet another response, from the stored
    sightings: neither knows days or locations. `presence_at` tells of which moment, if
    it is not as of now. `let_through` are confirmed-bad processes (an active or published
    Quarantine or Terminate anywhere) that would not be stopped. `heard` is False if no row at all
    is stored for these groups and days: nothing is known then.
    """

    start: date
    end: date
    folded: Folded
    computers: int
    users: int
    computers_by_group: dict[int, int]
    users_by_group: dict[int, int]
    processes: int = 0
    changes: list[counted.ProcessRow] = field(default_factory=list)
    let_through: list[counted.ProcessRow] = field(default_factory=list)
    heard: bool = True
    presence_at: datetime | None = None

    def tally(self, what: Effect) -> Tally:
        return self.folded.total.get(what, Tally())


def window(days: int, now: datetime) -> tuple[date, date]:
    """First and last UTC day of the last `days` days; BadValue outside 1 to 400."""
    if not 1 <= days <= MOST_DAYS:
        raise BadValue(f"A replay is over 1 to {MOST_DAYS} days.")
    end = now.astimezone(UTC).date()
    return end - timedelta(days=days - 1), end


def replay_drafts(
    policy_ids: Collection[int],
    *,
    now: datetime,
    days: int = DAYS,
    groups: Collection[int] | None = None,
    without: Collection[int] = (),
) -> Replay:
    """What publishing these drafts would change; `groups` narrows it to what a person sees.

    `without` leaves out exceptions (ids): what their end does.
    """
    places = _places_of(policy_ids, groups)
    return _compare(
        places, published(policy_ids, now), drafts(policy_ids, now, without=without), now, days
    )


def replay_revision(
    revision: Revision,
    *,
    now: datetime,
    days: int = DAYS,
    groups: Collection[int] | None = None,
    without: Collection[int] = (),
) -> Replay:
    """What publishing this earlier revision's rules again would change.

    `without` are processes (ids) whose rules cannot stand again.
    """
    policy, gone = revision.policy_id, {*without, *(kin for _, kin in kin_ids(sorted(without)))}
    rules = rules_of({policy: revision}, now)[revision.pk]
    after = {policy: {process: word for process, word in rules if process not in gone}}
    return _compare(_places_of([policy], groups), published([policy], now), after, now, days)


def replay_end(
    exception_id: int,
    policy_id: int,
    *,
    now: datetime,
    days: int = DAYS,
    groups: Collection[int] | None = None,
) -> Replay:
    """What the end of one exception changes, all else being as the draft has it.

    Of one that has expired: what its end has changed since, with the draft as of just before it.
    """
    row = ProcessException.objects.filter(pk=exception_id).values_list("process_id", "expires_at")
    process, ends = row.get()
    at = ends - timedelta(seconds=1) if ends is not None and ends <= now else now
    own = {process, *(kin for _, kin in kin_ids([process]))}
    before = drafts([policy_id], at)
    after = drafts([policy_id], at, without=[exception_id])
    return _compare(_places_of([policy_id], groups), before, after, now, days, among=own)


def replay_decision(
    process_ids: Collection[int],
    policy_ids: Collection[int],
    response: str,
    *,
    now: datetime,
    days: int = DAYS,
    groups: Collection[int] | None = None,
) -> Replay:
    """What this response would change for these processes, against what is in force now."""
    own = set(process_ids)
    own |= {kin for _, kin in kin_ids(sorted(own))}
    before = {
        policy: {process: word for process, word in rules.items() if process in own}
        for policy, rules in published(policy_ids, now).items()
    }
    after = {policy: dict.fromkeys(own, response) for policy in policy_ids}
    return _compare(_places_of(policy_ids, groups), before, after, now, days, among=own)


def replay_switch(
    places: Sequence[tuple[int, int | None]],
    action: str,
    *,
    now: datetime,
    days: int = DAYS,
) -> Replay:
    """What the final switch would do: the scan's own action from Log to `action` (guide p. 79).

    `places` are (group, location), where None is every place of the group and 0 the group itself.
    Rules are those in force; whatever has none would be stopped. BadValue for an action other than
    quarantine or terminate.
    """
    if action not in STOPS:
        raise BadValue("The final switch goes to quarantine or terminate.")
    here = in_force_at(places)
    rules = published({row.policy_id for row in here if row.policy_id}, now)
    return _compare(here, rules, rules, now, days, becomes=action)


def in_force_at(places: Sequence[tuple[int, int | None]]) -> list[InForce]:
    """The policies of these places, given as `replay_switch` takes them."""
    whole = {group for group, location in places if location is None}
    wanted = set(places)
    return [
        row
        for row in policies_in_force(sorted({group for group, _ in places}))
        if row.group_id in whole or (row.group_id, row.location_id or 0) in wanted
    ]


def _places_of(policy_ids: Collection[int], groups: Collection[int] | None) -> list[InForce]:
    wanted = set(policy_ids)
    touched = groups_with(wanted)
    if groups is not None:
        touched = sorted(set(touched) & set(groups))
    return [row for row in policies_in_force(touched) if row.policy_id in wanted]


@transaction.atomic
def _compare(
    places: Sequence[InForce],
    before: Mapping[int, Rules],
    after: Mapping[int, Rules],
    now: datetime,
    days: int,
    *,
    among: Collection[int] | None = None,
    becomes: str = "",
) -> Replay:
    start, end = window(days, now)
    query.settle_plans()
    bad = confirmed_bad(None if among is None else sorted(among), now)
    given = query.asked(
        places, pairs_of(before, after, keep_same=bool(becomes)), start, end, becomes=becomes
    )
    days_counted = rolled(start, end)
    folded = fold(counted.strips(given, days_counted))
    computers, users = touched(given, "computer"), touched(given, "account")
    most, processes = query.most_seen(given, NAMED)
    named = set(most)
    if becomes:
        # The scan itself stops what has no rule.
        bad &= {pk for of in after.values() for pk, word in of.items() if word not in STOPS}
    # Of a bad process every rule matters, not only those that change.
    wanted = sorted(named | bad)
    full = query.asked(
        places, pairs_of(before, after, only=named | bad), start, end, becomes=becomes
    )
    rows = counted.processes(full, days_counted, wanted) if wanted else []
    return Replay(
        start,
        end,
        folded,
        computers.count,
        users.count,
        computers.by_group,
        users.by_group,
        processes,
        ordered(row for row in rows if row.process_id in named and row.before != row.after),
        ordered(row for row in rows if row.process_id in bad and row.after not in STOPS),
        heard=bool(folded.total) or query.is_heard(given),
        presence_at=min(filter(None, (computers.rolled_at, users.rolled_at)), default=None),
    )


def pairs_of(
    before: Mapping[int, Rules],
    after: Mapping[int, Rules],
    *,
    only: Collection[int] | None = None,
    keep_same: bool = False,
) -> dict[tuple[int, int], tuple[str, str]]:
    """Outcomes by (policy, process): those that differ, or all, or all of `only`."""
    pairs: dict[tuple[int, int], tuple[str, str]] = {}
    for policy in sorted({*before, *after}):
        was, becomes = before.get(policy, {}), after.get(policy, {})
        if was is becomes and only is None and keep_same:
            pairs |= {(policy, process): (word, word) for process, word in was.items()}
            continue
        processes = {*was, *becomes} if only is None else {*was, *becomes}.intersection(only)
        for process in sorted(processes):
            pair = was.get(process, ""), becomes.get(process, "")
            if keep_same or only is not None or pair[0] != pair[1]:
                pairs[policy, process] = pair
    return pairs


def ordered(rows: Iterable[counted.ProcessRow]) -> list[counted.ProcessRow]:
    """Ignore before merely logged, then by occurrences."""
    return sorted(rows, key=lambda r: (r.after != IGNORE, -r.occurrences, r.process_id))
