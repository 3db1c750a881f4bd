"""Layers: a policy may include the rules of another one, which SEPM does not know of."""

from __future__ import annotations

from django.db import models

from exceptions_app.models.exception import ProcessException
from exceptions_app.models.policy import Policy


class BaseSet(models.Model):
    """The base of a policy, whose own exceptions lie over it.

    SEPM knows no layers, so what the base holds is written into the policy's draft by an act that a
    person starts.

    Invariant: one base per policy; a base has no base itself.
    """

    policy = models.OneToOneField(
        Policy, on_delete=models.PROTECT, primary_key=True, related_name="base_set"
    )
    base = models.ForeignKey(Policy, on_delete=models.PROTECT, related_name="overlays")
    set_by_name = models.CharField(max_length=255)
    set_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.policy} over {self.base}"


class TakenOver(models.Model):
    """An exception that is in a draft because the base has one, and which.

    What a person removes or overrules stays so: the row remains with the retired exception.
    Invariant: one per exception.
    """

    exception = models.OneToOneField(
        ProcessException, on_delete=models.CASCADE, primary_key=True, related_name="taken_over"
    )
    source = models.ForeignKey(ProcessException, on_delete=models.CASCADE, related_name="+")

    def __str__(self) -> str:
        return f"{self.exception} from {self.source}"
