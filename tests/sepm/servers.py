"""A server that points at the simulated SEPM, a policy to put there, and the way to it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.utils import timezone

from exceptions_app.policies.publish import publish
from exceptions_app.sepm import job
from exceptions_app.sepm.apply import make_application
from exceptions_app.sepm.plan import make_plan
from tests.exceptions_app.acts import give, make_policy
from tests.make import SYSTEM, make_process
from tests.sepm.simulated import USER, sepm_id

if TYPE_CHECKING:
    from exceptions_app.models.policy import Policy
    from exceptions_app.models.sepm import SepmJob, SepmServer
    from tests.sepm.certificate import Identity
    from tests.sepm.simulated import Simulated
    from truscan.access.actor import Actor

SALES = "My Company\\Sales"


def facts(address: str, authority: Identity, **more: Any) -> dict[str, Any]:
    return {
        "name": "SEPM one", "url": address, "username": USER, "domain": "Default",
        "trust_kind": "ca", "ca_pem": authority.pem, **more,
    }  # fmt: skip


def publish_for(sepm: Simulated) -> Policy:
    """Ignore for a, Terminate for b; SEPM has the group with a policy of others on it."""
    sepm.group("My Company")
    group = sepm.group(SALES)
    sepm.assigned[group, sepm_id(SALES + " Default")] = sepm.policy("Exceptions policy")
    made = make_policy("Sales exceptions", SALES)
    give(make_process("a.exe", "a"), made)
    give(make_process("b.exe", "b"), made, "terminate")
    publish(actor=SYSTEM, policy=made, now=timezone.now())
    return made


def run(made: SepmJob) -> SepmJob:
    """What the commit hook does outside tests."""
    done = job.run_job(made.pk, now=timezone.now())
    assert done is not None
    return done


def planned(server: SepmServer, *policies: Policy, actor: Actor = SYSTEM) -> SepmJob:
    now = timezone.now()
    return run(make_plan(actor=actor, server=server, policies=policies, now=now))


def applied(server: SepmServer, *policies: Policy) -> SepmJob:
    now = timezone.now() + timedelta(seconds=1)
    return run(make_application(actor=SYSTEM, plan=planned(server, *policies), now=now))


def again(stopped: SepmJob) -> SepmJob:
    return run(job.resume_job(actor=SYSTEM, job=stopped, now=timezone.now()))


def rules_of(sepm: Simulated, name: str = "Sales exceptions") -> dict[str, str]:
    body = next(one for one in sepm.policies.values() if one["name"] == name)
    return {
        rule["processfile"]["sha2"][:1]: rule["action"]
        for rows in body["configuration"].values()
        for rule in rows
        if "processfile" in rule
    }
