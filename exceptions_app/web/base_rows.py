"""What the card of a policy's base set shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exceptions_app.models.policy import Policy
from exceptions_app.policies.base_set import ahead, base_of

if TYPE_CHECKING:
    from datetime import datetime

    from django.contrib.auth.models import User


def base_state(policy: Policy, user: User, now: datetime) -> dict[str, Any]:
    """The base, its name and what it would bring only for who may see it."""
    base = base_of(policy)
    is_seen = base is not None and Policy.objects.visible_to(user).contains(base)
    found = ahead(policy, base, now) if base is not None and is_seen else None
    return {"base": base, "base_is_seen": is_seen, "base_ahead": found}
