"""What lint has to know of a policy, gathered in a fixed number of queries."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from django.db import connection
from django.db.models import Count

from exceptions_app.models.exception import ProcessException
from exceptions_app.policies.draft import KINDS
from exceptions_app.policies.effective import groups_with, policies_in_force
from exceptions_app.policies.known_programs import protect_list, protecting, scripting_hosts
from exceptions_app.policies.lint import BESIDE, STOPS, PolicyFacts, RuleFacts
from exceptions_app.policies.lint_settings import lint_settings
from exceptions_app.triage.kin import linked_to
from truscan.models.counts import ProcessSummary, Sighting
from truscan.models.estate import Computer, Group, Location
from truscan.models.process import Appearance

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from exceptions_app.models.policy import Policy
    from truscan.models.process import Process

# Generic paths where a user without rights may put a file: his profile, shared folders, what
# programs of all users write, folders beside the system's own, other drives (a log does not tell
# which of them can be removed), shares. Windows gives users that right in %PROGRAMDATA% and C:\.
WRITABLE = (
    r"^(%USERPROFILE%|%PUBLIC%|%PROGRAMDATA%|%DRIVE%|%HOME%|%SYSTEMDRIVE%|%WINDIR%\\Temp\\"
    r"|\\\\|/tmp/|/var/tmp/)"
)
# The groups above and below, whether they inherit or not.
AROUND = """
WITH RECURSIVE
down(id) AS (
    SELECT id FROM truscan_group WHERE id = ANY(%(groups)s)
    UNION SELECT g.id FROM truscan_group g JOIN down ON g.parent_id = down.id),
up(id, parent_id) AS (
    SELECT id, parent_id FROM truscan_group WHERE id = ANY(%(groups)s)
    UNION SELECT g.id, g.parent_id FROM truscan_group g JOIN up ON g.id = up.parent_id)
