"""Processes that are observed."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from exceptions_app.models.decision import Decision


class Watch(models.Model):
    """Observe: no exception, keep logging, out of the way until it returns.

    Holds for a group and everything below it. `tripwires` bring it back: "until" (ISO date),
    "occurrences" (that many more), "computers" (that many more); `baseline` is what was counted
    when it began, `returned_because` why it came back. Invariant: one open per (process, group).
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
