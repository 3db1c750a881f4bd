"""Who fetched what was published."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from exceptions_app.models.policy import Revision


class ExportRecord(models.Model):
    """That somebody fetched a revision in a form, by a means: when first and last, and how often.

    A fetch that found nothing new (304) counts at most once a minute, so that polling costs no
    writes. Invariant: one row per (revision, target, fetcher's name, means).
    """

    revision = models.ForeignKey(Revision, on_delete=models.PROTECT, related_name="fetches")
    target = models.CharField(max_length=32)
    fetcher_name = models.CharField(max_length=255)
    fetcher = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    means = models.CharField(max_length=16)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    count = models.PositiveBigIntegerField(default=1)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["revision", "target", "fetcher_name", "means"], name="export_record_unique"
            )
        ]
        ordering = ["revision_id", "-last_at"]

    def __str__(self) -> str:
        return f"{self.revision} as {self.target} by {self.fetcher_name}"
