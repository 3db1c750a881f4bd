"""What waits for one person: the page and its API twin show the same lists, each cut at fifty."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from exceptions_app.life import reviews
from exceptions_app.models.approval import ApprovalRequest
from exceptions_app.models.comment import Mention
from exceptions_app.policies.approval import may_settle, why_not
from truscan.access.actor import Actor
from truscan.models.process import Process

if TYPE_CHECKING:
    from datetime import datetime

    from django.contrib.auth.models import User
    from django.db.models import QuerySet

    from exceptions_app.models.exception import ProcessException

SHOWN = 50
# Of so many open requests those are found that wait for the person: each asks where it reaches.
LOOKED_THROUGH = 100


@dataclass(frozen=True, slots=True)
class MyWork:
    """`to_approve` are requests that the person may settle himself, `asked` his own open ones."""

    mentions: list[Mention]
    to_approve: list[ApprovalRequest]
    asked: list[ApprovalRequest]
    reviews: list[ProcessException]

    @property
    def total(self) -> int:
        lists = (self.mentions, self.to_approve, self.reviews)
        return sum(len(rows) for rows in lists)


def my_work(user: User, now: datetime) -> MyWork:
    waiting = ApprovalRequest.objects.filter(state=ApprovalRequest.State.OPEN)
    mine = reviews.mine(reviews.seen_exceptions(user), user)
    return MyWork(
        mentions=list(unseen_mentions(user).select_related("comment__process")[:SHOWN]),
        to_approve=to_approve(user)[:SHOWN],
        asked=list(waiting.filter(requester_id=user.pk)[:SHOWN]),
        reviews=list(reviews.in_tab(mine, "due", now).select_related("policy", "process")[:SHOWN]),
    )


def unseen_mentions(user: User) -> QuerySet[Mention]:
    """Newest first; those on processes that the person no longer sees are left out."""
    seen = Process.objects.visible_to(user).values("pk")
    rows = Mention.objects.filter(user_id=user.pk, seen_at=None, comment__process__in=seen)
    return rows.prefetch_related("comment__mentions__user")


def to_approve(user: User) -> list[ApprovalRequest]:
    """Open requests that the person may carry out: his role reaches, and he is a second person."""
    rows = ApprovalRequest.objects.visible_to(user).filter(state=ApprovalRequest.State.OPEN)
    actor = Actor.on_web(user)
    found = rows.exclude(requester_id=user.pk).prefetch_related("policies")[:LOOKED_THROUGH]
    return [row for row in found if may_settle(user, row) and not why_not(row, actor)]
