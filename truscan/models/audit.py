"""The ledger."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class AuditEvent(models.Model):
    """One act, append-only and hash-chained; written only by `truscan.audit.record`.

    `canonical` is the exact text that `hash` covers together with the previous hash. A trigger
    refuses UPDATE, DELETE and TRUNCATE. Invariant: hash = SHA-256(previous hash + canonical).
    """

    at = models.DateTimeField()
    actor_name = models.CharField(max_length=255)
    actor_user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    means = models.CharField(max_length=16)
    code = models.CharField(max_length=64, db_index=True)
    object_type = models.CharField(max_length=64)
    object_id = models.CharField(max_length=64)
    object_name = models.TextField()
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    reason = models.TextField(blank=True, default="")
    canonical = models.TextField()
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64, unique=True)

    class Meta:
        indexes = [models.Index(fields=["object_type", "object_id"], name="audit_object")]
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.code} by {self.actor_name}"
