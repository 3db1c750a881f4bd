"""What a reviewer sees of an exception in one look; a fixed number of queries for a page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db.models import Count, Q

from exceptions_app.triage.own_counts import narrow
from truscan.access.scope import group_ids
from truscan.models.counts import ProcessSummary
from truscan.models.presence import Presence

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.contrib.auth.models import AbstractBaseUser

    from exceptions_app.models.exception import ProcessException


@dataclass(frozen=True, slots=True)
class Review:
    """An exception with its evidence. Counts are those of the groups that the person sees; no
    `summary` means that no log that he sees names it. Of the computers that had the file, `with_it`
    showed it within the days asked for, `without` were heard since then without it, and `silent`
    were not heard, which proves nothing."""

    row: ProcessException
    summary: ProcessSummary | None
    with_it: int
    without: int
    silent: int
    is_due: bool
    is_expired: bool

    @property
    def computers(self) -> int:
        return self.with_it + self.without + self.silent

    @property
    def since_decision(self) -> int | None:
        """Occurrences since the evidence was written; None if either side is unknown."""
        then = self.row.evidence.get("occurrences")
        if self.summary is None or not isinstance(then, int):
            return None
        return max(self.summary.occurrences - then, 0)


def reviews_of(
    rows: Sequence[ProcessException], user: AbstractBaseUser, now: datetime, days: int
) -> list[Review]:
    """In the order given."""
    ids, since = group_ids(user), now - timedelta(days=days)
    processes = {row.process_id for row in rows}
    summaries = list(ProcessSummary.objects.filter(process__in=processes))
    narrow(summaries, ids)
    known = {s.pk: s for s in summaries if ids is None or s.computers}
    told = _computers(processes, user, since)
    today = now.astimezone(UTC).date()
    return [
        Review(
            row,
            known.get(row.process_id),
            *told.get(row.process_id, (0, 0, 0)),
            is_due=row.review_on is not None and row.review_on <= today,
            is_expired=row.expires_at is not None and row.expires_at <= now,
        )
        for row in rows
    ]


def _computers(
    processes: set[int], user: AbstractBaseUser, since: datetime
) -> dict[int, tuple[int, int, int]]:
    """By process: computers with it since then, heard without it, and silent."""
    had = Presence.objects.visible_to(user).filter(process__in=processes).order_by()
    fresh, spoke = Q(last_at__gt=since), Q(computer__last_heard_at__gt=since)

    def counted(where: Q) -> Any:
        return Count("computer", distinct=True, filter=where)

    rows = had.values("process").annotate(
        of=Count("computer", distinct=True), fresh=counted(fresh), heard=counted(fresh | spoke)
    )
    return {
        pk: (fresh, heard - fresh, of - heard)
        for pk, of, fresh, heard in rows.values_list("process", "of", "fresh", "heard")
    }
