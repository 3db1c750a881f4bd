"""Messages on their way out."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class OutboxMessage(models.Model):
    """A message that must leave exactly once, written in the transaction of its cause.

    `key` names the cause (plan, step, kind, date), so that a doubled tick writes one row; a sender
    claims a due row by a conditional UPDATE of `claimed_until`. Invariant: key is unique.
    """

    class Channel(models.TextChoices):
        EMAIL = "email", "E-mail"
        PAGE = "page", "On the page"
        WEBHOOK = "webhook", "Told to webhooks"

    key = models.CharField(max_length=255, unique=True)
    channel = models.CharField(max_length=16, choices=Channel)
    recipient = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, related_name="messages"
    )
    address = models.CharField(max_length=320, blank=True, default="")
    subject = models.CharField(max_length=255)
    body = models.TextField()
    link = models.CharField(max_length=512, blank=True, default="")
    plan = models.ForeignKey(
        "truscan.RampPlan", on_delete=models.CASCADE, null=True, related_name="messages"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    due_at = models.DateTimeField()
    claimed_until = models.DateTimeField(null=True)
    attempts = models.PositiveIntegerField(default=0)
    sent_at = models.DateTimeField(null=True)
    read_at = models.DateTimeField(null=True)
    last_error = models.TextField(blank=True, default="")

    class Meta:
        indexes = [
            models.Index(
                fields=["due_at"], name="outbox_due", condition=models.Q(sent_at__isnull=True)
            )
        ]

    def __str__(self) -> str:
        return self.subject


class Heartbeat(models.Model):
    """When a part of the system last showed life: beat, worker. Invariant: name is unique."""

    name = models.CharField(max_length=64, unique=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name}: {self.at:%Y-%m-%d %H:%M:%S}"
