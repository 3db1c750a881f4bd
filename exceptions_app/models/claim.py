"""Who looks at a process just now, and how long a class may wait."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class Claim(models.Model):
    """That a person looks at a process, until a moment; others see it and are not kept from it.

    Taken by one conditional statement, so that of two at once one wins; a claim whose time is over
    is free. Invariant: one row per process.
    """

    process = models.OneToOneField(
        "truscan.Process", on_delete=models.PROTECT, primary_key=True, related_name="claim"
    )
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    user_name = models.CharField(max_length=255)
    claimed_at = models.DateTimeField()
    until = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.process} claimed by {self.user_name}"


class ClassTarget(models.Model):
    """In how many days after it was first seen a process of a class shall be decided.

    A class without a row may wait. Invariant: one row per class.
    """

    risk_class = models.CharField(max_length=32, unique=True)
    days = models.PositiveSmallIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(days__gte=1), name="class_target_days")
        ]
        ordering = ["risk_class"]

    def __str__(self) -> str:
        return f"{self.risk_class}: {self.days} days"
