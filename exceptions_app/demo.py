"""What a newcomer finds at the first start: an estate that does not exist, half way to tuned."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from exceptions_app.models.policy import Policy, Response, Revision
from exceptions_app.policies.assign import create_policy
from exceptions_app.policies.estate_edits import set_client_count
from exceptions_app.policies.publish import latest, publish
from exceptions_app.triage.decide import respond
from exceptions_app.triage.renewals import find_renewals
from truscan.classify import RiskClass
from truscan.fleet.demo import Size, demo_site, first_day, import_demo, plan_others, plan_ramp
from truscan.fleet.names import DEMO_DOMAIN
from truscan.fleet.program import Kind, Truth
from truscan.models.counts import ProcessSummary, Sighting
from truscan.models.estate import Group

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from truscan.access.actor import Actor
    from truscan.fleet.fleet import Fleet
    from truscan.fleet.program import Program
    from truscan.models.log_import import LogImport
    from truscan.models.ramp import RampPlan

POLICY = "Exceptions of the demo (synthetic)"
# Enough to see a policy with all three responses, and an inbox that still has work.
IGNORED, QUARANTINED, TERMINATED = 60, 12, 4
# Decided behind the revision, so that the page shows unpublished changes.
UNPUBLISHED = 5


@dataclass(frozen=True, slots=True)
class Demo:
    log_import: LogImport
    revision: Revision
    plan: RampPlan
    others: dict[str, RampPlan]


def load_demo(*, actor: Actor, now: datetime, size: Size | None = None) -> Demo:
    """Import, decide, publish, plan; what is there already stays as it is.

    A start that was cut off is taken up where it ended. Raises IngestError, ExceptionsError or
    RampError as the write paths do.
    """
    size = size or Size()
    fleet = size.fleet()
    site = demo_site()
    log_import = import_demo(actor=actor, site=site, size=size, fleet=fleet)
    groups = list(Group.objects.filter(domain__name_key=DEMO_DOMAIN.casefold()).order_by("path"))
    _count_clients(actor, groups, fleet, now)
    plan = plan_ramp(actor=actor, start_on=first_day(site), groups=groups, now=now)
    others = plan_others(actor=actor, start_on=first_day(site), groups=groups, now=now)
    return Demo(log_import, _publish(actor, groups, fleet, now), plan, others)


def _count_clients(actor: Actor, groups: Sequence[Group], fleet: Fleet, now: datetime) -> None:
    clients = fleet.estate.clients_of()
    for group in groups:
        if group.client_count is None and group.path in clients:
            set_client_count(
                actor=actor, group=group, count=clients[group.path], now=now, reason="synthetic"
            )


def _publish(actor: Actor, groups: Sequence[Group], fleet: Fleet, now: datetime) -> Revision:
    known = Policy.objects.filter(name=POLICY).first()
    published = latest(known) if known else None
    if published is not None:
        return published
    root = [group for group in groups if group.parent_id is None and group.path]
    policy = create_policy(actor=actor, name=POLICY, groups=root, now=now)
    good, stop, end = _choices(fleet)
    for chosen, response, reason in (
        (good[:IGNORED], Response.IGNORE, "Known software, its maker was asked (synthetic)."),
        (stop, Response.QUARANTINE, "Analysed in the laboratory: malicious (synthetic)."),
        (end, Response.TERMINATE, "Records keystrokes, nobody ordered it (synthetic)."),
    ):
        _respond(actor, policy, chosen, response, reason, now)
    revision = publish(actor=actor, policy=policy, now=now, note="First revision of the demo.")
    late, reason = good[IGNORED : IGNORED + UNPUBLISHED], "Rolled out last week (synthetic)."
    _respond(actor, policy, late, Response.IGNORE, reason, now)
    # As the next import would: builds of what is decided now, which came in the same file.
    seen = Sighting.objects.filter(group__in=groups).order_by("pk")
    find_renewals(list(seen.values_list("pk", flat=True)), now)
    return revision


def _respond(
    actor: Actor, policy: Policy, chosen: list[int], response: str, reason: str, now: datetime
) -> None:
    if chosen:
        respond(
            actor=actor,
            processes=chosen,
            policies=[policy],
            response=response,
            reason=reason,
            now=now,
        )


def _choices(fleet: Fleet) -> tuple[list[int], list[int], list[int]]:
    """Processes to ignore, quarantine and terminate, the most frequent first; others stay open."""
    programs = {program.sha256: program for program in fleet.programs}
    rows = (
        ProcessSummary.objects.filter(candidate_occurrences__gt=0, process__hash__in=programs)
        .exclude(risk_class__in=[RiskClass.CANNOT_BE_EXCEPTED, RiskClass.ALREADY_COVERED])
        .order_by("-candidate_occurrences", "process_id")
    )
    good: list[int] = []
    bad: list[tuple[int, Program]] = []
    for pk, process_hash in rows.values_list("process_id", "process__hash"):
        program = programs[process_hash]
        if program.truth is Truth.MALICIOUS:
            bad.append((pk, program))
        # Every third stays in the inbox, so that it has something of everything.
        elif program.company and program.kind is Kind.ORDINARY and program.family % 3:
            good.append(pk)
    end = [pk for pk, program in bad if program.kind is Kind.KEYLOGGER][:TERMINATED]
    stop = [pk for pk, program in bad if program.kind is Kind.TROJAN][:QUARANTINED]
    return good, stop, end
