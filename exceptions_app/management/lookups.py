"""Words of the command line to rows: processes, groups, policies, people."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from django.contrib.auth.models import User

from exceptions_app.errors import NotFound
from exceptions_app.models.policy import Policy
from truscan.access.actor import Actor
from truscan.models.estate import Group, Location
from truscan.models.process import Process

if TYPE_CHECKING:
    from argparse import ArgumentParser

    from exceptions_app.triage.decide import Result

HASH = re.compile(r"(?:[0-9a-f]{32}|[0-9a-f]{40}|[0-9a-f]{64})\Z", re.IGNORECASE)
DOUBLED = re.compile(r"\\+")


def add_common(parser: ArgumentParser) -> None:
    """`--user` and `--json`, which every command of this app takes."""
    parser.add_argument("--user", help="who does it; without it, this machine's account")
    parser.add_argument("--json", action="store_true", help="one JSON object for machines")


def find_actor(user: str | None) -> Actor:
    if user is None:
        return Actor.on_command_line()
    person = User.objects.filter(username=user, is_active=True).first()
    if person is None:
        raise NotFound(f"There is no active user {user!r}.")
    return Actor.on_command_line(person)


def find_process(text: str) -> Process:
    """By hash (32, 40 or 64 hex digits) or by number."""
    text = text.strip()
    if HASH.match(text):
        process = Process.objects.filter(hash=text.lower()).first()
    else:
        small = text.isascii() and text.isdecimal() and len(text) < 19
        process = Process.objects.filter(pk=int(text)).first() if small else None
    if process is None:
        raise NotFound(f"No process {text!r} was detected: give its hash or its number.")
    return process


def find_group(path: str, domain: str | None = None) -> Group:
    """By path, without regard to case, backslashes doubled or not."""
    key = DOUBLED.sub(r"\\", path.strip()).rstrip("\\").casefold()
    rows = Group.objects.filter(path_key=key).select_related("domain")
    if domain is not None:
        rows = rows.filter(domain__name_key=domain.casefold())
    found = list(rows[:2])
    if not found:
        raise NotFound(f"There is no group {path!r}: import a log that names it first.")
    if len(found) > 1:
        raise NotFound(f"{path!r} is a group of several domains: add --domain.")
    return found[0]


def find_location(group: Group, name: str) -> Location:
    location = Location.objects.filter(group=group, name_key=name.strip().casefold()).first()
    if location is None:
        raise NotFound(f"{group} has no location {name!r} of its own: add it on the page first.")
    return location


def find_policy(name: str) -> Policy:
    policy = Policy.objects.filter(name__iexact=name.strip()).first()
    if policy is None:
        raise NotFound(f"There is no policy {name!r}: make it with create_policy.")
    return policy


def told(result: Result) -> dict[str, Any]:
    """A result for `--json`."""
    return {
        "decision": result.decision.pk if result.decision else None,
        "applied": result.applied,
        "replaced": result.replaced,
        "skipped": [
            {
                "process": skip.process_id,
                "policy": skip.policy_id,
                "group": skip.group_id,
                "code": skip.code,
                "why": skip.why,
            }
            for skip in result.skipped
        ],
        "notes": result.notes,
    }


def lines(result: Result, *, as_json: bool) -> str:
    """A result as the command prints it."""
    if as_json:
        return json.dumps(told(result))
    done = f"{result.applied} applied, {len(result.skipped)} skipped"
    skips = [f"process {skip.process_id} {skip.why}" for skip in result.skipped]
    return "\n".join([done, *skips, *result.notes])


def refused_all(result: Result) -> bool:
    """True if nothing was done and not all because it was so already: the command fails."""
    return not result.applied and any(skip.is_refusal for skip in result.skipped)
