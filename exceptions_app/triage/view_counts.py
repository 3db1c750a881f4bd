"""How much stands in each saved view, per scope: stored with its time, counted on the tick.

A page only reads what is stored. That somebody wants a count is noted when his rail is drawn; the
tick counts what was wanted within a day and is older than a minute, to the cap of the inbox.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db.models import F, Q

from exceptions_app.models.view import InboxView, ViewCount
from exceptions_app.triage.inbox import CAP
from exceptions_app.triage.views import filter_of
from truscan.access.scope import scope_key
from truscan.in_time import TooSlow, in_time

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from django.contrib.auth.models import User

log = logging.getLogger(__name__)

STALE = timedelta(minutes=1)
WANTED = timedelta(days=1)
# Note that somebody is here no more often than that: reading pages should not write.
NOTED_EVERY = timedelta(hours=1)
AT_ONCE = 50
COUNT_MS = 2000


def counts_of(views: Sequence[InboxView], user: User, now: datetime) -> dict[int, ViewCount]:
    """What is stored for this person's scope, by view; asks the tick for what is not."""
    scope = scope_key(user)
    if not views or not scope:
        return {}
    known = {row.view_id: row for row in ViewCount.objects.filter(view__in=views, scope=scope)}
    new = [
        ViewCount(view=view, scope=scope, asker=user, asked_at=now)
        for view in views
        if view.pk not in known
    ]
    if new:
        ViewCount.objects.bulk_create(new, ignore_conflicts=True)
    old = [row.pk for row in known.values() if now - row.asked_at > NOTED_EVERY]
    if old:
        ViewCount.objects.filter(pk__in=old).update(asked_at=now, asker=user)
    return known


def refresh(now: datetime) -> int:
    """A part of the tick: how many were counted. Doubled or missed it changes nothing else."""
    ViewCount.objects.filter(asked_at__lt=now - WANTED).delete()
    due = (
        ViewCount.objects.filter(view__deleted_at=None)
        .filter(Q(counted_at=None) | Q(counted_at__lte=now - STALE))
        .select_related("view", "asker")
        .order_by(F("counted_at").asc(nulls_first=True), "pk")[:AT_ONCE]
    )
    done = 0
    for row in due:
        if scope_key(row.asker) != row.scope or not _sees(row):
            row.delete()
            continue
        ViewCount.objects.filter(pk=row.pk).update(
            count=count_for(row.view, row.asker, now), counted_at=now
        )
        done += 1
    return done


def _sees(row: ViewCount) -> bool:
    return InboxView.objects.all().visible_to(row.asker).filter(pk=row.view_id).exists()


def count_for(view: InboxView, user: User, now: datetime) -> int | None:
    """To the cap; None (unknown) for a filter that is no longer valid or takes too long."""
    found = filter_of(view.query, user, now)
    if not found.form.is_valid():
        return None
    try:
        return in_time(found.qs.order_by()[: CAP + 1].count, COUNT_MS)
    except TooSlow:
        log.warning("counting view %s took longer than %s ms", view.pk, COUNT_MS)
        return None
