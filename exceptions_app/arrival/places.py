"""What is known of the places where a policy's processes are still detected, asked for at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exceptions_app.arrival.causes import PlaceFacts
from exceptions_app.arrival.shares import Share
from exceptions_app.models.arrival import ClientSerial
from exceptions_app.models.policy import Policy
from truscan.models.estate import Group, Location

if TYPE_CHECKING:
    from collections.abc import Iterable

    from exceptions_app.policies.effective import InForce


class Places:
    """Groups and locations that rows name, the policies in force there, and their clients."""

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
