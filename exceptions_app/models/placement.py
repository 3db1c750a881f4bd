"""Where policies were, and who inherited: every change, so that any date can be told."""

from __future__ import annotations

from django.db import models

from exceptions_app.models.policy import Policy


class Placement(models.Model):
    """From this moment on the policy (null: none any more) was on the group or its location.

    `audit_event` is the line of the ledger that tells the same; null for what was there before
    this history was kept. Append-only. Invariant: the newest of a place is its assignment.
    """

    group = models.ForeignKey("truscan.Group", on_delete=models.PROTECT, related_name="placements")
    location = models.ForeignKey(
        "truscan.Location", on_delete=models.PROTECT, null=True, related_name="+"
    )
    policy = models.ForeignKey(
        Policy, on_delete=models.PROTECT, null=True, related_name="placements"
    )
    at = models.DateTimeField()
    audit_event = models.ForeignKey(
        "truscan.AuditEvent", on_delete=models.PROTECT, null=True, related_name="+"
    )

    class Meta:
        indexes = [models.Index(fields=["group", "location", "-at"], name="placement_place")]

    def __str__(self) -> str:
        return f"{self.policy or 'no policy'} on {self.group}"


class InheritanceChange(models.Model):
    """From this moment on the group inherited, or did not; `was` is what held before.

    Append-only. Invariant: the newest of a group is what the group says.
    """

    group = models.ForeignKey(
        "truscan.Group", on_delete=models.PROTECT, related_name="inheritance_changes"
    )
    inherits = models.BooleanField()
    was = models.BooleanField()
    at = models.DateTimeField()
    audit_event = models.ForeignKey(
        "truscan.AuditEvent", on_delete=models.PROTECT, null=True, related_name="+"
    )

    class Meta:
        indexes = [models.Index(fields=["group", "-at"], name="inheritance_group")]

    def __str__(self) -> str:
        return f"{self.group} {'inherits' if self.inherits else 'does not inherit'}"
