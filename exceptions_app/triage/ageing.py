"""How long a class of processes may wait, and what is overdue by it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Q

from exceptions_app.errors import BadValue
from exceptions_app.models.claim import ClassTarget
from truscan import audit
from truscan.classify import LABELS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from truscan.access.actor import Actor

DAYS_MAX = 365
CLASSES = {str(word): label for word, label in LABELS.items()}


def targets() -> dict[str, int]:
    """Days by class; a class that is not there may wait."""
    return dict(ClassTarget.objects.values_list("risk_class", "days"))


@transaction.atomic
def set_targets(*, actor: Actor, days: Mapping[str, int | None]) -> dict[str, int]:
    """Set the days of these classes, None takes a target away; idempotent. BadValue for a class
    that there is not, or days outside 1 to 365."""
    for word, count in days.items():
        if word not in CLASSES:
            raise BadValue(f"{word!r} is no class: give one of {', '.join(CLASSES)}.")
        if count is not None and not 1 <= count <= DAYS_MAX:
            raise BadValue(f"Give 1 to {DAYS_MAX} days, or none.")
    before = targets()
    for word, count in days.items():
        if count is None:
            ClassTarget.objects.filter(risk_class=word).delete()
        else:
            ClassTarget.objects.update_or_create(risk_class=word, defaults={"days": count})
    after = targets()
    if after != before:
        audit.record(
            "class_targets.set", actor=actor, object_type="classtarget", before=before, after=after
        )
    return after


def is_overdue(now: datetime, days: Mapping[str, int] | None = None) -> Q:
    """Summaries that were first seen before their class's time; nothing if no class has one.

    First seen anywhere in the estate: that is when somebody could have decided.
    """
    where = Q(pk__in=[])
    for word, count in (targets() if days is None else days).items():
        where |= Q(risk_class=word, first_at__lt=now - timedelta(days=count))
    return where


def days_over(risk_class: str, first_at: datetime, now: datetime, days: Mapping[str, int]) -> int:
    """Whole days beyond the target, at least 1 when it is over; 0 while it is in time."""
    count = days.get(risk_class)
    if count is None:
        return 0
    over = now - first_at - timedelta(days=count)
    return over.days + 1 if over > timedelta() else 0
