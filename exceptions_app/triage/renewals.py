"""New builds of decided processes: found at import, read with what changed, taken by one act.

A build is new if its name and generic path are those of a process with an exception that stands,
folders that are named for a version counting as the same. Who publishes it is not asked here:
that it is another is the first thing that a person must see.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.db import connection
from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from exceptions_app.evidence.builds import VERSION
from exceptions_app.models.exception import ProcessException
from exceptions_app.models.policy import Policy
from exceptions_app.models.renewal import Renewal
from exceptions_app.suggest.location import WRITABLE, location_of
from exceptions_app.triage.changes import BuildFacts, Change, Flag, changes, flags
from truscan.access.scope import groups_held
from truscan.models.counts import ProcessSummary
from truscan.models.presence import Presence
from truscan.models.process import FileFacts

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from django.contrib.auth.models import User

    from truscan.access.scope import Groups
    from truscan.models.process import Process

# A process that is known for longer is no arrival, and an import looks at it no more.
FIND = """
WITH fresh AS MATERIALIZED (
    SELECT p.id, p.signer, p.company_name, y.sort_name,
        regexp_replace(lower(p.generic_path), %(version)s, '#', 'g') AS path
    FROM truscan_process p JOIN truscan_processsummary y ON y.process_id = p.id
    WHERE p.id IN (SELECT s.process_id FROM truscan_sighting s
            WHERE s.id = ANY(%(ids)s) AND s.candidate_occurrences > 0)
        AND p.created_at > %(now)s::timestamptz - interval '7 days' AND p.hash <> ''
        AND NOT p.on_symantec_list AND y.sort_name <> ''
        AND NOT EXISTS (SELECT 1 FROM exceptions_app_renewal r WHERE r.process_id = p.id)
        AND NOT EXISTS (SELECT 1 FROM exceptions_app_decisionitem i WHERE i.process_id = p.id)),
known AS MATERIALIZED (
    SELECT p.id, p.signer, p.company_name, y.sort_name, y.last_at,
        regexp_replace(lower(p.generic_path), %(version)s, '#', 'g') AS path
    FROM truscan_processsummary y JOIN truscan_process p ON p.id = y.process_id
    WHERE y.sort_name IN (SELECT sort_name FROM fresh) AND p.hash <> '' AND EXISTS (
        SELECT 1 FROM exceptions_app_processexception e
        WHERE e.process_id = p.id AND e.retired_at IS NULL
            AND (e.expires_at IS NULL OR e.expires_at > %(now)s)))
INSERT INTO exceptions_app_renewal (process_id, predecessor_id, found_at)
SELECT DISTINCT ON (f.id) f.id, k.id, %(now)s::timestamptz
FROM fresh f JOIN known k ON k.sort_name = f.sort_name AND k.path = f.path AND k.id <> f.id
ORDER BY f.id, k.signer = f.signer DESC, k.company_name = f.company_name DESC,
    k.last_at DESC, k.id DESC
ON CONFLICT DO NOTHING
"""


def find_renewals(sighting_ids: Sequence[int], now: datetime) -> int:
    """Note which processes of an import's sightings are new builds; how many. One statement."""
    if not ProcessException.objects.filter(retired_at=None).exists():
        return 0
    with connection.cursor() as cursor:
        cursor.execute(FIND, {"ids": list(sighting_ids), "now": now, "version": VERSION})
        return int(cursor.rowcount)


def standing(now: datetime) -> QuerySet[ProcessException]:
    """Exceptions of drafts that have not expired."""
    rows = ProcessException.objects.filter(retired_at=None)
    return rows.filter(Q(expires_at=None) | Q(expires_at__gt=now))


def asking(now: datetime) -> QuerySet[Renewal]:
    """Renewals whose predecessor has an exception now; open or not is asked of sightings."""
    return Renewal.objects.filter(Exists(standing(now).filter(process=OuterRef("predecessor"))))


@dataclass(slots=True)
class Proposal:
    """A new build, the one before, what the person's policies say of that, and what changed."""

    process: Process
    predecessor: Process
    exceptions: list[ProcessException]
    found_at: datetime
    changes: list[Change] = field(default_factory=list)
    flags: list[Flag] = field(default_factory=list)

    @property
    def needs_person(self) -> bool:
        return any(flag.needs_person for flag in self.flags)


def proposals(user: User, process_ids: Sequence[int], now: datetime) -> list[Proposal]:
    """The renewals of these processes as far as the person's policies decided the build before.

    In the order of the ids; five or six queries for any number of them.
    """
    rows = {
        row.process_id: row
        for row in asking(now)
        .filter(process__in=process_ids)
        .select_related("process", "predecessor")
    }
    if not rows:
        return []
    mine = standing(now).filter(policy__in=Policy.objects.all().visible_to(user))
    mine = mine.filter(process__in={row.predecessor_id for row in rows.values()})
    by_process: dict[int, list[ProcessException]] = {}
    for exception in mine.select_related("policy").defer("evidence").order_by("policy__name"):
        by_process.setdefault(exception.process_id, []).append(exception)
    both = [p for row in rows.values() for p in (row.process, row.predecessor)]
    facts = _facts(both, groups_held(user))
    told = []
    for pk in process_ids:
        row = rows.get(pk)
        if row is None or row.predecessor_id not in by_process:
            continue
        pair = facts[row.predecessor_id], facts[row.process_id]
        told.append(
            Proposal(
                row.process, row.predecessor, by_process[row.predecessor_id], row.found_at,
                changes(*pair), flags(*pair),
            )
        )  # fmt: skip
    return told


def _facts(processes: Sequence[Process], groups: Groups) -> dict[int, BuildFacts]:
    ids = {process.pk for process in processes}
    sums = ProcessSummary.objects.filter(process__in=ids).order_by()
    seen = {pk: row for pk, *row in sums.values_list("process", "risk_class", "computers")}
    if groups is not None:
        # Of other people's groups not even a number is told.
        own = Presence.objects.filter(process__in=ids, group__in=groups).values("process")
        counted = own.annotate(n=Count("computer", distinct=True)).order_by()
        known = dict(counted.values_list("process", "n"))
        seen = {pk: [risk_class, known.get(pk, 0)] for pk, (risk_class, _) in seen.items()}
    columns = ("disposition", "prevalence", "confidence")
    newest = FileFacts.objects.filter(process__in=ids).order_by("process", "-pk")
    said = {row["process"]: row for row in newest.distinct("process").values("process", *columns)}
    return {p.pk: _fact(p, seen.get(p.pk, ["", 0]), said.get(p.pk, {})) for p in processes}


def _fact(process: Process, seen: list[Any], said: dict[str, Any]) -> BuildFacts:
    return BuildFacts(
        hash=process.hash,
        version=process.application_version,
        signer=process.signer,
        company=process.company_name,
        application=process.application_name,
        application_type=process.application_type,
        path=process.generic_path,
        size=process.file_size,
        risk_class=seen[0],
        computers=seen[1],
        is_writable=location_of(process.generic_path) in WRITABLE,
        disposition=said.get("disposition") or "",
        prevalence=said.get("prevalence") or "",
        confidence=said.get("confidence") or "",
    )
