"""What others decided on processes after a list was read, for him who is about to decide them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from exceptions_app.models.exception import ProcessException
from exceptions_app.models.policy import Policy
from exceptions_app.models.watch import Watch
from truscan.access.scope import group_ids

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from django.contrib.auth.models import User

    from truscan.models.process import Process

MEANWHILE_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Meanwhile:
    """A response (or "observe") that somebody else gave, where, who, and when."""

    process: Process
    response: str
    place: str
    who: str
    at: datetime


def decided_meanwhile(user: User, process_ids: Sequence[int], since: datetime) -> list[Meanwhile]:
    """The newest of others' decisions that stand, in the person's policies and groups."""
    drafts = ProcessException.objects.filter(
        process__in=process_ids,
        retired_at=None,
        created_at__gt=since,
        policy__in=Policy.objects.all().visible_to(user),
    ).exclude(author=user)
    told = [
        Meanwhile(row.process, row.response, str(row.policy), row.author_name, row.created_at)
        for row in drafts.select_related("process", "policy").order_by("-pk")[:MEANWHILE_SHOWN]
    ]
    watches = Watch.objects.filter(process__in=process_ids, ended_at=None, started_at__gt=since)
    ids = group_ids(user)
    if ids is not None:
        watches = watches.filter(group__in=ids)
    others = watches.exclude(decision__actor_user=user)
    related = ("process", "group", "decision")
    told += [
        Meanwhile(row.process, "observe", str(row.group), row.decision.actor_name, row.started_at)
        for row in others.select_related(*related).order_by("-pk")[:MEANWHILE_SHOWN]
    ]
    return sorted(told, key=lambda row: row.at, reverse=True)[:MEANWHILE_SHOWN]
