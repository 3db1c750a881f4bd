"""The one write path of comments and their mentions."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models.functions import Lower

from exceptions_app.errors import BadValue, NothingChosen, TooLate
from exceptions_app.models.comment import NAMED, TAKE_BACK_WITHIN, Comment, Mention, readings
from truscan import audit
from truscan.access.audience import people_who_see

if TYPE_CHECKING:
    from datetime import datetime

    from django.contrib.auth.models import User

    from truscan.access.actor import Actor
    from truscan.models.process import Process

TEXT_MAX = 4_000
# Who names more people than that wants a meeting.
NAMED_MAX = 20
# Control characters say nothing to a reader; lines and tabs do.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


@transaction.atomic
def add_comment(
    *, actor: Actor, author: User, process: Process, text: str, now: datetime
) -> Comment:
    """Write a comment, and tell the people whom it names with @ and who see the process.

    A name of nobody who sees it is plain text. Whoever answers has seen where he was named.
    Raises NothingChosen for an empty text, BadValue beyond 4,000 characters.
    """
    text = _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).strip()
    if not text:
        raise NothingChosen("Write something: an empty comment says nothing.")
    if len(text) > TEXT_MAX:
        raise BadValue(
            f"A comment has at most {TEXT_MAX:,} characters; this one has {len(text):,}."
        )
    comment = Comment.objects.create(
        process=process, text=text, author=author, author_name=actor.name, written_at=now
    )
    named = [person for person in named_in(text, process) if person.pk != author.pk]
    Mention.objects.bulk_create(Mention(comment=comment, user=person) for person in named)
    Mention.objects.filter(user=author, comment__process=process, seen_at=None).update(seen_at=now)
    said = {
        "comment": comment.pk,
        "sha256": hashlib.sha256(text.encode()).hexdigest(),
        "mentions": [person.get_username() for person in named],
    }
    audit.record("comment.written", actor=actor, obj=process, after=said)
    return comment


def named_in(text: str, process: Process) -> list[User]:
    """People whom the text names and who see the process, by name."""
    words = [found[1] for found in NAMED.finditer(text)][:NAMED_MAX]
    keys = {one.lower() for word in words for one in readings(word)}
    if not keys:
        return []
    people = people_who_see(process).annotate(key=Lower("username"))
    return list(people.filter(key__in=keys)[:NAMED_MAX])


@transaction.atomic
def take_back(
    *, actor: Actor, comment: Comment, now: datetime, at_any_time: bool = False
) -> Comment:
    """Empty one's own comment within 15 minutes; idempotent. Nobody is told of it any more.

    `at_any_time` is for an administrator: what must not stand there goes later too. The view
    asks whether the person may. Raises TooLate.
    """
    row = (
        Comment.objects.select_for_update(of=("self",)).select_related("process").get(pk=comment.pk)
    )
    if row.taken_back_at is not None:
        return row
    if not at_any_time and not row.can_be_taken_back(now):
        minutes = int(TAKE_BACK_WITHIN.total_seconds()) // 60
        raise TooLate(
            f"A comment is taken back within {minutes} minutes; others may have acted on this one."
            " Write another one that corrects it."
        )
    row.text, row.taken_back_at, row.taken_back_by_name = "", now, actor.name
    row.save(update_fields=["text", "taken_back_at", "taken_back_by_name"])
    row.mentions.all().delete()
    said = {"comment": row.pk, "author": row.author_name}
    audit.record("comment.taken_back", actor=actor, obj=row.process, before=said)
    return row


@transaction.atomic
def see_mentions(*, user: User, mentions: list[int], now: datetime) -> int:
    """The person saw these; how many were new to him. What one read oneself is no act to audit."""
    return Mention.objects.filter(user=user, pk__in=mentions, seen_at=None).update(seen_at=now)
