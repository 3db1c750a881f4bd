"""What a SEPM server holds, read into plain values: groups, locations, policies, clients."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from exceptions_app.sepm.client import object_id
from exceptions_app.sepm.errors import OddAnswer

if TYPE_CHECKING:
    from exceptions_app.sepm.client import Client

_DOUBLED = re.compile(r"\\+")
# Observed: "Default:api/v1/locations/60B5...", one text or a list of them.
_LOCATION = re.compile(r"(?P<name>.*):(?:/?sepm/)?/?api/v\d+/locations/(?P<id>[0-9A-Fa-f]{32})\Z")


@dataclass(frozen=True, slots=True)
class SepmGroup:
    """`inherits` None: SEPM did not say. `path` has single backslashes."""

    id: str
    path: str
    domain: str
    inherits: bool | None
    default_location: str
    serial: str

    @property
    def key(self) -> str:
        return self.path.casefold()


@dataclass(frozen=True, slots=True)
class PolicyHead:
    """`places` are (group id, location id) where it is assigned; `groups` the ids alone."""

    id: str
    name: str
    description: str
    is_on: bool
    places: frozenset[tuple[str, str]]

    @property
    def groups(self) -> set[str]:
        return {group for group, _ in self.places}


@dataclass(frozen=True, slots=True)
class SepmClient:
    name: str
    group_id: str
    serial: str
    version: str
    checked_in_at: datetime | None


@dataclass(slots=True)
class Holding:
    """Read once per job; `policies` anew after each change."""

    client: Client
    groups: dict[str, SepmGroup] = field(default_factory=dict)
    policies: dict[str, PolicyHead] = field(default_factory=dict)
    _locations: dict[str, dict[str, str]] = field(default_factory=dict)

    def read(self) -> Holding:
        self.groups = {one.id: one for one in map(_group, self.client.pages("v1/groups"))}
        self.read_policies()
        return self

    def read_policies(self) -> None:
        rows = self.client.pages("v1/policies/summary/exceptions")
        self.policies = {one.id: one for one in map(_head, rows)}

    def group_at(self, path: str) -> SepmGroup | None:
        key = path.casefold()
        return next((one for one in self.groups.values() if one.key == key), None)

    def named(self, name: str) -> PolicyHead | None:
        """SEPM's policy of that name, without regard to case."""
        key = name.casefold()
        return next((one for one in self.policies.values() if one.name.casefold() == key), None)

    def locations(self, group: SepmGroup) -> dict[str, str]:
        """Id to name of the group's locations; the default one is always among them."""
        if group.id not in self._locations:
            told = self.client.get(f"v1/groups/{group.id}/locations", hasName="true")
            found = dict(_location(text) for text in _texts(told))
            if group.default_location:
                found.setdefault(group.default_location, "Default")
            self._locations[group.id] = found
        return self._locations[group.id]

    def assigned_at(self, group_id: str, location_id: str) -> PolicyHead | None:
        at = (group_id, location_id)
        return next((one for one in self.policies.values() if at in one.places), None)

    def clients(self) -> list[SepmClient]:
        return [_client(row) for row in self.client.pages("v1/computers") if not row.get("deleted")]


def _group(row: dict[str, Any]) -> SepmGroup:
    inherits = row.get("policyInheritanceEnabled")
    default = row.get("defaultLocationId")
    return SepmGroup(
        object_id(row.get("id"), "a group"),
        _DOUBLED.sub(r"\\", str(row.get("fullPathName") or "")).strip("\\"),
        str((row.get("domain") or {}).get("name") or ""),
        inherits if isinstance(inherits, bool) else None,
        object_id(default, "a location") if default else "",
        str(row.get("policySerialNumber") or ""),
    )


def _head(row: dict[str, Any]) -> PolicyHead:
    places = set()
    for place in row.get("assignedtolocations") or []:
        group = object_id(place.get("groupId"), "a group")
        places |= {(group, object_id(one, "a location")) for one in place.get("locationIds") or []}
    return PolicyHead(
        object_id(row.get("id"), "a policy"),
        str(row.get("name") or ""),
        str(row.get("desc") or ""),
        row.get("enabled") is not False,
        frozenset(places),
    )


def _texts(told: Any) -> list[str]:
    rows = list(told.values()) if isinstance(told, dict) else told
    rows = [rows] if isinstance(rows, str) else rows
    if not isinstance(rows, list) or not all(isinstance(row, str) for row in rows):
        raise OddAnswer("SEPM answered with something that is no list of locations.")
    return rows


def _location(text: str) -> tuple[str, str]:
    match = _LOCATION.match(text)
    if match is None:
        raise OddAnswer("SEPM named a location in a form that is not known.")
    return match["id"], match["name"]


def _client(row: dict[str, Any]) -> SepmClient:
    at = row.get("lastUpdateTime")
    millis = at if isinstance(at, int) and 0 < at < 4_000_000_000_000 else 0
    return SepmClient(
        str(row.get("computerName") or ""),
        str((row.get("group") or {}).get("id") or ""),
        str(row.get("profileSerialNo") or ""),
        str(row.get("agentVersion") or ""),
        datetime.fromtimestamp(millis / 1000, UTC) if millis else None,
    )
