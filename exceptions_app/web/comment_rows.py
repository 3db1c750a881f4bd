"""The comments on a process as one person sees them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils import timezone

from exceptions_app.triage.comments import TEXT_MAX
from truscan.access.scope import sees_whole_estate
from truscan.models.process import Process

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from exceptions_app.models.comment import Comment

SHOWN = 100


def comments_of(user: User, process: Process) -> dict[str, Any]:
    """What `_comments.html` shows: the newest hundred, the oldest of them first."""
    rows = process.comments.prefetch_related("mentions__user").order_by("-pk")
    found = list(rows[: SHOWN + 1])
    administers = sees_whole_estate(user, "administrator")
    return {
        "comments": [
            (row, _may_take_back(user, row, administers)) for row in reversed(found[:SHOWN])
        ],
        "older": len(found) > SHOWN,
        "may_comment": may_comment(user, process),
        "text_max": TEXT_MAX,
    }


def may_comment(user: User, process: Process) -> bool:
    return Process.objects.filter(pk=process.pk).visible_to(user, "analyst").exists()


def _may_take_back(user: User, row: Comment, administers: bool) -> bool:
    if row.taken_back_at is not None:
        return False
    return administers or (row.author_id == user.pk and row.can_be_taken_back(timezone.now()))
