"""Acts that wait for a second person."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from exceptions_app.models.policy import Policy
from exceptions_app.scope import ApprovalQuerySet
from truscan.models.estate import Group


class ApprovalRequest(models.Model):
    """An act that somebody asked for, and that somebody else carries out or declines.

    `act` is a word of `exceptions_app.policies.approval.ACTS`, `asked` what that act needs to be
    carried out, `because` why one person is not enough. `digest` is the hash of what the requester
    saw: when it differs at the moment of approval, the request is out of date. After `expires_at`
    nobody approves it any more. `groups` are those that it touches beside those of its policies.
    Invariant: at most one open per (act, subject); an approved one was settled by another person
    than asked.
    """

    class State(models.TextChoices):
        OPEN = "open", "Waiting"
        APPROVED = "approved", "Approved"
        DECLINED = "declined", "Declined"
        WITHDRAWN = "withdrawn", "Withdrawn"
        EXPIRED = "expired", "Expired"

    act = models.CharField(max_length=32)
    subject = models.CharField(max_length=64)
    title = models.CharField(max_length=512)
    policies = models.ManyToManyField(Policy, related_name="approval_requests")
    groups = models.ManyToManyField(Group, related_name="+")
    asked = models.JSONField(default=dict)
    because = models.JSONField(default=list)
    digest = models.CharField(max_length=64)
    reason = models.TextField(blank=True, default="")
    requester_name = models.CharField(max_length=255)
    requester = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    requested_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)
    state = models.CharField(max_length=16, choices=State, default=State.OPEN)
    settled_by_name = models.CharField(max_length=255, blank=True, default="")
    settled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    settled_at = models.DateTimeField(null=True)
    comment = models.TextField(blank=True, default="")
    result = models.JSONField(default=dict)

    objects = ApprovalQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["act", "subject"], condition=Q(state="open"), name="approval_open_unique"
            ),
            models.CheckConstraint(
                condition=~Q(state="approved")
                | (Q(settled_by__isnull=False) & ~Q(settled_by=models.F("requester")))
                | Q(settled_by__isnull=False, requester__isnull=True),
                name="approval_second_person",
            ),
        ]
        indexes = [models.Index(fields=["state", "-id"], name="approval_state")]
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.title

    @property
    def is_open(self) -> bool:
        return self.state == self.State.OPEN
