"""Taking renewals: the new builds get what the builds before them have, by the write path of
decisions. One act for all that get the same.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from exceptions_app.models.policy import Policy
from exceptions_app.policies.effective import groups_touched
from exceptions_app.triage.decide import Result, respond
from exceptions_app.triage.plan import SAME, Skip, told
from exceptions_app.triage.renewals import proposals, standing
from truscan.access.scope import may_write_groups
from truscan.models.counts import Sighting

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime

    from django.contrib.auth.models import User

    from exceptions_app.models.exception import ProcessException
    from exceptions_app.triage.renewals import Proposal
    from truscan.access.actor import Actor

NO_RENEWAL = "is no new build of a process that your policies decided"
NEEDS_PERSON = "needs a look and a response of its own: "
FOREIGN = "stays as it is in a policy that is also in force in groups outside yours"


@dataclass(frozen=True, slots=True)
class _Terms:
    """What one act gives; the dates of the build before, if they have not passed."""

    response: str
    review_on: date | None
    expires_at: datetime | None
    policies: tuple[int, ...]


@dataclass(slots=True)
class Renewed:
    """One decision for each response and set of policies; `skipped` is what no act was tried on."""

    results: list[tuple[str, Result]] = field(default_factory=list)
    skipped: list[Skip] = field(default_factory=list)

    @property
    def applied(self) -> int:
        return sum(result.applied for _, result in self.results)


def renew(*, actor: Actor, user: User, processes: Sequence[int], now: datetime) -> Renewed:
    """Put these new builds under the same response in the same policies as the builds before.

    The caller has checked that the person sees the processes. Skipped, each with its reason: what
    is no renewal or is decided already, what needs a person (another publisher, a worse verdict),
    and policies that the person may not write. Raises what `respond` raises.
    """
    done = Renewed()
    wanted = sorted(set(processes))
    found = {p.process.pk: p for p in proposals(user, wanted, now)}
    waiting = Sighting.objects.filter(process__in=list(found)).open(now)
    is_open = set(waiting.values_list("process", flat=True))
    taken: list[Proposal] = []
    for pk in wanted:
        if (skip := _refusal(pk, found.get(pk), is_open, now)) is None:
            taken.append(found[pk])
        else:
            done.skipped.append(skip)
    may_write = _writable(user, taken)
    acts: dict[_Terms, list[Proposal]] = defaultdict(list)
    for proposal in taken:
        for terms in _terms(proposal.exceptions, may_write, now):
            acts[terms].append(proposal)
        done.skipped += _foreign(proposal, may_write)
    for terms, chosen in acts.items():
        done.results.append((terms.response, _respond(actor, terms, chosen, now)))
    return done


def _refusal(pk: int, proposal: Proposal | None, is_open: set[int], now: datetime) -> Skip | None:
    if proposal is None:
        return Skip(pk, None, None, NO_RENEWAL, "no_renewal")
    if pk not in is_open:
        return Skip(pk, None, None, _who_decided(proposal, now), "same")
    if proposal.needs_person:
        why = next(flag.words for flag in proposal.flags if flag.needs_person)
        return Skip(pk, None, None, NEEDS_PERSON + why.removesuffix("."), "needs_person")
    return None


def _who_decided(proposal: Proposal, now: datetime) -> str:
    """By whom and when, as far as it is in the policies that the person sees."""
    policies = [exception.policy_id for exception in proposal.exceptions]
    rows = standing(now).filter(process=proposal.process, policy__in=policies)
    row = rows.order_by("-created_at", "-pk").first()
    return told(SAME, row) if row is not None else SAME


def _writable(user: User, taken: Sequence[Proposal]) -> dict[int, bool]:
    """By policy, whether the person is an analyst in every group where it is in force."""
    policies = {e.policy_id: e.policy for proposal in taken for e in proposal.exceptions}
    return {
        pk: may_write_groups(user, "analyst", groups_touched([policy]))
        for pk, policy in policies.items()
    }


def _foreign(proposal: Proposal, may_write: dict[int, bool]) -> list[Skip]:
    pk, policies = proposal.process.pk, [e.policy_id for e in proposal.exceptions]
    return [
        Skip(pk, policy, None, FOREIGN, "foreign_policy")
        for policy in policies
        if not may_write[policy]
    ]


def _terms(
    exceptions: Sequence[ProcessException], may_write: dict[int, bool], now: datetime
) -> list[_Terms]:
    alike: dict[tuple[str, date | None, datetime | None], list[int]] = defaultdict(list)
    for e in exceptions:
        if may_write[e.policy_id]:
            review_on = e.review_on if e.review_on and e.review_on > now.date() else None
            alike[e.response, review_on, e.expires_at].append(e.policy_id)
    return [_Terms(*key, tuple(sorted(ids))) for key, ids in alike.items()]


def _respond(actor: Actor, terms: _Terms, chosen: Sequence[Proposal], now: datetime) -> Result:
    return respond(
        actor=actor,
        processes=[proposal.process.pk for proposal in chosen],
        policies=list(Policy.objects.filter(pk__in=terms.policies)),
        response=terms.response,
        reason=_reason(terms, chosen),
        now=now,
        review_on=terms.review_on,
        expires_at=terms.expires_at,
        # What somebody decided of the build since it arrived is never replaced.
        seen_at=min(proposal.found_at for proposal in chosen),
    )


def _reason(terms: _Terms, chosen: Sequence[Proposal]) -> str:
    """Of one build the reason of the one before; of many only what they have in common."""
    if len(chosen) > 1:
        return "New builds: as the builds before them"
    before = chosen[0].predecessor
    exception = next(e for e in chosen[0].exceptions if e.policy_id in terms.policies)
    version = before.application_version or before.hash[:12]
    return f"New build: as {before} {version}, {exception.reason}"[:2000]
