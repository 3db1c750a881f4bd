"""Addresses that are told of acts."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class Webhook(models.Model):
    """An address that gets acts of the ledger whose code begins with one of `codes`.

    `after_event` is the last ledger entry that was looked at, so each act is told exactly once.
    `sealed_secret` is the signing secret, encrypted with a key made of SECRET_KEY.
    """

    name = models.CharField(max_length=100)
    url = models.URLField(max_length=500)
    codes = models.JSONField(default=list)
    sealed_secret = models.TextField()
    after_event = models.BigIntegerField(default=0)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.name


class WebhookDelivery(models.Model):
    """One act on its way to one address; claimed by a conditional UPDATE, retried, then given up.

    Invariant: unique (webhook, event).
    """

    webhook = models.ForeignKey(Webhook, on_delete=models.CASCADE, related_name="deliveries")
    event = models.ForeignKey("truscan.AuditEvent", on_delete=models.PROTECT, related_name="+")
    due_at = models.DateTimeField()
    claimed_until = models.DateTimeField(null=True)
    attempts = models.PositiveIntegerField(default=0)
    sent_at = models.DateTimeField(null=True)
    given_up_at = models.DateTimeField(null=True)
    status = models.PositiveSmallIntegerField(null=True)
    last_error = models.CharField(max_length=500, blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["webhook", "event"], name="webhook_delivery_unique")
        ]
        indexes = [
            models.Index(
                fields=["due_at"],
                name="webhook_delivery_due",
                condition=models.Q(sent_at__isnull=True, given_up_at__isnull=True),
            )
        ]
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.event} to {self.webhook}"
