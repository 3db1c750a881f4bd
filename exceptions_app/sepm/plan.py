"""What would have to change at SEPM, policy by policy, before anything does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import transaction

from exceptions_app.errors import ExceptionsError, NothingChosen
from exceptions_app.export import sepm_rest
from exceptions_app.export.checks import refuse_without_hash
from exceptions_app.export.legal_name import refuse_nameless
from exceptions_app.export.package import package_for_policy
from exceptions_app.export.sepm_rules import rules
from exceptions_app.models.sepm import SepmJob, SepmPolicy
from exceptions_app.policies.effective import groups_touched, policies_in_force
from exceptions_app.sepm.errors import OutOfScope, SepmError
from exceptions_app.sepm.held import by_key, difference, goal_digest, held_rules
from exceptions_app.sepm.holding import Holding
from exceptions_app.sepm.job import make_job, tell
from truscan import audit
from truscan.access.scope import may_write_groups, sees_whole_estate
from truscan.models.estate import Group, Location

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from django.contrib.auth.models import User

    from exceptions_app.export.entry import PublishedSet
    from exceptions_app.models.policy import Policy
    from exceptions_app.models.sepm import SepmServer
    from exceptions_app.sepm.client import Client
    from exceptions_app.sepm.holding import PolicyHead, SepmGroup
    from truscan.access.actor import Actor

MARK = "[TruScan revision "


@dataclass(frozen=True, slots=True)
class Wish:
    """What a policy's newest revision orders, by key of `held`; `head` has name and description."""

    one: PublishedSet
    goal: dict[str, dict[str, Any]]
    head: dict[str, Any]


@transaction.atomic
def make_plan(
    *, actor: Actor, server: SepmServer, policies: Sequence[Policy], now: datetime
) -> SepmJob:
    """A plan for these policies; nothing is changed at SEPM. OutOfScope if one of them touches
    groups that the person does not approve for."""
    if not policies:
        raise NothingChosen("Choose at least one policy that is published.")
    touched = groups_touched(policies)
    require_scope(actor.user, touched)
    job = make_job(
        actor=actor,
        server=server,
        kind=SepmJob.Kind.PLAN,
        now=now,
        policies=policies,
        reach=sorted(touched),
    )
    names = sorted(policy.name for policy in policies)
    audit.record("sepm.planned", actor=actor, obj=server, after={"job": job.pk, "policies": names})
    return job


def require_scope(user: User | None, groups: set[int]) -> None:
    """Nobody at the command line without a user: the machine's account may do everything."""
    if user is not None and not may_write_groups(user, "approver", groups):
        raise OutOfScope("The policy touches groups that you do not approve for. Ask who does.")


def wish_of(policy: Policy, version: int, now: datetime) -> Wish:
    """ExceptionsError for what cannot be exported: unpublished, contradicting, without a hash."""
    package = package_for_policy(policy, now=now)
    refuse_without_hash(package)
    refuse_nameless(package)
    one = package.sets[0]
    after = rules(one.entries, version)
    body = sepm_rest.policy_body(one, after, version)
    head = {name: body[name] for name in ("name", "desc", "enabled")}
    return Wish(one, by_key(after), head)


def plan(job: SepmJob, client: Client, now: datetime) -> dict[str, Any]:
    held = Holding(client).read()
    documents, reach = [], set(job.reach)
    beyond = False
    chosen = list(job.policies.order_by("name"))
    for number, policy in enumerate(chosen):
        tell(job, f"Comparing policy {number + 1:,} of {len(chosen):,}")
        document: dict[str, Any] = {
            "policy": policy.pk, "name": policy.name, "blocked": [], "notes": [],
            "changes": [], "assign": [], "create": False, "enable": False,
        }  # fmt: skip
        documents.append(document)
        try:
            seen, unknown = _plan_one(job, held, policy, document, now)
        except SepmError:
            raise
        except ExceptionsError as error:
            document["blocked"].append(str(error))
        else:
            reach |= seen
            beyond = beyond or unknown
    SepmJob.objects.filter(pk=job.pk).update(reach=sorted(reach), beyond=beyond)
    return {"policies": documents}


def _plan_one(
    job: SepmJob, held: Holding, policy: Policy, document: dict[str, Any], now: datetime
) -> tuple[set[int], bool]:
    server = job.server
    wish = wish_of(policy, server.interface, now)
    document |= {
        "revision": wish.one.number,
        "sha256": wish.one.sha256,
        "sepm_name": wish.head["name"],
        "goal": goal_digest(wish.goal),
        "rules": len(wish.goal),
    }
    there = held.named(wish.head["name"])
    document["sepm_id"] = there.id if there else ""
    reach, unknown = reach_at_sepm(server, held, there)
    if blocked := scope_refusal(job.actor_user, policy, reach, unknown):
        document["blocked"].append(blocked)
        return set(), False
    _compare(job, held, there, wish, document)
    _places(server, held, policy, there, document)
    return reach, bool(unknown)


