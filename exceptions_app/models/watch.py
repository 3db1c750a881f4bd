"""Processes that are observed."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q

from exceptions_app.models.decision import Decision

# What can grow under observation, and how it is said: one, many.
SAID = {
    "occurrences": ("more detection", "more detections"),
    "computers": ("more computer", "more computers"),
    "groups": ("new group", "new groups"),
    "hashes": ("new hash of the same program", "new hashes of the same program"),
}


def more(word: str, grown: int) -> str:
    """ "12 more detections"."""
    one, many = SAID[word]
    return f"{grown:,} {one if grown == 1 else many}"


class Watch(models.Model):
    """Observe: no exception, keep logging, out of the way until it returns.

    Holds for a group and everything below it. `until` or `tripwires` (that many more
    "occurrences", "computers", "groups", "hashes" of the same program) bring it back; `baseline`
    is what was counted when it began, `returned_because` why it came back, `changes` what grew
    since. Invariant: one open per (process, group).
    """

    process = models.ForeignKey("truscan.Process", on_delete=models.PROTECT, related_name="watches")
    group = models.ForeignKey("truscan.Group", on_delete=models.PROTECT, related_name="watches")
    decision = models.ForeignKey(Decision, on_delete=models.PROTECT, related_name="watches")
    reason = models.TextField()
    until = models.DateTimeField(null=True)
    tripwires = models.JSONField(default=dict)
    baseline = models.JSONField(default=dict)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    changes = models.JSONField(default=dict)
    returned_because = models.CharField(max_length=255, blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["process", "group"],
                condition=Q(ended_at__isnull=True),
                name="watch_open_unique",
            )
        ]
        verbose_name_plural = "watches"

    def __str__(self) -> str:
        return f"observe {self.process} in {self.group}"

    @property
    def changed(self) -> list[str]:
        """What grew since it began, as it was when it came back; newest groups and hashes named."""
        return _in_words(self.changes)

    @property
    def waits_for(self) -> list[str]:
        """The tripwires in words: "10 more detections"."""
        return [more(word, self.tripwires[word]) for word in SAID if word in self.tripwires]


def _in_words(changes: dict[str, Any]) -> list[str]:
    told = []
    for word in SAID:
        if changes.get(word):
            names = ", ".join(changes.get(f"new_{word}", ()))
            told.append(more(word, changes[word]) + (f": {names}" if names else ""))
    return told
