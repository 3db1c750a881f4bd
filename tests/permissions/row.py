"""A line of the permission table: an address, a method, and the status for each kind of person."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.permissions.world import KINDS, Side, World

NOT_FOUND = 404


def nothing(side: Side, world: World) -> list[Any]:
    return []


def no_data(side: Side, world: World) -> dict[str, Any]:
    return {}


@dataclass(frozen=True)
class Row:
    """`expected` are seven statuses in the order of KINDS: anonymous, outsider (no role), viewer,
    analyst, approver, administrator (all four of Sales), owner (administrator of the estate).

    `foreign` is the same for an object of Engineering; unless told otherwise the four of Sales
    and the outsider find nothing there. Rows whose data name no object say so with `of_nobody`.
    """

    name: str
    method: str
    expected: str
    args: Callable[[Side, World], list[Any]] = nothing
    data: Callable[[Side, World], dict[str, Any]] = no_data
    foreign: str = ""
    of_nobody: bool = False

    @property
    def statuses(self) -> dict[str, int]:
        return dict(zip(KINDS, map(int, self.expected.split()), strict=True))

    @property
    def has_object(self) -> bool:
        return not self.of_nobody and (self.args is not nothing or self.data is not no_data)

    @property
    def foreign_statuses(self) -> dict[str, int]:
        if self.foreign:
            return dict(zip(KINDS, map(int, self.foreign.split()), strict=True))
        kept = ("anonymous", "owner")
        return {k: s if k in kept else NOT_FOUND for k, s in self.statuses.items()}

    def __str__(self) -> str:
        return f"{self.method} {self.name}"
