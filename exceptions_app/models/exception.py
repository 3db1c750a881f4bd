"""Exceptions in a policy's draft."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from exceptions_app.models.policy import Policy, Response


class ProcessException(models.Model):
    """A process with a response in a policy's draft; retired rows stay as history.

    `evidence` is what was known when it was written (counts, names, path). Its owner, at first the
    author, is reminded of the review and of the expiry. `expiry_noted_at` is set once, when the
    ledger told of the expiry. Invariant: at most one that is not retired per (policy, process).
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
    owner = models.ForeignKey(
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
    expiry_noted_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["policy", "process"],
                condition=Q(retired_at__isnull=True),
                name="exception_active_unique",
            )
        ]
        # The two dates are indexed only where they are set: bulk decisions seldom set them.
        indexes = [
            # With what a list shows of them: a common process has one in hundreds of policies.
            models.Index(
                fields=["process"],
                include=["response", "policy", "retired_at"],
                name="exception_of_process",
            ),
            models.Index(
                fields=["review_on"],
                name="exception_review",
                condition=Q(retired_at__isnull=True, review_on__isnull=False),
            ),
            models.Index(
                fields=["expires_at"],
                name="exception_expiry",
                condition=Q(retired_at__isnull=True, expires_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_response_display()} {self.process} in {self.policy}"


class LifeNotice(models.Model):
    """That an owner was told of the review or of the expiry of an exception on a date.

    Written with the message that told it. Invariant: unique, so nobody is told twice.
    """

    class Kind(models.TextChoices):
        REVIEW = "review", "Review"
        EXPIRY = "expiry", "Expiry"

    exception = models.ForeignKey(
        ProcessException, on_delete=models.CASCADE, db_index=False, related_name="notices"
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, db_index=False, related_name="+"
    )
    kind = models.CharField(max_length=8, choices=Kind)
    told_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["exception", "kind", "owner"], name="life_notice_unique"
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of exception {self.exception_id}"
