"""What waits for one person: the page and its API twin show the same lists, each cut at fifty."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db.models import Exists, OuterRef, Q

from exceptions_app.life import reviews
from exceptions_app.models.approval import ApprovalRequest
from exceptions_app.models.claim import Claim
from exceptions_app.models.comment import Mention
from exceptions_app.policies.approval import may_settle, why_not
from exceptions_app.triage.ageing import targets
from exceptions_app.triage.inbox import CAP, InboxFilter
from truscan.access.actor import Actor
from truscan.models.counts import Sighting
from truscan.models.process import Process

if TYPE_CHECKING:
    from datetime import datetime

    from django.contrib.auth.models import User
    from django.db.models import QuerySet

    from exceptions_app.models.exception import ProcessException

SHOWN = 50
TOLD_FOR = timedelta(days=7)
State = ApprovalRequest.State
# Of so many open requests those are found that wait for the person: each asks where it reaches.
LOOKED_THROUGH = 100


@dataclass(frozen=True, slots=True)
class MyWork:
    """`to_approve` are requests that the person may settle himself, `asked` his own: those that
    wait, and for a week those that somebody answered or that expired."""

    mentions: list[Mention]
    to_approve: list[ApprovalRequest]
    asked: list[ApprovalRequest]
    reviews: list[ProcessException]
    claims: list[Claim]
    overdue: int

    @property
    def total(self) -> int:
        """Overdue ones wait for anybody, so they are not counted as the person's own."""
        lists = (self.mentions, self.to_approve, self.reviews, self.claims)
        return sum(len(rows) for rows in lists)


def my_work(user: User, now: datetime) -> MyWork:
    mine = reviews.mine(reviews.seen_exceptions(user), user)
    return MyWork(
        mentions=list(unseen_mentions(user).select_related("comment__process")[:SHOWN]),
        to_approve=to_approve(user)[:SHOWN],
        asked=list(_asked(user, now)[:SHOWN]),
        reviews=list(reviews.in_tab(mine, "due", now).select_related("policy", "process")[:SHOWN]),
        claims=list(open_claims(user, now)[:SHOWN]),
        overdue=overdue_count(user, now),
    )


def _asked(user: User, now: datetime) -> QuerySet[ApprovalRequest]:
    """Newest first; what he took back himself needs no telling."""
    rows = ApprovalRequest.objects.filter(requester_id=user.pk)
    answered = Q(settled_at__gt=now - TOLD_FOR) & ~Q(state=State.WITHDRAWN)
    return rows.filter(Q(state=State.OPEN) | answered)


def open_claims(user: User, now: datetime) -> QuerySet[Claim]:
    """What the person claimed and nobody has decided, the claim that ends first before others."""
    waiting = Sighting.objects.visible_to(user).open(now).filter(process=OuterRef("process"))
    rows = Claim.objects.filter(Exists(waiting), user_id=user.pk, until__gt=now)
    return rows.select_related("process").order_by("until", "process")


def overdue_count(user: User, now: datetime) -> int:
    """Open processes of the person's groups that wait longer than their class may, to the cap."""
    if not targets():
        return 0
    found = InboxFilter({"overdue": "yes"}, user=user, now=now)
    return found.qs.order_by()[: CAP + 1].count()


def mentions_of(user: User) -> QuerySet[Mention]:
    """What the person has not put away, on whatever process."""
    return Mention.objects.filter(user_id=user.pk, seen_at=None)


def unseen_mentions(user: User) -> QuerySet[Mention]:
    """Newest first; those on processes that the person no longer sees are left out."""
    seen = Process.objects.visible_to(user).values("pk")
    rows = mentions_of(user).filter(comment__process__in=seen)
    return rows.prefetch_related("comment__mentions__user")


def to_approve(user: User) -> list[ApprovalRequest]:
    """Open requests that the person may carry out: his role reaches, and he is a second person."""
    rows = ApprovalRequest.objects.visible_to(user).filter(state=ApprovalRequest.State.OPEN)
    actor = Actor.on_web(user)
    found = rows.exclude(requester_id=user.pk).prefetch_related("policies")[:LOOKED_THROUGH]
    return [row for row in found if may_settle(user, row) and not why_not(row, actor)]
