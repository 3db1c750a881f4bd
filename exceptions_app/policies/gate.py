"""From which finding on publishing needs a second person."""

from __future__ import annotations

from typing import TYPE_CHECKING

from exceptions_app.errors import NeedsSecondPerson
from exceptions_app.models.approval import ApprovalRequest
from exceptions_app.policies.lint import Finding, lint
from exceptions_app.policies.lint_facts import policy_facts
from exceptions_app.policies.lint_settings import lint_settings

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from exceptions_app.models.policy import Policy

NAMED = 3


def findings_of(policy: Policy, now: datetime) -> list[Finding]:
    """Lint of the draft as it is now."""
    return lint(policy_facts(policy, now))


def blocking(policy: Policy, findings: Sequence[Finding]) -> list[Finding]:
    """Those of a blocking grade that no second person accepted for the same exception before."""
    grade = lint_settings().blocking_grade
    if grade is None:
        return []
    grave = [one for one in findings if one.grade >= grade]
    accepted = _accepted(policy) if grave else set()
    return [one for one in grave if one.key not in accepted]


def require_one_is_enough(policy: Policy, now: datetime) -> None:
    """NeedsSecondPerson if the draft has findings of a blocking grade. One query if none blocks."""
    if lint_settings().blocking_grade is None:
        return
    found = blocking(policy, findings_of(policy, now))
    if found:
        named = " ".join(because(found[:NAMED]))
        more = f" And {len(found) - NAMED:,} more." if len(found) > NAMED else ""
        raise NeedsSecondPerson(
            f"Publishing needs a second person: {named}{more} Ask for approval, or change the"
            " draft."
        )


def because(findings: Sequence[Finding]) -> list[str]:
    """Findings as sentences that a request keeps."""
    return [f"{one.subject}: {one.reason}" for one in findings]


def _accepted(policy: Policy) -> set[str]:
    rows = ApprovalRequest.objects.filter(
        policies=policy, act="publish", state=ApprovalRequest.State.APPROVED
    )
    return {key for asked in rows.values_list("asked", flat=True) for key in asked.get("keys", ())}
