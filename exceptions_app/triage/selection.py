"""What "all matching" is: the ids that matched a filter when the person looked, kept for a day."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.http import QueryDict

from exceptions_app.models.bulk import Selection
from exceptions_app.triage.inbox import InboxFilter
from exceptions_app.triage.inbox_page import matching_ids

if TYPE_CHECKING:
    from datetime import datetime

    from django.contrib.auth.models import User

# More than an estate of 1,000,000 clients shows; a filter that narrows nothing still ends.
MATCHING_MAX = 500_000
KEPT = timedelta(days=1)


def take_snapshot(user: User, query: str, now: datetime) -> Selection | None:
    """Everything that matches for this person now; None if nothing does or the filter is wrong."""
    query = query.replace("\0", "")
    found = InboxFilter(QueryDict(query), user=user, now=now)
    ids = matching_ids(found, MATCHING_MAX)
    if not ids:
        return None
    return Selection.objects.create(user=user, query=query, process_ids=ids, made_at=now)


def drop_old(now: datetime) -> int:
    """Part of the tick."""
    return Selection.objects.filter(made_at__lt=now - KEPT).delete()[0]
