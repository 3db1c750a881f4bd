"""What people say to each other about a process."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import Q

if TYPE_CHECKING:
    from datetime import datetime

# A slip is taken back at once or stays: others have read it and acted on it by then.
TAKE_BACK_WITHIN = timedelta(minutes=15)
# A name as accounts have them; the sign before it must not be inside a word, as in an address.
NAMED = re.compile(r"(?<![\w.@+-])@([\w.@+-]{1,150})")


class Comment(models.Model):
    """A plain text by one person about a process, for everybody who sees the process.

    Never edited. Taking it back empties the text and leaves the line; the ledger keeps its hash.
    Invariant: a text, or a moment at which it was taken back.
    """

    process = models.ForeignKey(
        "truscan.Process", on_delete=models.PROTECT, related_name="comments"
    )
    text = models.TextField()
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, db_index=False, related_name="+"
    )
    author_name = models.CharField(max_length=255)
    written_at = models.DateTimeField()
    taken_back_at = models.DateTimeField(null=True)
    taken_back_by_name = models.CharField(max_length=255, blank=True, default="")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(taken_back_at=None) & ~Q(text="")
                | Q(taken_back_at__isnull=False, text=""),
                name="comment_has_text",
            )
        ]
        ordering = ["id"]

    def __str__(self) -> str:
        return f"comment by {self.author_name} on {self.process}"

    @property
    def parts(self) -> list[tuple[str, bool]]:
        """The text in pieces; True for one that names a person who was told."""
        return pieces(self.text, {m.user.get_username().lower() for m in self.mentions.all()})

    def can_be_taken_back(self, now: datetime) -> bool:
        return self.taken_back_at is None and now < self.written_at + TAKE_BACK_WITHIN


def pieces(text: str, told: set[str]) -> list[tuple[str, bool]]:
    """The text cut before and after each @name of those told (in lower case)."""
    found: list[tuple[str, bool]] = []
    end = 0
    for hit in NAMED.finditer(text):
        name = next((one for one in readings(hit[1]) if one.lower() in told), None)
        if name is not None:
            found.append((text[end : hit.start()], False))
            found.append((f"@{name}", True))
            end = hit.start() + 1 + len(name)
    return [piece for piece in [*found, (text[end:], False)] if piece[0]]


def readings(word: str) -> list[str]:
    """A name as it stands, and without the full stop of its sentence."""
    return list(dict.fromkeys([word, word.rstrip(".@+-")]))


class Mention(models.Model):
    """That a comment names a person, until he says that he saw it.

    Invariant: unique (comment, user), so nobody is told twice.
    """

    comment = models.ForeignKey(Comment, on_delete=models.CASCADE, related_name="mentions")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, db_index=False, related_name="+"
    )
    seen_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["comment", "user"], name="mention_unique"),
        ]
        indexes = [
            models.Index(fields=["user", "-id"], name="mention_unseen", condition=Q(seen_at=None))
        ]
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.user} in {self.comment}"
