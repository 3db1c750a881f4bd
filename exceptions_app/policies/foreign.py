"""Which rules of other kinds a policy's draft carries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exceptions_app.models.foreign import ForeignRules

if TYPE_CHECKING:
    from exceptions_app.models.policy import Policy


def foreign_rules(policy: Policy) -> dict[str, Any]:
    """Those of the newest import that stands; {} if none brought any."""
    standing = ForeignRules.objects.filter(policy=policy, decision__undone_at=None)
    rules: dict[str, Any] | None = (
        standing.order_by("-decision_id").values_list("rules", flat=True).first()
    )
    return rules or {}
