"""Drift: what SEPM holds now against what was applied last. Told once, adopted or restored."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.utils import timezone

from exceptions_app.errors import BadValue, NothingChosen
from exceptions_app.export.canonical import compact
from exceptions_app.models.exception import ProcessException
from exceptions_app.models.policy import Policy
from exceptions_app.models.sepm import SepmJob, SepmPolicy, SepmServer
from exceptions_app.sepm.held import RESPONSE, held_rules
from exceptions_app.sepm.holding import Holding
from exceptions_app.sepm.job import actor_of, make_job
from exceptions_app.triage.decide import respond, retire
from truscan import audit
from truscan.access.actor import Actor
from truscan.models.process import Process

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from exceptions_app.sepm.client import Client
    from exceptions_app.triage.decide import Result

Row = dict[str, str]


def make_check(*, actor: Actor, server: SepmServer, now: datetime) -> SepmJob:
    return make_job(actor=actor, server=server, kind=SepmJob.Kind.DRIFT, now=now, beyond=True)


def tick(now: datetime) -> None:
    """Start the checks that are due: those of servers with an interval, one at a time each."""
    for server in SepmServer.objects.filter(is_on=True, drift_hours__isnull=False):
        since = server.checked_at or server.created_at
        if since + timedelta(hours=server.drift_hours or 0) > now:
            continue
        recent = now - timedelta(hours=server.drift_hours or 0)
        drift = server.jobs.filter(kind=SepmJob.Kind.DRIFT)
        open_states = (SepmJob.State.QUEUED, SepmJob.State.RUNNING, SepmJob.State.WAITING)
        if (
            drift.filter(state__in=open_states).exists()
            or drift.filter(created_at__gt=recent).exists()
        ):
            continue
        with transaction.atomic():
            make_check(actor=Actor.by_schedule(), server=server, now=now)


def check(job: SepmJob, client: Client, now: datetime) -> dict[str, Any]:
    """Every policy that was applied on the server; what is new goes into the ledger, whose
    webhooks tell it."""
    held = Holding(client)
    held.read_policies()
    links = list(SepmPolicy.objects.filter(server=job.server).select_related("policy"))
    drifted = 0
    for link in links:
        rows = _rows(held, link, job.server.interface)
        drifted += bool(rows)
        _keep(job, link, rows)
    SepmServer.objects.filter(pk=job.server_id).update(checked_at=timezone.now())
    return {"policies": len(links), "drifted": drifted}


def _rows(held: Holding, link: SepmPolicy, version: int) -> list[Row]:
    there = held.policies.get(link.sepm_id)
    if there is None:
        return [_row("policy", "", "", "applied", "deleted in SEPM")]
    rules = held_rules(held.client.get(f"v{version}/policies/exceptions/{there.id}"), version)
    ours = {one.key: one for one in rules if one.is_ours}
    names = {one.key: one.name for one in rules}
    found = [] if there.is_on else [_row("policy", "", "", "switched on", "switched off")]
    for key, state in link.applied.items():
        if key not in ours:
            found.append(_row("gone", key, names.get(key, ""), state, ""))
        elif ours[key].state != state:
            found.append(_row("changed", key, names[key], state, ours[key].state))
    found += [
        _row("marked", key, one.name, "", one.state)
        for key, one in ours.items()
        if key not in link.applied
    ]
    found += [
        _row("added", one.key, one.name, link.others.get(one.key, ""), one.state)
        for one in rules
        if not one.is_ours and link.others.get(one.key) != one.state
    ]
    now_at = {f"{group}:{location}" for group, location in there.places}
    found += [
        _row("place", key, where, "assigned", "has another policy")
        for key, where in link.places.items()
        if key not in now_at
    ]
    return sorted(found, key=lambda row: (row["kind"], row["key"]))


def _row(kind: str, key: str, name: str, before: str, after: str) -> Row:
    return {"kind": kind, "key": key, "name": name, "before": before, "after": after}


@transaction.atomic
def _keep(job: SepmJob, link: SepmPolicy, rows: list[Row]) -> None:
    digest = hashlib.sha256(compact(rows)).hexdigest() if rows else ""
    row = SepmPolicy.objects.select_for_update().get(pk=link.pk)
    if row.applied_at != link.applied_at:
        return  # applied anew meanwhile: what was read is older
    is_new = digest != row.drift_digest
    now = timezone.now()
    row.checked_at, row.drift, row.drift_digest = now, rows, digest
    if is_new:
        row.drift_found_at = now if rows else None
    row.save()
    if is_new:
        code = "sepm.drift_found" if rows else "sepm.drift_gone"
        told = {"server": job.server.name, "differences": len(rows), "digest": digest}
        audit.record(code, actor=actor_of(job), obj=link.policy, after=told)


@transaction.atomic
def adopt(
    *, actor: Actor, link: SepmPolicy, keys: Sequence[str], reason: str, now: datetime
) -> list[Result]:
    """Take what SEPM says of these rules into our draft, by the one write path of decisions.

    A rule that is gone retires the exception; another action, or a rule of others, becomes a
    decision. BadValue for what has no response here (Log only, Remove), NothingChosen.
    """
    row = SepmPolicy.objects.select_for_update().get(pk=link.pk)
    wanted = set(keys)
    chosen = [one for one in row.drift if one["key"] in wanted]
    if not chosen:
        raise NothingChosen("Choose at least one difference that is still there.")
    policy = Policy.objects.get(pk=row.policy_id)
    why = f"{reason.strip() or 'adopted'} (from SEPM {row.server})"
    results = []
    gone = _exceptions(policy, [one["key"] for one in chosen if one["kind"] == "gone"])
    if gone:
        results.append(retire(actor=actor, exceptions=gone, reason=why, now=now))
    for response, hashes in _responses(chosen).items():
        processes = _processes(hashes)
        results.append(
            respond(
                actor=actor,
                processes=processes,
                policies=[policy],
                response=response,
                reason=why,
                now=now,
            )
        )
    if not any(skip.code == "needs_approval" for one in results for skip in one.skipped):
        row.settled = row.drift_digest
        row.save(update_fields=["settled"])
    told = {"server": row.server.name, "keys": sorted(wanted)}
    audit.record("sepm.drift_adopted", actor=actor, obj=policy, after=told, reason=reason)
    return results


@transaction.atomic
def leave(*, actor: Actor, link: SepmPolicy, reason: str) -> None:
    """Know of the drift and leave it: it is told again only when it changes."""
    row = SepmPolicy.objects.select_for_update().get(pk=link.pk)
    if row.has_open_drift:
        row.settled = row.drift_digest
        row.save(update_fields=["settled"])
        told = {"server": row.server.name, "digest": row.drift_digest}
        audit.record("sepm.drift_left", actor=actor, obj=row.policy, after=told, reason=reason)


def _exceptions(policy: Policy, keys: Sequence[str]) -> list[int]:
    hashes = [key.partition(":")[2].lower() for key in keys]
    rows = ProcessException.objects.filter(policy=policy, retired_at=None, process__hash__in=hashes)
    return list(rows.values_list("pk", flat=True))


def _responses(chosen: Sequence[Row]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for one in chosen:
        if one["kind"] not in {"changed", "added", "marked"}:
            continue
        array, _, digits = one["key"].partition(":")
        response = RESPONSE.get((array, one["after"]))
        if response is None:
            raise BadValue(
                f"{one['after']} of {digits} has no response here: leave it, or restore."
            )
        found.setdefault(response, []).append(digits.lower())
    return found


def _processes(hashes: Sequence[str]) -> list[int]:
    rows = dict(Process.objects.filter(hash__in=hashes).values_list("hash", "pk"))
    missing = sorted(set(hashes) - rows.keys())
    if missing:
        raise BadValue(f"No log names a process with the hash {missing[0]}: it cannot be adopted.")
    return sorted(rows.values())
