"""Reminders to owners: reviews that are due and expiries that come, one message a person and day.

What was told is noted with the message in one transaction, and both have unique keys: doubled
beats write one message, and a beat that slept tells what still matters.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.urls import reverse

from exceptions_app.models.exception import LifeNotice, ProcessException
from truscan.delivery import outbox
from truscan.models.access import PersonSettings
from truscan.models.delivery import OutboxMessage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.contrib.auth.models import User
    from django.db.models import QuerySet

# Long enough to renew it and to publish the renewal before clients lose it.
EXPIRY_NOTICE = timedelta(days=14)
OFFICE_HOUR = 9
NAMED = 10


def tick(now: datetime) -> int:
    """Write the messages that are due at `now`; how many."""
    by_owner: dict[User, list[tuple[ProcessException, str]]] = defaultdict(list)
    for kind, rows in (("review", _reviews(now)), ("expiry", _expiries(now))):
        told = LifeNotice.objects.filter(
            exception=OuterRef("pk"), owner=OuterRef("owner"), kind=kind
        )
        fresh = rows.filter(~Exists(told)).select_related("owner", "process", "policy")
        for row in fresh.defer("evidence", "reason"):
            if row.owner is not None:
                by_owner[row.owner].append((row, kind))
    zones = dict(
        PersonSettings.objects.filter(user__in=by_owner).values_list("user_id", "timezone")
    )
    return sum(
        _tell(owner, news, now.astimezone(ZoneInfo(zones.get(owner.pk, "UTC"))))
        for owner, news in by_owner.items()
    )


def _owned() -> QuerySet[ProcessException]:
    people = Q(owner__is_active=True) & ~Q(owner__email="")
    return ProcessException.objects.filter(people, retired_at=None)


def _reviews(now: datetime) -> QuerySet[ProcessException]:
    return _owned().filter(review_on__lte=now.astimezone(UTC).date()).order_by("review_on", "pk")


def _expiries(now: datetime) -> QuerySet[ProcessException]:
    """Those ahead only: what has expired is told by the ledger and on the page."""
    coming = _owned().filter(expires_at__gt=now, expires_at__lte=now + EXPIRY_NOTICE)
    return coming.order_by("expires_at", "pk")


@transaction.atomic
def _tell(owner: User, news: Sequence[tuple[ProcessException, str]], local: datetime) -> int:
    """One message from 09:00 of the person's day; what comes later waits for tomorrow."""
    if local.hour < OFFICE_HOUR:
        return 0
    path = reverse("review-list") + "?owner=me"
    message = OutboxMessage(
        key=f"reviews:{local.date().isoformat()}:email:{owner.pk}",
        channel=OutboxMessage.Channel.EMAIL,
        recipient=owner,
        address=owner.email,
        subject=_subject(news),
        body=_body(news, settings.BASE_URL + path),
        link=path,
        due_at=local.astimezone(UTC),
    )
    if not outbox.put([message]):
        return 0
    LifeNotice.objects.bulk_create(
        [LifeNotice(exception=row, owner=owner, kind=kind, told_at=local) for row, kind in news]
    )
    return 1


def _subject(news: Sequence[tuple[ProcessException, str]]) -> str:
    due = sum(1 for _, kind in news if kind == "review")
    coming = len(news) - due
    parts = [f"{due:,} to review"] * bool(due) + [f"{coming:,} will expire"] * bool(coming)
    return f"Exceptions of yours: {', '.join(parts)}"


def _body(news: Sequence[tuple[ProcessException, str]], address: str) -> str:
    lines = [
        f"- {row}: review due since {row.review_on}"
        if kind == "review"
        else f"- {row}: expires {row.expires_at:%Y-%m-%d %H:%M} UTC; what that will do:"
        f" {settings.BASE_URL}{reverse('review-end', args=[row.pk])}"
        for row, kind in news[:NAMED]
    ]
    if len(news) > NAMED:
        lines.append(f"and {len(news) - NAMED:,} more")
    said = "Look at the evidence, then keep, remove or hand over each of them:"
    return "\n".join([*lines, "", said, address, ""])
