"""A plan carried out step by step: read, change, read back, compare.

Each step first looks whether it is done already, so that work which was cut off at any point, by a
crash here or there, is gone on with and nothing is sent twice.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone

from exceptions_app.errors import BadValue, ExceptionsError
from exceptions_app.models.policy import Revision
from exceptions_app.models.sepm import SepmJob, SepmPolicy, SepmStep
from exceptions_app.policies.publish import latest
from exceptions_app.sepm.errors import IsThere, OutOfScope, SepmError, Unlike
from exceptions_app.sepm.held import difference, goal_digest, held_rules
from exceptions_app.sepm.holding import Holding
from exceptions_app.sepm.job import actor_of, make_job, tell
from exceptions_app.sepm.plan import (
    is_made_by_us,
    reach_at_sepm,
    require_scope,
    scope_refusal,
    wish_of,
)
from truscan import audit

if TYPE_CHECKING:
    from datetime import datetime

    from exceptions_app.sepm.client import Client
    from exceptions_app.sepm.held import Held
    from exceptions_app.sepm.holding import PolicyHead
    from exceptions_app.sepm.plan import Wish
    from truscan.access.actor import Actor

# SEPM lives on: what was planned yesterday is compared anew rather than trusted.
PLAN_LASTS = timedelta(hours=24)
# A changed rule is one PATCH if SEPM finds rules by hash, two if by the whole rule; which of the
# two it does is not documented.
ROUNDS = 3


@transaction.atomic
def make_application(*, actor: Actor, plan: SepmJob, now: datetime) -> SepmJob:
    """The job that carries out a plan; asked twice, the same one. BadValue for a plan that is not
    done, too old or without a change; OutOfScope as for plans."""
    plan = SepmJob.objects.select_for_update().get(pk=plan.pk)
    if existing := SepmJob.objects.filter(plan=plan).first():
        return existing
    if plan.kind != SepmJob.Kind.PLAN or plan.state != SepmJob.State.DONE or not plan.finished_at:
        raise BadValue("Only a plan that is done can be applied.")
    if now - plan.finished_at > PLAN_LASTS:
        raise BadValue("The plan is older than a day: make a new one.")
    require_scope(actor.user, set(plan.reach))
    policies = list(plan.policies.all())
    job = make_job(
        actor=actor, server=plan.server, kind=SepmJob.Kind.APPLY, now=now, policies=policies,
        plan=plan, reach=plan.reach, beyond=plan.beyond,
    )  # fmt: skip
    steps = [step for document in plan.result["policies"] for step in _steps(job, document)]
    if not steps:
        raise BadValue("There is nothing to change: SEPM holds what the plan orders.")
    for position, step in enumerate(steps, 1):
        step.position = position
    SepmStep.objects.bulk_create(steps)
    told = {"job": job.pk, "plan": plan.pk, "steps": len(steps)}
    audit.record("sepm.apply_asked", actor=actor, obj=plan.server, after=told)
    return job


def _steps(job: SepmJob, document: dict[str, Any]) -> list[SepmStep]:
    if document["blocked"]:
        return []
    revision = Revision.objects.get(policy=document["policy"], number=document["revision"])

    def step(kind: str, text: str, goal: dict[str, Any]) -> SepmStep:
        return SepmStep(
            job=job, kind=kind, policy_id=document["policy"], revision=revision,
            text=text[:1000], goal={"digest": document["goal"], **goal},
        )  # fmt: skip

    name, made = document["sepm_name"], []
    if document["create"]:
        made.append(step(SepmStep.Kind.CREATE, f"Make the policy “{name}”", {}))
    if document["changes"] or document["enable"] or document["create"] or document["link"]:
        count = len(document["changes"])
        text = f"{count} rule{'s'[: count != 1]} of “{name}”, then read back"
        made.append(
            step(
                SepmStep.Kind.RULES,
                text,
                {"changes": document["changes"], "enable": document["enable"]},
            )
        )
    for place in document["assign"]:
        text = f"Put “{name}” on {place['group']} · {place['location']}"
        if place["before_name"]:
            text += f", in place of “{place['before_name']}”"
        made.append(step(SepmStep.Kind.ASSIGN, text, place))
    return made


def apply(job: SepmJob, client: Client, now: datetime) -> dict[str, Any]:
    """All steps that are not done yet, in order; the first that fails stops those after it."""
    held = Holding(client).read()
    steps = list(job.steps.select_related("policy", "revision"))
    for step in steps:
        if step.state == SepmStep.State.DONE:
            continue
        tell(job, f"Step {step.position} of {len(steps)}: {step.text}")
        try:
            told = _do(job, step, held, now)
        except ExceptionsError as error:
            state = SepmStep.State.WAITING if _passes(error) else SepmStep.State.FAILED
            SepmStep.objects.filter(pk=step.pk).update(state=state, told=str(error)[:1000])
            raise
        with transaction.atomic():
            SepmStep.objects.filter(pk=step.pk).update(
                state=SepmStep.State.DONE, told=told[:1000], done_at=timezone.now()
            )
            audit.record(
                f"sepm.{step.kind}_done", actor=actor_of(job), obj=step.policy,
                after={"server": job.server.name, "revision": step.revision.number,
                       "step": step.text, "told": told},
            )  # fmt: skip
    with transaction.atomic():
        audit.record(
            "sepm.applied", actor=actor_of(job), obj=job.server,
            after={"job": job.pk, "steps": len(steps)},
        )  # fmt: skip
    return {"steps": len(steps)}


def _passes(error: ExceptionsError) -> bool:
    return isinstance(error, SepmError) and error.passes


def _do(job: SepmJob, step: SepmStep, held: Holding, now: datetime) -> str:
    newest = latest(step.policy)
    if newest is None or newest.pk != step.revision_id:
        raise Unlike(f"A newer revision of {step.policy} was published: make a new plan.")
    wish = wish_of(step.policy, job.server.interface, now)
    if goal_digest(wish.goal) != step.goal["digest"]:
        raise Unlike(f"A rule of {step.policy} has expired since the plan: make a new one.")
    # Roles and SEPM's own assignments may have changed since the plan.
    there = held.named(wish.head["name"])
    reach, unknown = reach_at_sepm(job.server, held, there)
    if refusal := scope_refusal(job.actor_user, step.policy, reach, unknown):
        raise OutOfScope(refusal)
    if step.kind == SepmStep.Kind.CREATE:
        return _create(job, held, wish, there)
    if there is None:
        raise Unlike(f"SEPM has no policy “{wish.head['name']}” any more: make a new plan.")
    if step.kind == SepmStep.Kind.RULES:
        return _rules(job, step, held, wish, there)
    return _assign(job, step, held, there)


def _create(job: SepmJob, held: Holding, wish: Wish, there: PolicyHead | None) -> str:
    """The reply to a POST has no id: it is found by name afterwards."""
    if there is not None:
        if there.description == wish.head["desc"]:
            return f"It was made before; its id is {there.id}."
        raise Unlike(f"Somebody made a policy “{there.name}” since the plan: make a new one.")
    try:
        held.client.send("POST", f"v{job.server.interface}/policies/exceptions", wish.head)
    except IsThere as error:
        raise Unlike(f"{error} Make a new plan.") from error
    held.read_policies()
    made = held.named(wish.head["name"])
    if made is None:
        raise Unlike("SEPM took the policy but does not list it: make a new plan.")
    return f"Made; its id is {made.id}."


def _rules(job: SepmJob, step: SepmStep, held: Holding, wish: Wish, there: PolicyHead) -> str:
    version = job.server.interface
    path = f"v{version}/policies/exceptions/{there.id}"
    planned = {row["key"] for row in step.goal["changes"]}
    for sent in range(ROUNDS + 1):
        rules = held_rules(held.client.get(path), version)
        found = difference(rules, wish.goal, version)
        if found.conflicts:
            raise Unlike(f"{found.conflicts[0]} Make a new plan.")
        if strange := sorted({row["key"] for row in found.rows} - planned):
            raise Unlike(f"{strange[0]} changed in SEPM since the plan: make a new plan.")
        enable = bool(step.goal["enable"]) and not there.is_on and is_made_by_us(there)
        if not found.rows and not enable:
            _require_mark(step, rules)
            _note(job, step, there, rules)
            what = "changed and read back" if sent else "they were there already"
            return f"{len(wish.goal)} rules, {what}."
        if sent == ROUNDS:
            break
        _patch(held, path, wish, there, found.patch, enable=enable)
        if enable:
            held.read_policies()
            there = held.policies.get(there.id, there)
    raise Unlike(
        f"After {ROUNDS} changes SEPM still holds something else, first {found.rows[0]['key']}:"
        " perhaps it does not keep our mark (rulestate.source). Nothing more was sent."
    )


def _require_mark(step: SepmStep, rules: list[Held]) -> None:
    """Rules that came back without our mark could not be told from those of others any more."""
    ours = {one.key for one in rules if one.is_ours}
    wanted = {row["key"] for row in step.goal["changes"] if row["sign"] != "del"}
    if lost := sorted(wanted - ours):
        raise Unlike(
            f"SEPM holds {lost[0]} without our mark (rulestate.source): either it does not keep the"
            " mark, or somebody else wrote the rule. Look at it there; nothing more was sent."
        )


def _patch(
    held: Holding, path: str, wish: Wish, there: PolicyHead, lists: dict[str, Any], *, enable: bool
) -> None:
    """Name and rules; description and switch only of a policy that we made."""
    body: dict[str, Any] = {"name": there.name}
    if is_made_by_us(there):
        body["desc"] = wish.head["desc"]
    if enable:
        body["enabled"] = True
    if lists:
        body["configuration"] = lists
    held.client.send("PATCH", path, body)


def _note(job: SepmJob, step: SepmStep, there: PolicyHead, rules: list[Held]) -> None:
    """What stands now is what later drift is measured against."""
    SepmPolicy.objects.update_or_create(
        server=job.server,
        policy=step.policy,
        defaults={
            "sepm_id": there.id,
            "revision": step.revision,
            "applied": {one.key: one.state for one in rules if one.is_ours},
            "others": {one.key: one.state for one in rules if not one.is_ours},
            "applied_at": timezone.now(),
            "drift": [],
            "drift_digest": "",
            "drift_found_at": None,
            "settled": "",
        },
    )


def _assign(job: SepmJob, step: SepmStep, held: Holding, there: PolicyHead) -> str:
    place = step.goal
    group, location = place["group_id"], place["location_id"]
    held.read_policies()
    now_there = held.assigned_at(group, location)
    if now_there is not None and now_there.id == there.id:
        return _noted(job, step, "It was there already.")
    if (now_there.id if now_there else "") != place["before"]:
        raise Unlike(f"{place['group']} got another policy since the plan: make a new plan.")
    held.client.send(
        "PUT",
        f"v1/groups/{group}/locations/{location}/policies/exceptions",
        {"id": there.id},
    )
    held.read_policies()
    after = held.assigned_at(group, location)
    if after is None or after.id != there.id:
        raise Unlike("SEPM took the assignment, but its list does not show it: look there.")
    return _noted(job, step, "Assigned and read back.")


def _noted(job: SepmJob, step: SepmStep, told: str) -> str:
    place = step.goal
    key = f"{place['group_id']}:{place['location_id']}"
    for row in SepmPolicy.objects.filter(server=job.server, policy=step.policy):
        row.places = {**row.places, key: f"{place['group']} · {place['location']}"}
        row.save(update_fields=["places"])
    return told
