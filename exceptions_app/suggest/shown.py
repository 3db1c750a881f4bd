"""A stored suggestion as one person may see it: neighbours outside his groups are not named.

What stands in the sums of a reason ("40 of 41 ignored") is counted over the whole estate.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from exceptions_app.models.suggestion import Suggestion
from exceptions_app.suggest.words import likeness_words, percent, reason_words
from truscan.models.process import Process

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.contrib.auth.models import User


@dataclass(frozen=True, slots=True)
class Near:
    """A decided process that is like the asked one."""

    process: Process
    response: str
    words: str


@dataclass(frozen=True, slots=True)
class Shown:
    """What the evidence and the dialog tell. `percent` is the lower bound: at least so often people
    agreed with what was as sure; `right` of `answers` did."""

    response: str
    percent: str
    right: int
    answers: int
    reasons: list[str]
    against: list[str]
    neighbours: list[Near]
    unseen: int

    @property
    def summary(self) -> str:
        """What a person who takes it over finds as his reason, to be changed or kept."""
        told = "; ".join(self.reasons[:3]) or "like the decided processes of this site"
        return f"As suggested ({self.percent}): {told}"


def suggestion_for(user: User, process_id: int) -> Shown | None:
    """Two queries; None where nothing is suggested. The caller has checked that he sees it."""
    row = Suggestion.objects.filter(pk=process_id).first()
    if row is None:
        return None
    said = [(_words(row, reason), reason["weight"]) for reason in row.reasons]
    near = _neighbours(user, row.neighbours)
    return Shown(
        response=row.response,
        percent=percent(row.bound),
        right=round(row.rate * row.answers),
        answers=row.answers,
        reasons=[words for words, weight in said if weight > 0],
        against=[words for words, weight in said if weight < 0],
        neighbours=near,
        unseen=len(row.neighbours) - len(near),
    )


def _words(row: Suggestion, reason: dict[str, Any]) -> str:
    return reason_words(
        reason["kind"], reason["value"], reason["having"], reason["agreeing"], row.response
    )


def _neighbours(user: User, told: list[dict[str, Any]]) -> list[Near]:
    ids = [one["process"] for one in told]
    seen = Process.objects.all().visible_to(user).filter(pk__in=ids).in_bulk()
    return [
        Near(seen[one["process"]], one["response"], likeness_words(one["shared"]))
        for one in told
        if one["process"] in seen
    ]


def in_short(process_ids: Iterable[int]) -> dict[int, tuple[str, str]]:
    """For rows of a list: (response, "at least 95 %" as "95 %") by process. One query."""
    rows = Suggestion.objects.filter(pk__in=list(process_ids))
    told = rows.values_list("pk", "response", "bound")
    return {pk: (response, percent(bound)) for pk, response, bound in told}
