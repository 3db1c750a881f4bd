"""Saved views as the page and its API twin show them: with count, problem, and who may change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from exceptions_app.triage.view_counts import counts_of
from exceptions_app.triage.views import may_change, problems

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from django.contrib.auth.models import User

    from exceptions_app.models.view import InboxView


@dataclass(frozen=True, slots=True)
class ViewRow:
    """`problem` says why its filter can no longer be asked; no `count` is unknown."""

    view: InboxView
    is_mine: bool
    may_change: bool
    problem: str
    count: int | None
    counted_at: datetime | None
    roles: list[str]


def rows_of(views: Sequence[InboxView], user: User, now: datetime) -> list[ViewRow]:
    """For views with owner and landings fetched: two or three queries for all of them."""
    counts, wrong = counts_of(views, user, now), problems(views, user, now)
    return [
        ViewRow(
            view=view,
            is_mine=view.owner_id == user.pk,
            may_change=may_change(user, view),
            problem=wrong[view.pk],
            count=counts[view.pk].count if view.pk in counts else None,
            counted_at=counts[view.pk].counted_at if view.pk in counts else None,
            roles=sorted(landing.role for landing in view.landings.all()),
        )
        for view in views
    ]
