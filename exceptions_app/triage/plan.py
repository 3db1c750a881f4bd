"""What a response would do to processes in policies: what is written, what is left and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import connection

from exceptions_app.models.exception import ProcessException
from exceptions_app.models.policy import Policy, Response
from exceptions_app.triage.standing import exceptions_between

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime

SAME = "has this response already"
ON_LIST = "is on Symantec's own list, for which no exception can be made"
NO_HASH = "has no hash: a name alone never makes an Ignore"
NOT_THERE = "is not known here"


@dataclass(frozen=True, slots=True)
class Skip:
    """A process (in a policy or group) that an act left as it was, and why.

    `code` is for machines: same (found what was wanted), symantec_list, no_hash, unknown_process,
    decided_meanwhile, needs_approval, later_decision, already_removed, already_observed,
    not_observed.
    """

    process_id: int
    policy_id: int | None
    group_id: int | None
    why: str
    code: str = "refused"

    @property
    def is_refusal(self) -> bool:
        """False if the state is what was asked for anyway."""
        return self.code not in {"same", "already_removed", "already_observed", "not_observed"}


@dataclass(frozen=True, slots=True)
class Plan:
    """What `respond` will do: exceptions to write (process, policy) with the row each replaces,
    rows that say the same already, and refusals."""

    writes: dict[tuple[int, int], int | None]
    same: list[tuple[Skip, int]]
    refused: list[Skip]

    @property
    def skips(self) -> list[Skip]:
        return [*self.refused, *(skip for skip, _ in self.same)]


def plan(
    *,
    processes: Sequence[int],
    policies: Sequence[Policy],
    response: str,
    review_on: date | None = None,
    expires_at: datetime | None = None,
    seen_at: datetime | None = None,
) -> Plan:
    """Sort (process, policy) pairs into writes and skips. Three queries, no lock, no write."""
    wanted = sorted(set(processes))
    known = _known(wanted)
    standing = exceptions_between(wanted, [policy.pk for policy in policies])
    rows = ProcessException.objects.defer("evidence", "reason").in_bulk(list(standing.values()))
    active = {pair: rows[pk] for pair, pk in standing.items()}
    made = Plan({}, [], [])
    for pk in wanted:
        if pk not in known:
            made.refused.append(Skip(pk, None, None, NOT_THERE, "unknown_process"))
            continue
        has_hash, on_list = known[pk]
        why, code = _refusal(response, has_hash, on_list)
        for policy in policies:
            row = active.get((pk, policy.pk))
            if why:
                made.refused.append(Skip(pk, policy.pk, None, why, code))
            elif row is None:
                made.writes[pk, policy.pk] = None
            elif (row.response, row.review_on, row.expires_at) == (response, review_on, expires_at):
                made.same.append((Skip(pk, policy.pk, None, told(SAME, row), "same"), row.pk))
            elif seen_at is not None and row.created_at > seen_at:
                why_not = told(f"was decided meanwhile: {row.get_response_display()}", row)
                made.refused.append(Skip(pk, policy.pk, None, why_not, "decided_meanwhile"))
            else:
                made.writes[pk, policy.pk] = row.pk
    return made


# An array, not a list of ten thousand numbers that the server has to parse one by one.
KNOWN = "SELECT id, hash <> '', on_symantec_list FROM truscan_process WHERE id = ANY(%s)"


def _known(wanted: Sequence[int]) -> dict[int, tuple[bool, bool]]:
    """By process that is there: (has a hash, is on Symantec's list)."""
    with connection.cursor() as cursor:
        cursor.execute(KNOWN, [list(wanted)])
        return {row[0]: (row[1], row[2]) for row in cursor.fetchall()}


def _refusal(response: str, has_hash: bool, on_list: bool) -> tuple[str, str]:
    """Why no exception can be made: guide p. 74; POLICY-FORMATS 6, rule 7."""
    if on_list:
        return ON_LIST, "symantec_list"
    if response == Response.IGNORE and not has_hash:
        return NO_HASH, "no_hash"
    return "", ""


def told(what: str, row: ProcessException) -> str:
    return f"{what}, by {row.author_name} on {row.created_at:%Y-%m-%d %H:%M} UTC"
