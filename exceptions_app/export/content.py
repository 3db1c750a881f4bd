"""What one export holds, as plain values: the rules, and where they are in force. No Django."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from exceptions_app.export.entry import PublishedSet


@dataclass(frozen=True, slots=True)
class LocationSet:
    """What one location of a group (None: the group itself) gets, and where that comes from.

    `policy` None: no policy of ours is in force. `revision` None: the policy was never published.
    `owner_group` is the group whose assignment decides; it differs when `inherited`, and
    `inheritance_known` tells whether somebody said so or it is assumed.
    """

    domain: str
    group: str
    location: str | None
    policy: str | None
    revision: int | None
    owner_group: str | None
    inherited: bool = False
    inheritance_known: bool = True

    @property
    def place(self) -> str:
        return self.group if self.location is None else f"{self.group} · {self.location}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """Places and the published sets that they use, each set once, in the order of their names."""

    kind: ClassVar[str]
    places: tuple[LocationSet, ...]
    sets: tuple[PublishedSet, ...]

    @property
    def subject(self) -> str:
        """What the package is of, for names of files."""
        raise NotImplementedError

    def places_of(self, one: PublishedSet) -> tuple[LocationSet, ...]:
        return tuple(place for place in self.places if place.policy == one.policy)


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupPackage(Package):
    """Everything that the clients of a group get; `location` narrows it to one location."""

    kind: ClassVar[str] = "group"
    domain: str
    group: str
    location: str | None = None

    @property
    def subject(self) -> str:
        return self.group if self.location is None else f"{self.group} {self.location}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyPackage(Package):
    """One policy, wherever it is in force."""

    kind: ClassVar[str] = "policy"
    policy: str

    @property
    def subject(self) -> str:
        return self.policy