SELECT id, 'below' FROM down WHERE id <> ALL(%(groups)s)
UNION ALL SELECT id, 'above' FROM up WHERE id <> ALL(%(groups)s)
ORDER BY 1
"""
ON_COMPUTERS = """
SELECT process_id, count(DISTINCT computer_id) FROM truscan_presence
WHERE process_id = ANY(%s) AND group_id = ANY(%s) GROUP BY process_id
"""
Elsewhere = dict[int, list[tuple[str, str, str, str]]]


def policy_facts(
    policy: Policy, now: datetime, proposed: Sequence[ProcessException] | None = None
) -> PolicyFacts:
    """The draft as lint reads it, expired exceptions included; about twenty queries in all.

    With `proposed`, rows that need not be stored, these are read instead of the draft's.
    """
    rows = _drafted(policy) if proposed is None else proposed
    ids = [row.process_id for row in rows]
    groups, kin = groups_with([policy.pk]), linked_to(ids)
    settings, computers = lint_settings(), _computers(groups)
    seen, appearances = _seen(ids, groups), _appearances(ids)
    stopped = [row.process_id for row in rows if row.response in STOPS]
    wide = _wide(stopped, groups, computers * settings.wide_percent / 100)
    protected, hosts = defaultdict(list), scripting_hosts()
    for one in protect_list():
        protected[one.name].append(one)
    elsewhere = _elsewhere(policy, groups, ids, kin)

    def facts(row: ProcessException) -> RuleFacts:
        process, others = row.process, kin.get(row.process_id, [])
        known = appearances.get(row.process_id) or [(process.name, process.generic_path, False)]
        pairs = sorted({(process.name, process.generic_path), *((n, p) for n, p, _ in known)})
        found = protecting(protected, pairs)
        return RuleFacts(
            exception_id=row.pk or 0,
            process_id=row.process_id,
            name=process.name,
            path=process.generic_path,
            response=row.response,
            hash_kinds=frozenset(_kinds([process, *others])),
            kin=frozenset(other.pk for other in others),
            expires_at=row.expires_at,
            signer=process.signer or next((o.signer for o in others if o.signer), ""),
            on_symantec_list=process.on_symantec_list,
            is_scripting_host=any(name.casefold() in hosts for name, _ in pairs),
            writable=tuple(sorted({path for _, path, is_writable in known if is_writable})),
            groups_seen=seen.get(row.process_id, 0),
            wide=wide.get(row.process_id),
            protected=f"{found.why} ({found.folder}{found.name})" if found else "",
            elsewhere=tuple(elsewhere.get(row.process_id, ())),
        )

    return PolicyFacts(
        name=policy.name,
        groups=len(groups),
        computers=computers,
        evidence_percent=settings.evidence_percent,
        now=now,
        rules=tuple(map(facts, rows)),
    )


def _drafted(policy: Policy) -> list[ProcessException]:
    return list(
        ProcessException.objects.filter(policy=policy, retired_at=None)
        .select_related("process")
        .order_by("pk")
        .defer("evidence", "reason")
    )


def _kinds(processes: Iterable[Process]) -> list[str]:
    return [KINDS.get(len(process.hash), "hash") for process in processes if process.has_hash]


def _computers(groups: Sequence[int]) -> int:
    """Computers that logs named in these groups; clients that were never heard of are unknown."""
    return Computer.objects.filter(group__in=groups).exclude(name_key="").count()


def _seen(ids: Sequence[int], groups: Sequence[int]) -> dict[int, int]:
    """In how many of the groups each process was seen."""
    rows = Sighting.objects.filter(process__in=ids, group__in=groups, occurrences__gt=0)
    return dict(rows.order_by().values_list("process").annotate(n=Count("pk")))


def _appearances(ids: Sequence[int]) -> dict[int, list[tuple[str, str, bool]]]:
    """(name, path, whether users may write there) under which each process was seen."""
    found: dict[int, list[tuple[str, str, bool]]] = defaultdict(list)
    rows = Appearance.objects.filter(process__in=ids).order_by("process", "pk")
    writable = set(
        rows.filter(generic_path__iregex=WRITABLE).order_by().values_list("pk", flat=True)
    )
    for pk, process, name, path in rows.values_list("pk", "process", "name", "generic_path"):
        found[process].append((name, path, pk in writable))
    return found


def _wide(stopped: Sequence[int], groups: Sequence[int], most: float) -> dict[int, int]:
    """Those on more computers of the groups than `most`.

    The kept number of all computers is never smaller than that of some groups, so the exact count
    is made for the few that may be over only.
    """
    rows = ProcessSummary.objects.filter(process__in=stopped, computers__gt=most)
    maybe = list(rows.order_by().values_list("process", flat=True))
    if not maybe or not groups:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(ON_COMPUTERS, [maybe, list(groups)])
        return {process: count for process, count in cursor.fetchall() if count > most}


def _elsewhere(
    policy: Policy, groups: Sequence[int], ids: Sequence[int], kin: Mapping[int, Sequence[Process]]
) -> Elsewhere:
    """Exceptions for the same files by policies of the groups above and below, and by those of
    other locations of the policy's own groups."""
    if not groups:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(AROUND, {"groups": list(groups)})
        side = dict(cursor.fetchall())
    where = _neighbours(policy, side | dict.fromkeys(groups, BESIDE))
    of_file: dict[int, set[int]] = defaultdict(set)
    for pk in ids:
        for seen in (pk, *(other.pk for other in kin.get(pk, ()))):
            of_file[seen].add(pk)
    found: Elsewhere = defaultdict(list)
    others: Any = ProcessException.objects.filter(
        policy__in=where, process__in=list(of_file), retired_at=None
    )
    for process, response, pk, name in others.order_by("policy__name", "pk").values_list(
        "process", "response", "policy", "policy__name"
    ):
        for mine in sorted(of_file[process]):
            found[mine] += [(response, name, *place) for place in where[pk]]
    return found


def _neighbours(policy: Policy, side: Mapping[int, str]) -> dict[int, list[tuple[str, str]]]:
    """The other policies in force in these groups: for each the first (place, side) of a side."""
    places = [
        place for place in policies_in_force(list(side)) if place.policy_id not in (None, policy.pk)
    ]
    paths = dict(Group.objects.filter(pk__in=side).values_list("pk", "path"))
    ids = {place.location_id for place in places if place.location_id is not None}
    names = dict(Location.objects.filter(pk__in=ids).values_list("pk", "name"))
    first: dict[tuple[int, str], str] = {}
    for place in places:
        text = paths[place.group_id]
        if place.location_id is not None:
            text += f", location {names[place.location_id]}"
        first.setdefault((place.policy_id or 0, side[place.group_id]), text)
    where: dict[int, list[tuple[str, str]]] = defaultdict(list)
    for (policy_id, on_side), text in first.items():
        where[policy_id].append((text, on_side))
    return where
