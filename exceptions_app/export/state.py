"""What an export depends on, cheap to ask: so that a poll finds out that nothing changed.

The bytes of an export follow from the places in force with their names, the revisions there (and
the one before each, for the change), the rules that have expired by now, the signing key, and this
program's way of writing. All but the last are in the key of a state; the last is RENDERING.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.core.cache import cache
from django.db.models import Count, Window
from django.db.models.functions import Lag

from exceptions_app.export import canonical
from exceptions_app.export.entry import PublishedSet
from exceptions_app.export.package import named_places, rows_of_group, rows_of_policy
from exceptions_app.models.policy import Revision, RevisionEntry
from exceptions_app.policies.signing import sign

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from exceptions_app.models.policy import Policy
    from exceptions_app.policies.effective import InForce
    from truscan.models.estate import Group, Location

# Raised with every change of the bytes that some target writes; a test holds it to the kept files.
RENDERING = 2
# What nobody polls for so long is rendered anew.
REMEMBERED_SECONDS = 7 * 86_400


@dataclass(frozen=True, slots=True)
class State:
    """`key` is equal for equal bytes; `revisions` are the rows that the export is made of."""

    key: str
    revisions: tuple[int, ...]

    def known_sha256(self) -> str | None:
        """The hash of the bytes, if they were rendered from this state before."""
        known: str | None = cache.get(f"export:{self.key}")
        return known

    def remember(self, sha256: str) -> None:
        cache.set(f"export:{self.key}", sha256, REMEMBERED_SECONDS)


def state_of_group(group: Group, location: Location | None, target: str, *, now: datetime) -> State:
    """Eight queries at most, whatever the number of rules; NotFound for a foreign location."""
    about = ["group", group.pk, group.domain.name, group.path, location.name if location else None]
    return _state([*about, target], rows_of_group(group, location), now)


def state_of_policy(policy: Policy, target: str, since: int | None, *, now: datetime) -> State:
    """As for a group; the earlier revision `since` is immutable, so its number is enough."""
    about = ["policy", policy.pk, since, target]
    return _state(about, rows_of_policy(policy), now, policy.pk)


def _state(
    about: list[object], rows: Sequence[InForce], now: datetime, policy_id: int | None = None
) -> State:
    wanted = {row.policy_id for row in rows if row.policy_id} | ({policy_id} - {None})
    newest = list(
        Revision.objects.filter(policy__in=wanted)
        .defer("canonical")
        .annotate(before=Window(Lag("sha256"), partition_by="policy_id", order_by="number"))
        .order_by("policy_id", "-number")
        .distinct("policy_id")
    )
    expired = dict(
        RevisionEntry.objects.filter(revision__in=newest, expires_at__lte=now)
        .values_list("revision")
        .annotate(n=Count("pk"))
        .order_by()
    )
    sets = {one.policy_id: PublishedSet("", one.number, one.sha256) for one in newest}
    places = [
        [p.domain, p.group, p.location, p.policy, p.revision, p.owner_group, p.inherited,
         p.inheritance_known]
        for p in named_places(rows, sets)
    ]  # fmt: skip
    revisions = [[one.pk, one.sha256, one.before, expired.get(one.pk, 0)] for one in newest]
    policies = sorted({(row.group_id, row.location_id or 0, row.policy_id or 0) for row in rows})
    told = [RENDERING, about, places, revisions, policies, sign("")[1]]
    return State(canonical.sha256(told), tuple(one.pk for one in newest))