def _compare(
    job: SepmJob, held: Holding, there: PolicyHead | None, wish: Wish, document: dict[str, Any]
) -> None:
    version = job.server.interface
    if there is None:
        document["create"] = True
        found = difference([], wish.goal, version)
    else:
        body = held.client.get(f"v{version}/policies/exceptions/{there.id}")
        now_held = held_rules(body, version)
        found = difference(now_held, wish.goal, version)
        document["others"] = sum(1 for one in now_held if not one.is_ours)
        if not there.is_on and is_made_by_us(there):
            document["enable"] = True
        elif not there.is_on:
            document["blocked"].append(
                "The policy is switched off in SEPM and was made by others: switch it on there."
            )
    document["changes"] = found.rows
    document["blocked"] += found.conflicts[:20]
    if found.covered:
        document["notes"].append(
            f"{len(found.covered)} of our rules are there already as rules of others; they stay."
        )
    document["link"] = not SepmPolicy.objects.filter(
        server=job.server, policy=document["policy"], revision__number=wish.one.number
    ).exists()


def is_made_by_us(head: PolicyHead) -> bool:
    """Its description ends in our mark: then no other people's rules come into force with it."""
    return MARK in head.description


def reach_at_sepm(
    server: SepmServer, held: Holding, there: PolicyHead | None
) -> tuple[set[int], int]:
    """Our groups where SEPM has the policy assigned, and how many of its groups we do not know."""
    if there is None:
        return set(), 0
    wanted = server.domain.name_key
    groups = [held.groups[pk] for pk in there.groups if pk in held.groups]
    keys = [one.key for one in groups if one.domain.casefold() in ("", wanted)]
    found = set(
        Group.objects.filter(domain=server.domain_id, path_key__in=keys).values_list(
            "pk", flat=True
        )
    )
    return found, len(there.groups) - len(found)


def scope_refusal(user: User | None, policy: Policy, reach: set[int], unknown: int) -> str:
    """A policy of that name in SEPM may serve groups of other people: told by number only."""
    if user is None:
        return ""
    is_mine = may_write_groups(user, "approver", groups_touched([policy]) | reach)
    if is_mine and (not unknown or sees_whole_estate(user, "approver")):
        return ""
    return (
        "In SEPM a policy of this name serves groups that are outside your scope or not known"
        " here; somebody who approves for all of them has to apply it."
    )


def _places(
    server: SepmServer,
    held: Holding,
    policy: Policy,
    there: PolicyHead | None,
    document: dict[str, Any],
) -> None:
    """A line for each location that should get the policy and does not have it."""
    assigned = policy.assignments.values_list("group_id", flat=True)
    groups = Group.objects.filter(pk__in=assigned, domain=server.domain_id).order_by("path_key")
    elsewhere = policy.assignments.exclude(group__domain=server.domain_id).count()
    if elsewhere:
        document["notes"].append(f"{elsewhere} assignments are in domains of other servers.")
    for group in groups:
        at = held.group_at(group.path)
        if at is None:
            document["notes"].append(f"SEPM has no group {group.path}: nothing is assigned there.")
        elif at.inherits:
            document["notes"].append(
                f"{group.path} inherits its policies in SEPM, so it can get none of its own: turn"
                " inheritance off there, or assign the policy to its parent here."
            )
        elif group.inherits_now:
            document["notes"].append(f"{group.path} inherits here: its own assignment is not used.")
        else:
            _group_places(held, policy, there, group, at, document)


def _group_places(
    held: Holding,
    policy: Policy,
    there: PolicyHead | None,
    group: Group,
    at: SepmGroup,
    document: dict[str, Any],
) -> None:
    wanted, by_name = _wanted(group)
    for location_id, name in sorted(held.locations(at).items(), key=lambda pair: pair[1]):
        is_default = location_id == at.default_location
        if name.casefold() not in by_name and not is_default:
            if wanted == policy.pk:
                document["notes"].append(
                    f"{group.path} · {name} is not known here: read the server first, then plan."
                )
            continue
        if by_name.get(name.casefold(), wanted) != policy.pk:
            continue
        now_there = held.assigned_at(at.id, location_id)
        if there is not None and now_there is not None and now_there.id == there.id:
            continue
        document["assign"].append(
            {
                "group": group.path,
                "location": name,
                "group_id": at.id,
                "location_id": location_id,
                "before": now_there.id if now_there else "",
                "before_name": now_there.name if now_there else "",
            }
        )


def _wanted(group: Group) -> tuple[int | None, dict[str, int | None]]:
    """The policy of the group itself, and by key of each location's name."""
    rows = policies_in_force([group.pk])
    names = dict(
        Location.objects.filter(pk__in=[r.location_id for r in rows if r.location_id]).values_list(
            "pk", "name_key"
        )
    )
    of_group = next((r.policy_id for r in rows if r.location_id is None), None)
    return of_group, {names[r.location_id]: r.policy_id for r in rows if r.location_id}
