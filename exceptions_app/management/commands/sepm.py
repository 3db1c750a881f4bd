from __future__ import annotations

import getpass
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from exceptions_app.errors import ExceptionsError, NotFound
from exceptions_app.management.lookups import add_common, find_actor, find_policy
from exceptions_app.models.policy import Policy
from exceptions_app.models.sepm import SepmJob, SepmPolicy, SepmServer
from exceptions_app.sepm.apply import make_application
from exceptions_app.sepm.drift import make_check
from exceptions_app.sepm.job import make_job, resume_job, run_job
from exceptions_app.sepm.plan import make_plan
from exceptions_app.sepm.setup import save_server

if TYPE_CHECKING:
    from argparse import ArgumentParser

    from truscan.access.actor import Actor

WORK = ("read", "plan", "apply", "drift", "resume")


class Command(BaseCommand):
    help = "Talk to a SEPM 14 server: read it, plan, apply the newest plan, look for drift."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("act", choices=["add", *WORK])
        parser.add_argument("--server", required=True, metavar="NAME")
        parser.add_argument("--policy", nargs="+", metavar="NAME", help="of plan: all if not given")
        parser.add_argument("--url", help="of add: https://host:8446")
        parser.add_argument("--account", help="of add; its password is SEPM_PASSWORD, or asked for")
        parser.add_argument("--sepm-domain", default="", help="of add: SEPM's domain to sign in to")
        parser.add_argument("--domain", default="Default", help="of add: the domain in the logs")
        parser.add_argument("--ca", type=Path, help="of add: a file with the authority, in PEM")
        parser.add_argument("--fingerprint", help="of add: SHA-256 of the one certificate")
        add_common(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            actor = find_actor(options["user"])
            if options["act"] == "add":
                self.stdout.write(f"{_add(actor, options)} is added.")
                return
            done = _work(actor, options)
        except ExceptionsError as error:
            raise CommandError(str(error)) from error
        told = _told(done)
        self.stdout.write(json.dumps(told) if options["json"] else _words(told))
        if done.state != SepmJob.State.DONE:
            raise CommandError(done.error or f"The job {done.pk} is {done.get_state_display()}.")


def _add(actor: Actor, options: dict[str, Any]) -> SepmServer:
    kind = "ca" if options["ca"] else "pin" if options["fingerprint"] else "system"
    given = {
        "name": options["server"],
        "url": options["url"] or "",
        "username": options["account"] or "",
        "sepm_domain": options["sepm_domain"],
        "domain": options["domain"],
        "trust_kind": kind,
        "ca_pem": options["ca"].read_text() if options["ca"] else "",
        "fingerprint": options["fingerprint"] or "",
    }
    password = os.environ.get("SEPM_PASSWORD") or getpass.getpass("Password: ")
    return save_server(actor=actor, given=given, password=password)


def _work(actor: Actor, options: dict[str, Any]) -> SepmJob:
    """Done in this process, whether a broker is there or not; waits for nobody."""
    server = SepmServer.objects.filter(name__iexact=options["server"].strip()).first()
    if server is None:
        raise NotFound(f"There is no SEPM server {options['server']!r}: add it first.")
    job = _made(actor, server, options)
    run_job(job.pk, now=timezone.now())
    job.refresh_from_db()
    return job


def _made(actor: Actor, server: SepmServer, options: dict[str, Any]) -> SepmJob:
    now, act = timezone.now(), options["act"]
    if act == "plan":
        names = options["policy"]
        policies = [find_policy(name) for name in names] if names else _published()
        return make_plan(actor=actor, server=server, policies=policies, now=now)
    if act in {"apply", "resume"}:
        kind = SepmJob.Kind.PLAN if act == "apply" else SepmJob.Kind.APPLY
        newest = server.jobs.filter(kind=kind).first()
        if newest is None:
            raise NotFound(f"There is nothing on {server} to {act}: make a plan first.")
        if act == "resume":
            return resume_job(actor=actor, job=newest, now=now)
        return make_application(actor=actor, plan=newest, now=now)
    if act == "drift":
        return make_check(actor=actor, server=server, now=now)
    return make_job(actor=actor, server=server, kind=SepmJob.Kind.READ, now=now, beyond=True)


def _published() -> list[Policy]:
    return list(Policy.objects.filter(revisions__isnull=False).distinct())


def _told(job: SepmJob) -> dict[str, Any]:
    told: dict[str, Any] = {
        "job": job.pk, "kind": job.kind, "state": job.state, "error": job.error,
        "result": job.result,
        "steps": list(job.steps.values("position", "kind", "text", "state", "told")),
    }  # fmt: skip
    if job.kind == SepmJob.Kind.DRIFT:
        rows = SepmPolicy.objects.filter(server=job.server).select_related("policy")
        told["drift"] = {row.policy.name: row.drift for row in rows if row.drift}
    return told


def _words(told: dict[str, Any]) -> str:
    lines = [f"job {told['job']} ({told['kind']}): {told['state']}"]
    for one in told["result"].get("policies", []) if told["kind"] == "plan" else []:
        lines.append(f"{one['name']}: {len(one['changes'])} rules, {len(one['assign'])} places")
        lines += [f"  blocked: {text}" for text in one["blocked"]]
        lines += [f"  {text}" for text in one["notes"]]
        lines += [
            f"  {row['sign']} {row['key']} {row['after'] or row['before']}"
            for row in one["changes"]
        ]
    lines += [f"{step['state']}: {step['text']} {step['told']}" for step in told["steps"]]
    for name, rows in told.get("drift", {}).items():
        lines += [
            f"{name}: {row['kind']} {row['key']} {row['before']} -> {row['after']}" for row in rows
        ]
    return "\n".join(lines)
