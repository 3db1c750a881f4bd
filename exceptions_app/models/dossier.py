"""What a ramp plan came to, sealed."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class Dossier(models.Model):
    """The record of a ramp plan at its last level or after it: numbered, canonical JSON, signed.

    `canonical` holds no clock of its own, so that the same state gives the same text; who sealed it
    and when stands beside it and in the ledger, whose head then is `ledger_head`. A trigger refuses
    UPDATE and DELETE. Invariant: unique (plan, number), numbers from 1.
    """

    plan = models.ForeignKey(
        "truscan.RampPlan", on_delete=models.PROTECT, db_index=False, related_name="dossiers"
    )
    number = models.PositiveIntegerField()
    canonical = models.TextField()
    sha256 = models.CharField(max_length=64)
    # Base64 of the Ed25519 signature of the canonical text and of the raw public key; "": unsigned.
    signature = models.CharField(max_length=88, default="", editable=False)
    public_key = models.CharField(max_length=44, default="", editable=False)
    ledger_head = models.CharField(max_length=64)
    sealed_at = models.DateTimeField()
    actor_name = models.CharField(max_length=255)
    actor_user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        db_index=False,
        related_name="+",
    )
    means = models.CharField(max_length=16)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["plan", "number"], name="dossier_number_unique")
        ]
        ordering = ["plan_id", "-number"]

    def __str__(self) -> str:
        return f"dossier {self.number} of {self.plan}"
