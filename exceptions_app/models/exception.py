"""Exceptions in a policy's draft."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from exceptions_app.models.policy import Policy, Response


class ProcessException(models.Model):
    """A process with a response in a policy's draft; retired rows stay as history.

    `evidence` is what was known when it was written (counts, names, path). Invariant: at most one
    that is not retired per (policy, process).
    """

    policy = models.ForeignKey(Policy, on_delete=models.PROTECT, related_name="exceptions")
    process = models.ForeignKey(
        "truscan.Process", on_delete=models.PROTECT, db_index=False, related_name="exceptions"
    )
    response = models.CharField(max_length=16, choices=Response)
    reason = models.TextField()
    author_name = models.CharField(max_length=255)
    # People are looked up from here, never the other way: no index that a bulk decision pays for.
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        db_index=False,
        related_name="+",
    )
    approver = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        db_index=False,
        related_name="+",
    )
    review_on = models.DateField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    evidence = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    retired_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["policy", "process"],
                condition=Q(retired_at__isnull=True),
                name="exception_active_unique",
            )
        ]
        indexes = [models.Index(fields=["process"], name="exception_process")]

    def __str__(self) -> str:
        return f"{self.get_response_display()} {self.process} in {self.policy}"
