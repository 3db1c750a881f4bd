"""The order in which every act of this app takes its locks, so that two never deadlock.

1. the tree: shared by decisions and publishing, exclusive for assignments, inheritance, locations;
2. groups of an observation, in order of id;
3. policies, in order of id, all at once, before anything about them is checked;
4. the decision that is undone, or the request that is settled;
5. sightings, in order of (process, group), as imports take them;
6. watches, in order of id;
7. the ledger, last.
An import holds sightings before it asks anything here, so it takes none of 1 to 4 in its own
transaction; what it missed of a decision made at the same moment is settled after its commit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import connection

from exceptions_app.errors import NotFound
from exceptions_app.models.policy import Policy
from truscan.models.estate import Group

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

TREE = 0x7472_6565  # one number for one purpose: who changes where policies hold


def share_tree() -> None:
    """Keep policies where they are until the end of the transaction."""
    _advisory("SELECT pg_advisory_xact_lock_shared(%s)")


def own_tree() -> None:
    """Be the only one to move policies; waits for decisions that are being written."""
    _advisory("SELECT pg_advisory_xact_lock(%s)")


def _advisory(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, [TREE])


def lock_groups(group_ids: Iterable[int]) -> None:
    rows = Group.objects.select_for_update(no_key=True).filter(pk__in=set(group_ids))
    list(rows.order_by("pk").values_list("pk", flat=True))


def lock_policies(policy_ids: Iterable[int]) -> dict[int, Policy]:
    """The policies as they are now; NotFound if one was deleted meanwhile."""
    wanted = set(policy_ids)
    rows = Policy.objects.select_for_update(no_key=True).filter(pk__in=wanted).order_by("pk")
    locked = {policy.pk: policy for policy in rows}
    if len(locked) < len(wanted):
        raise NotFound("A policy was deleted meanwhile: reload the page and choose again.")
    return locked


def lock_sightings(process_ids: Sequence[int], group_ids: Sequence[int]) -> None:
    """Sightings of these processes in these groups, in the order that imports take them."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM (SELECT 1 FROM truscan_sighting"
            " WHERE process_id = ANY(%s) AND group_id = ANY(%s)"
            " ORDER BY process_id, group_id FOR NO KEY UPDATE) locked",
            [list(process_ids), list(group_ids)],
        )


def lock_process_sightings(process_ids: Sequence[int]) -> None:
    """All sightings of these processes, in the order that imports take them."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM (SELECT 1 FROM truscan_sighting WHERE process_id = ANY(%s)"
            " ORDER BY process_id, group_id FOR NO KEY UPDATE) locked",
            [list(process_ids)],
        )


def lock_sighting_ids(sighting_ids: Sequence[int], process_ids: Sequence[int] = ()) -> None:
    """These sightings, and all of these processes, in the order that imports take them."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM (SELECT 1 FROM truscan_sighting"
            " WHERE id = ANY(%s) OR process_id = ANY(%s)"
            " ORDER BY process_id, group_id FOR NO KEY UPDATE) locked",
            [list(sighting_ids), list(process_ids)],
        )
