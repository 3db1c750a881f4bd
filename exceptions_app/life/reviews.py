"""Which exceptions ask for a look: due, expiring, unused, dead. Found in sets, from the summaries.

Unused: no row of any hash of the file within N days (forced and now-allowed rows, which exceptions
cause, count), while clients of a group where the policy holds were heard. Dead: moreover, stored
presence knows computers that had the file, and at least one of them was heard since without it.
A silent client proves nothing, so where nobody was heard nothing is proposed.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from django.db.models import Exists, OuterRef

from exceptions_app.models.exception import ProcessException
from exceptions_app.models.policy import Policy
from exceptions_app.policies.effective import policies_in_force
from exceptions_app.triage.kin import kin_ids
from truscan.models.counts import ProcessSummary
from truscan.models.estate import Computer
from truscan.models.presence import Presence
from truscan.models.process import SameFile

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser
    from django.db.models import QuerySet

# A quarter: programs that run once a month, or at the end of one, are seen within it.
DAYS = 90
LEAST_DAYS, MOST_DAYS = 7, 730
EXPIRING = timedelta(days=30)
TABS = {"due": "Due", "expiring": "Expiring", "unused": "Unused", "dead": "Dead"}


def seen_exceptions(user: AbstractBaseUser) -> QuerySet[ProcessException]:
    """Active exceptions of the policies that the person sees."""
    policies = Policy.objects.visible_to(user).values("pk")
    return ProcessException.objects.filter(retired_at=None, policy__in=policies)


def in_tab(
    rows: QuerySet[ProcessException], tab: str, now: datetime, days: int = DAYS
) -> QuerySet[ProcessException]:
    """Those of a tab, the most urgent first; any other word gives them all by id."""
    if tab == "due":
        return rows.filter(review_on__lte=now.astimezone(UTC).date()).order_by("review_on", "pk")
    if tab == "expiring":
        return rows.filter(expires_at__lte=now + EXPIRING).order_by("expires_at", "pk")
    if tab == "unused":
        return unused(rows, now - timedelta(days=days)).order_by("created_at", "pk")
    if tab == "dead":
        return dead(rows, now - timedelta(days=days)).order_by("created_at", "pk")
    return rows.order_by("pk")


def unused(rows: QuerySet[ProcessException], since: datetime) -> QuerySet[ProcessException]:
    """Decided before `since`, and without a match after it where clients were heard after it."""
    matched = ProcessSummary.objects.filter(process=OuterRef("process"), last_at__gt=since)
    found = rows.filter(~Exists(matched), created_at__lte=since, policy__in=heard_policies(since))
    return found.exclude(process__in=_seen_by_another_hash(since))


def dead(rows: QuerySet[ProcessException], since: datetime) -> QuerySet[ProcessException]:
    """Unused, on no computer after `since`, and a computer that had it was heard after it."""
    had = Presence.objects.filter(process=OuterRef("process"))
    spoke = had.filter(computer__last_heard_at__gt=since)
    return unused(rows, since).filter(Exists(spoke), ~Exists(had.filter(last_at__gt=since)))


def heard_policies(since: datetime) -> set[int]:
    """Policies of groups from which a client was heard after `since`."""
    heard = Computer.objects.filter(last_heard_at__gt=since, group__isnull=False)
    groups = sorted(set(heard.order_by().values_list("group_id", flat=True).distinct()))
    return {row.policy_id for row in policies_in_force(groups) if row.policy_id is not None}


def _seen_by_another_hash(since: datetime) -> set[int]:
    """Processes with another hash of the same file that matched after `since`."""
    pairs = SameFile.objects.values_list("first_id", "second_id")
    linked = {pk for pair in pairs for pk in pair}
    fresh = ProcessSummary.objects.filter(process__in=linked, last_at__gt=since)
    matched = set(fresh.values_list("process_id", flat=True)) if linked else set()
    return {pk for pk, kin in kin_ids(sorted(linked)) if kin in matched}


def mine(rows: QuerySet[ProcessException], user: AbstractBaseUser) -> QuerySet[ProcessException]:
    return rows.filter(owner_id=user.pk)
