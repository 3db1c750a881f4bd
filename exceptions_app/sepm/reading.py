"""A server read into our books: groups, inheritance, locations, client numbers, serials."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone

from exceptions_app.arrival.record import ClientReading, GroupReading, record_serials
from exceptions_app.models.sepm import SepmServer
from exceptions_app.policies.cover import cover_groups
from exceptions_app.policies.effective import inheriting_from
from exceptions_app.policies.locks import own_tree
from exceptions_app.sepm.holding import Holding
from exceptions_app.sepm.job import actor_of, tell
from truscan import audit
from truscan.ingest.find_or_make import groups_of
from truscan.models.estate import Group, Location

if TYPE_CHECKING:
    from datetime import datetime

    from exceptions_app.models.sepm import SepmJob
    from exceptions_app.sepm.client import Client
    from exceptions_app.sepm.holding import SepmClient, SepmGroup

SOURCE = "SEPM REST"


def read(job: SepmJob, client: Client, now: datetime) -> dict[str, Any]:
    """Everything that SEPM tells of the server's domain; groups of other domains are counted."""
    held = Holding(client).read()
    wanted = job.server.domain.name_key
    mine = [g for g in held.groups.values() if g.path and g.domain.casefold() in ("", wanted)]
    locations: dict[str, list[str]] = {}
    for number, group in enumerate(mine):
        if not group.inherits:
            tell(job, f"Reading the locations of group {number + 1:,} of {len(mine):,}")
            locations[group.id] = list(held.locations(group).values())
    tell(job, "Reading clients")
    clients = held.clients()
    told = _land(job, mine, locations, clients, now)
    return told | {
        "groups": len(mine),
        "of_other_domains": len(held.groups) - len(mine),
        "clients": len(clients),
        "policies": len(held.policies),
    }


@transaction.atomic
def _land(
    job: SepmJob,
    mine: list[SepmGroup],
    locations: dict[str, list[str]],
    clients: list[SepmClient],
    now: datetime,
) -> dict[str, Any]:
    own_tree()
    domain_id = job.server.domain_id
    ids = groups_of({(domain_id, one.path) for one in mine})
    by_sepm_id = {one.id: ids[domain_id, one.key] for one in mine}
    changed = _set_inheritance(mine, by_sepm_id)
    made = _add_locations(by_sepm_id, locations)
    _count_clients(by_sepm_id, clients, now)
    touched = inheriting_from({*changed, *made})
    if touched:
        cover_groups(touched, now)
    SepmServer.objects.filter(pk=job.server_id).update(read_at=timezone.now())
    actor = actor_of(job)
    record_serials(
        actor=actor,
        read_at=now,
        source=SOURCE,
        groups=[GroupReading(by_sepm_id[one.id], one.serial) for one in mine],
        clients=[
            ClientReading(
                domain_id, one.name, by_sepm_id[one.group_id], one.serial, one.version,
                checked_in_at=one.checked_in_at,
            )
            for one in clients
            if one.group_id in by_sepm_id and one.name
        ],
        note=str(job.server),
    )  # fmt: skip
    told = {"inheritance_changed": len(changed), "locations_in": len(made)}
    audit.record("sepm.read", actor=actor, obj=job.server, after={"groups": len(mine), **told})
    return told


def _set_inheritance(mine: list[SepmGroup], ids: dict[str, int]) -> list[int]:
    """What SEPM says counts as known; what it does not say stays as it is. Ids that changed."""
    changed = []
    for value in (True, False):
        said = [ids[one.id] for one in mine if one.inherits is value]
        rows = Group.objects.filter(pk__in=said)
        # The top of a tree has nobody to inherit from, whatever is told.
        rows = rows.filter(parent__isnull=False) if value else rows
        rows = rows.exclude(inherits=value, inherits_known=True)
        found = list(rows.values_list("pk", flat=True))
        rows.filter(pk__in=found).update(inherits=value, inherits_known=True)
        changed += found
    return changed


def _add_locations(ids: dict[str, int], locations: dict[str, list[str]]) -> list[int]:
    """The groups that got a location that we did not know."""
    wanted = {
        (ids[group], name.casefold()): name[:256]
        for group, names in locations.items()
        for name in names
        if name.strip()
    }
    known = set(
        Location.objects.filter(group__in={pk for pk, _ in wanted}).values_list(
            "group_id", "name_key"
        )
    )
    new = sorted(key for key in wanted if key not in known)
    Location.objects.bulk_create(
        [Location(group_id=pk, name=wanted[pk, key], name_key=key[:256]) for pk, key in new],
        ignore_conflicts=True,
    )
    return sorted({pk for pk, _ in new})


def _count_clients(ids: dict[str, int], clients: list[SepmClient], now: datetime) -> None:
    """The list of clients is complete, so a group without one has none."""
    counts = Counter(ids[one.group_id] for one in clients if one.group_id in ids)
    by_number: dict[int, list[int]] = {}
    for pk in ids.values():
        by_number.setdefault(counts[pk], []).append(pk)
    for number, groups in by_number.items():
        Group.objects.filter(pk__in=groups).update(client_count=number, client_count_at=now)
