"""Whether an exception takes effect: detections of its process should stop once it arrived.

Only Ignore silences a process; Quarantine and Terminate go on being detected by design and are not
judged. Counts are those of whole UTC days.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import connection
from django.db.models import Max, Q

from exceptions_app.arrival.causes import Cause, PlaceFacts, likely_causes
from exceptions_app.arrival.shares import Share, shares
from exceptions_app.models.arrival import ClientSerial
from exceptions_app.models.policy import Policy, Response, Revision, RevisionEntry
from exceptions_app.policies.effective import InForce, policies_in_force
from truscan.access.scope import subtree
from truscan.models.detection import EventType
from truscan.models.estate import Computer, Group, Location
from truscan.models.process import Process

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from datetime import datetime

WINDOW_DAYS = 30
MOST = 100
MOST_PLACES = 20

# `since` is the first revision from which on every one had the rule. The day after it and the
# heartbeat is the first that counts. A process that the client allows is no failure.
STILL = """
WITH entry AS MATERIALIZED (
    SELECT process_id FROM exceptions_app_revisionentry
    WHERE revision_id = %(revision)s AND response = %(ignore)s
        AND (expires_at IS NULL OR expires_at > %(now)s)),
recent AS MATERIALIZED (
    SELECT d.process_id, d.group_id, d.location_id, d.day,
        sum(d.rows) AS rows, sum(d.occurrences) AS occurrences
    FROM entry e JOIN truscan_dailycount d ON d.process_id = e.process_id
    WHERE d.day >= %(first)s AND d.group_id = ANY(%(groups)s) AND d.event_type <> %(allowed)s
    GROUP BY 1, 2, 3, 4),
since AS MATERIALIZED (
    SELECT p.process_id, (
        SELECT min(r.published_at) FROM exceptions_app_revision r
        WHERE r.policy_id = %(policy)s AND r.number > coalesce((
            SELECT max(o.number) FROM exceptions_app_revision o
            WHERE o.policy_id = %(policy)s AND NOT EXISTS (
                SELECT 1 FROM exceptions_app_revisionentry x
                WHERE x.revision_id = o.id AND x.process_id = p.process_id
                    AND x.response = %(ignore)s)), 0)) AS at
    FROM (SELECT DISTINCT process_id FROM recent) p)
SELECT r.process_id, s.at, r.group_id, r.location_id, sum(r.rows)::bigint,
    sum(r.occurrences)::bigint, max(r.day)
