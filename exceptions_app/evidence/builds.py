"""The hashes of one program: same name and generic path, same signer (or, without one, company).

A folder that is named for the version, such as Application\\94.0.4606.61, is the same path.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.db.models import F, Func, Max, Min, Q, Sum, TextField, Value
from django.db.models.functions import Lower
from django.db.models.lookups import Exact

from exceptions_app.models.decision import DecisionItem
from exceptions_app.models.exception import ProcessException
from exceptions_app.models.policy import Policy
from truscan.models.counts import Sighting
from truscan.models.process import Process

if TYPE_CHECKING:
    from datetime import datetime

    from django.contrib.auth.models import User

    from truscan.access.scope import Groups

BUILDS_SHOWN = 12
# Numbers with dots in a path, as PostgreSQL reads it; the same in `triage.renewals`.
VERSION = r"[0-9]+(\.[0-9]+)+"


@dataclass(slots=True)
class Build:
    """One hash: when and how often the person's groups saw it, and what was decided of it."""

    process: Process
    is_this: bool
    first_at: datetime | None = None
    last_at: datetime | None = None
    occurrences: int = 0
    responses: list[str] = field(default_factory=list)
    decided: DecisionItem | None = None


def versionless(column: Any) -> Func:
    """A path without case and without version numbers, for comparing."""
    parts = (Lower(column), Value(VERSION), Value("#"), Value("g"))
    return Func(*parts, function="regexp_replace", output_field=TextField())


def builds_of(user: User, process: Process, ids: Groups) -> list[Build]:
    """This hash and its siblings, newest seen first; empty if it has none. Four queries."""
    name = process.name.casefold()[:128]
    if not name or not (process.signer or process.company_name):
        return []
    same = Process.objects.all().visible_to(user).filter(summary__sort_name=name)
    paths = Exact(versionless(F("generic_path")), versionless(Value(process.generic_path)))
    same = same.filter(paths, signer=process.signer)
    if not process.signer:
        same = same.filter(company_name=process.company_name)
    newest = list(same.exclude(pk=process.pk).order_by("-summary__last_at")[:BUILDS_SHOWN])
    if not newest:
        return []
    builds = {p.pk: Build(p, p.pk == process.pk) for p in [process, *newest]}
    _add_seen(builds, ids)
    _add_decided(builds, user, ids)
    return sorted(builds.values(), key=_newest_first, reverse=True)


def _newest_first(build: Build) -> tuple[float, int]:
    return (build.last_at.timestamp() if build.last_at else 0, build.process.pk)


def _add_seen(builds: dict[int, Build], ids: Groups) -> None:
    seen = Sighting.objects.filter(process__in=list(builds)).order_by()
    if ids is not None:
        seen = seen.filter(group__in=ids)
    sums = seen.values_list("process").annotate(Min("first_at"), Max("last_at"), Sum("occurrences"))
    for pk, first_at, last_at, occurrences in sums:
        build = builds[pk]
        build.first_at, build.last_at, build.occurrences = first_at, last_at, occurrences


def _add_decided(builds: dict[int, Build], user: User, ids: Groups) -> None:
    mine = Policy.objects.all().visible_to(user).values("pk")
    active = ProcessException.objects.filter(
        process__in=list(builds), retired_at=None, policy__in=mine
    )
    for pk, word in active.values_list("process", "response").distinct().order_by("response"):
        builds[pk].responses.append(word)
    items = DecisionItem.objects.filter(process__in=list(builds), skipped_because="")
    where = Q(policy__in=mine) | (Q(policy=None) if ids is None else Q(policy=None, group__in=ids))
    newest = items.filter(where).order_by("process", "-decision", "pk").distinct("process")
    for item in newest.select_related("decision", "policy", "group"):
        builds[item.process_id].decided = item
