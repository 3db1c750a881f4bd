"""What the fragment `_arrived.html` shows on the pages of a policy and of a group."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exceptions_app.arrival.shares import shares, total
from exceptions_app.policies.effective import groups_with
from exceptions_app.web.replay_rows import seen_groups

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from django.contrib.auth.models import User

    from exceptions_app.models.policy import Policy


def arrived_in(groups: Iterable[int], now: datetime) -> dict[str, Any]:
    """The sum over these groups."""
    return {"arrived": total(shares(groups, now))}


def arrived_of(policy: Policy, user: User, now: datetime) -> dict[str, Any]:
    """The same for the groups of a policy that the person sees."""
    seen, held = seen_groups(user), set(groups_with([policy.pk]))
    return arrived_in(held if seen is None else held & seen, now)