FROM recent r JOIN since s ON s.process_id = r.process_id
WHERE r.day > ((s.at + %(heartbeat)s * interval '1 hour') AT TIME ZONE 'UTC')::date
GROUP BY 1, 2, 3, 4
ORDER BY 6 DESC, 1, 3, 4
"""


@dataclass(frozen=True, slots=True)
class StillPlace:
    """Where the process is still detected: group, location ("" = not told), and likely causes."""

    group: Group
    location: str
    rows: int
    occurrences: int
    last_on: Any
    causes: tuple[Cause, ...]


@dataclass(frozen=True, slots=True)
class Still:
    """An Ignore exception that does not take effect; `since` it was published."""

    process: Process
    since: datetime
    occurrences: int
    places: tuple[StillPlace, ...]
    more_places: int


@dataclass(frozen=True, slots=True)
class PolicyEffect:
    """The judgement of a policy over some groups.

    `judged_from` is when the newest revision is old enough; `heard_at` when a log last named a
    computer there: without a word since then nothing is proven. `not_judged` rules are Quarantine
    or Terminate.
    """

    revision: Revision | None
    judged_from: datetime | None
    heard_at: datetime | None
    shares: tuple[Share, ...]
    still: tuple[Still, ...] = ()
    more: int = 0
    not_judged: int = 0

    @property
    def is_proven(self) -> bool:
        """True if logs spoke after the heartbeat: only then no detections mean anything."""
        return bool(self.judged_from and self.heard_at and self.heard_at >= self.judged_from)


def heartbeat() -> timedelta:
    return timedelta(hours=settings.ARRIVAL_HEARTBEAT_HOURS)


def effect_of(policy: Policy, groups: Collection[int] | None, now: datetime) -> PolicyEffect:
    """The policy's effect in those of its groups that are among `groups` (None = all).

    Looked at are the groups that it is assigned to and all below them, also those that do not
    inherit: people expect it there. A fixed number of queries.
    """
    below = _below(policy)
    seen = sorted(below if groups is None else below & set(groups))
    in_force = policies_in_force(seen)
    ours = sorted({row.group_id for row in in_force if row.policy_id == policy.pk})
    known = shares(ours, now)
    revision = policy.revisions.order_by("-number").first()
    if revision is None:
        return PolicyEffect(None, None, None, tuple(known))
    heard = Computer.objects.filter(group__in=ours).aggregate(at=Max("last_heard_at"))["at"]
    rows = _rows(policy, revision, seen, now)
    shown = list(dict.fromkeys(row[0] for row in rows))
    facts = _Facts(policy, in_force, known, {row[2] for row in rows}, {row[3] for row in rows})
    return PolicyEffect(
        revision,
        revision.published_at + heartbeat(),
        heard,
        tuple(known),
        tuple(_stills(shown[:MOST], rows, revision, facts)),
        max(len(shown) - MOST, 0),
        revision.entries.exclude(response=Response.IGNORE).count(),
    )


def _below(policy: Policy) -> set[int]:
    """The groups that the policy is assigned to, and all below them."""
    tops = Group.objects.filter(policy_assignments__policy=policy).distinct()
    where = Q(pk__in=[])
    for domain_id, path_key in tops.order_by().values_list("domain_id", "path_key"):
        where |= subtree(path_key, domain_id)
    return set(Group.objects.filter(where).order_by().values_list("pk", flat=True))


def _rows(policy: Policy, revision: Revision, groups: list[int], now: datetime) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(
            STILL,
            {
                "revision": revision.pk,
                "policy": policy.pk,
                "ignore": Response.IGNORE.value,
                "now": now,
                "first": (now - timedelta(days=WINDOW_DAYS)).date(),
                "groups": groups,
                "allowed": EventType.ALLOWED.value,
                "heartbeat": settings.ARRIVAL_HEARTBEAT_HOURS,
            },
        )
        return list(cursor.fetchall())


class _Facts:
    """What is known of the places that rows name, asked once for all."""

    def __init__(
        self,
        policy: Policy,
        in_force: Iterable[InForce],
        known: Iterable[Share],
        groups: set[int],
        locations: set[int | None],
    ) -> None:
        self._ours = policy.pk
        self._policy = {(row.group_id, row.location_id): row.policy_id for row in in_force}
        self._shares = {share.group.pk: share for share in known if share.group}
        self.groups = Group.objects.in_bulk(groups)
        self.locations = dict(
            Location.objects.filter(pk__in=[pk for pk in locations if pk]).values_list("pk", "name")
        )
        held = {self._at(pk, place) for pk in groups for place in (None, *locations)}
        self._names = dict(
            Policy.objects.filter(pk__in=[pk for pk in held if pk]).values_list("pk", "name")
        )
        self._versions: dict[int, list[str]] = {}
        versions = ClientSerial.objects.filter(group__in=groups).order_by("agent_version")
        for pk, version in versions.values_list("group_id", "agent_version").distinct():
            self._versions.setdefault(pk, []).append(version)

    def _at(self, group_id: int, location_id: int | None) -> int | None:
        place = (group_id, location_id)
        return self._policy.get(place if place in self._policy else (group_id, None))

    def of(self, group_id: int, location_id: int | None) -> PlaceFacts:
        here = self._at(group_id, location_id)
        share = self._shares.get(group_id) or Share(None)
        return PlaceFacts(
            policy=self._names.get(here or 0, ""),
            is_ours=here == self._ours,
            group_has_ours=self._at(group_id, None) == self._ours,
            versions=self._versions.get(group_id, ()),
            serial_at=share.serial_at,
            behind=share.behind,
            silent=share.silent,
            unknown=share.unknown,
        )


def _stills(
    shown: Sequence[int], rows: Sequence[Any], revision: Revision, facts: _Facts
) -> Iterable[Still]:
    processes = Process.objects.in_bulk(shown)
    entries = RevisionEntry.objects.filter(revision=revision, process__in=shown)
    hashes = dict(entries.values_list("process_id", "hashes"))
    for pk in shown:
        mine = [row for row in rows if row[0] == pk]
        since = mine[0][1]
        places = tuple(
            StillPlace(
                facts.groups[group_id], facts.locations.get(location_id, ""), count, occurrences,
                last_on, likely_causes(facts.of(group_id, location_id), hashes[pk], since),
            )
            for _, _, group_id, location_id, count, occurrences, last_on in mine[:MOST_PLACES]
        )  # fmt: skip
        total = sum(row[5] for row in mine)
        yield Still(processes[pk], since, total, places, max(len(mine) - MOST_PLACES, 0))
