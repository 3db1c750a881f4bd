"""The beat's part of effect: each policy judged some times a day, for the page of all of them."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db.models import F, OuterRef, Q, Subquery

from exceptions_app.arrival.effect import counted_effect, heartbeat
from exceptions_app.export.whose import exportable
from exceptions_app.models.arrival import EffectCount
from exceptions_app.models.policy import Policy, Revision
from exceptions_app.policies.publish import latest

if TYPE_CHECKING:
    from datetime import datetime

    from django.contrib.auth.models import AbstractBaseUser
    from django.db.models import QuerySet

# Counts are of whole days, so more often would say the same but for late logs.
STALE = timedelta(hours=6)
AT_ONCE = 20
SECONDS = 2.0
SHOWN = 100


def tick(now: datetime) -> int:
    """Judge the policies that are due, the oldest judgement first; how many.

    Due is one whose newest revision had its heartbeat and was not judged in the last six hours.
    Doubled, late or missed it changes nothing else: what is written is what is found now.
    """
    newest = Revision.objects.filter(policy=OuterRef("pk")).order_by("-number")
    arrived = newest.filter(published_at__lte=now - heartbeat()).values("number")[:1]
    due = (
        Policy.objects.alias(newest=Subquery(newest.values("number")[:1]))
        .filter(newest=Subquery(arrived))
        .filter(
            Q(effect_count=None)
            | Q(effect_count__judged_at__lte=now - STALE)
            | ~Q(effect_count__revision_number=F("newest"))
        )
        .order_by(F("effect_count__judged_at").asc(nulls_first=True), "pk")
    )
    started, done = time.monotonic(), 0
    for policy in due[:AT_ONCE]:
        if time.monotonic() - started > SECONDS:
            break
        done += _judge(policy, now)
    return done


def _judge(policy: Policy, now: datetime) -> bool:
    revision = latest(policy)
    if revision is None:
        return False
    failing, unclear, stopping = counted_effect(policy, revision, now)
    EffectCount.objects.update_or_create(
        policy=policy,
        defaults={
            "revision_number": revision.number,
            "failing": failing,
            "unclear": unclear,
            "stopping": stopping,
            "judged_at": now,
        },
    )
    return True


def failing_policies(user: AbstractBaseUser) -> QuerySet[EffectCount]:
    """Of the policies that the person sees whole, those with rules that do not take effect, the
    worst first: a number would tell of groups that are out of scope."""
    mine, _ = exportable(user)
    rows = EffectCount.objects.filter(policy__in=mine, failing__gt=0).select_related("policy")
    return rows.order_by("-failing", "policy__name")[:SHOWN]
