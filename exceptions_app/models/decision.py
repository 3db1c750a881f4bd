"""What people decided."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from exceptions_app.models.policy import Response


class Decision(models.Model):
    """One audited act: many processes, many policies; undone as one.

    `undoes` points at the decision that this one undid; undoing that one puts the first into
    force again, so `undone_at` of a decision is empty while it stands. Invariant: undone at most
    once, and the draft is what the decisions that stand leave when told in order of id.
    """

    class Kind(models.TextChoices):
        RESPOND = "respond", "Response"
        OBSERVE = "observe", "Observe"
        RETIRE = "retire", "Exception removed"
        AMEND = "amend", "Review"
        END_WATCH = "end_watch", "Observation ended"
        GO_BACK = "go_back", "Back to an earlier revision"
        UNDO = "undo", "Undo"

    kind = models.CharField(max_length=16, choices=Kind)
    response = models.CharField(max_length=16, choices=Response, blank=True, default="")
    reason = models.TextField()
    actor_name = models.CharField(max_length=255)
    actor_user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    means = models.CharField(max_length=16)
    decided_at = models.DateTimeField()
    undone_at = models.DateTimeField(null=True)
    undoes = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, related_name="undone_by"
    )
    applied = models.PositiveIntegerField(default=0)
    skipped = models.PositiveIntegerField(default=0)

    class Meta:
        indexes = [models.Index(fields=["-decided_at"], name="decision_time")]
        ordering = ["-id"]

    def __str__(self) -> str:
        what = self.get_response_display() if self.response else self.get_kind_display()
        return f"{what} by {self.actor_name}"


class DecisionItem(models.Model):
    """What a decision did to one process in one policy, or why it was skipped.

    `before` and `after` are the draft's exception rows; undo puts `before` back. An observed
    process has a group instead of a policy. An item that found what it wanted is skipped, but still
    stands: its `after` is what was there. Invariant: an applied item of a response has `after`.
    """

    decision = models.ForeignKey(Decision, on_delete=models.PROTECT, related_name="items")
    process = models.ForeignKey(
        "truscan.Process", on_delete=models.PROTECT, related_name="decision_items"
    )
    policy = models.ForeignKey(
        "exceptions_app.Policy", on_delete=models.PROTECT, null=True, related_name="decision_items"
    )
    # Items are found by decision, process or policy: the others need no index.
    group = models.ForeignKey(
        "truscan.Group", on_delete=models.PROTECT, null=True, db_index=False, related_name="+"
    )
    before = models.ForeignKey(
        "exceptions_app.ProcessException",
        on_delete=models.PROTECT,
        null=True,
        db_index=False,
        related_name="+",
    )
    after = models.ForeignKey(
        "exceptions_app.ProcessException",
        on_delete=models.PROTECT,
        null=True,
        db_index=False,
        related_name="+",
    )
    skipped_because = models.CharField(max_length=255, blank=True, default="")

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(policy__isnull=False) | Q(group__isnull=False) | ~Q(skipped_because=""),
                name="decision_item_has_place",
            )
        ]

    def __str__(self) -> str:
        return f"{self.decision}: {self.process}"
