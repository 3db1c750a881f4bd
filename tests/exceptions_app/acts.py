"""Short forms of acts for tests: one process, one policy, the fixed actor and time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from exceptions_app.policies.assign import create_policy
from exceptions_app.triage.decide import Result, respond
from exceptions_app.triage.watching import observe
from tests.make import NOW, SYSTEM, make_group

if TYPE_CHECKING:
    from exceptions_app.models.policy import Policy
    from truscan.models.estate import Group
    from truscan.models.process import Process


def make_policy(name: str = "Sales", *paths: str, **more: Any) -> Policy:
    """A policy on the groups of these paths, which are made."""
    groups = [make_group(path) for path in paths]
    return create_policy(actor=SYSTEM, name=name, groups=groups, **more)


def give(process: Process, policy: Policy, response: str = "ignore", **more: Any) -> Result:
    more.setdefault("now", NOW)
    more.setdefault("actor", SYSTEM)
    more.setdefault("reason", "looked at")
    return respond(processes=[process.pk], policies=[policy], response=response, **more)


def watch(process: Process, group: Group, **more: Any) -> Result:
    more.setdefault("now", NOW)
    return observe(
        actor=SYSTEM, processes=[process.pk], groups=[group], reason="unknown risk", **more
    )
