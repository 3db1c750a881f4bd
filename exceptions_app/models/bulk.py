"""Decisions on more processes than one moment is enough for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models

from exceptions_app.models.decision import Decision
from truscan.access.scope import sees_whole_estate

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser


class Selection(models.Model):
    """All that matched a filter for one person at a moment: what "all matching" means afterwards.

    Kept for a day. Invariant: the ids are in ascending order, and never change.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    query = models.TextField(blank=True, default="")
    process_ids = ArrayField(models.BigIntegerField())
    made_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"{len(self.process_ids)} processes of {self.user}"


class BulkJobQuerySet(models.QuerySet["BulkJob"]):
    def visible_to(self, user: AbstractBaseUser, role: str = "viewer") -> Self:
        """One's own; who sees the whole estate sees all."""
        return self if sees_whole_estate(user, role) else self.filter(actor_user_id=user.pk)


class BulkJob(models.Model):
    """One decision or undo that a worker writes part by part, on processes chosen beforehand.

    `done` of `process_ids` are settled, in the transactions that settled them, so that a killed
    worker loses and doubles nothing. `skipped` counts by code what was left as it was. Claimed by
    a conditional UPDATE with a lease. Invariant: its decision is undone only when it has ended.
    """

    class State(models.TextChoices):
        QUEUED = "queued", "Waiting for a worker"
        RUNNING = "running", "At work"
        DONE = "done", "Done"
        FAILED = "failed", "Stopped by an error"
        CANCELLED = "cancelled", "Stopped by a person"

    decision = models.OneToOneField(Decision, on_delete=models.PROTECT, related_name="bulk_job")
    wanted = models.JSONField()
    query = models.TextField(blank=True, default="")
    process_ids = ArrayField(models.BigIntegerField())
    total = models.PositiveIntegerField()
    done = models.PositiveIntegerField(default=0)
    applied = models.PositiveIntegerField(default=0)
    skipped = models.JSONField(default=dict)
    seen_at = models.DateTimeField(null=True)
    actor_name = models.CharField(max_length=255)
    actor_user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    means = models.CharField(max_length=16)
    state = models.CharField(max_length=16, choices=State, default=State.QUEUED)
    tries = models.PositiveSmallIntegerField(default=0)
    error = models.TextField(blank=True, default="")
    lease_owner = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)
    made_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    objects = BulkJobQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(done__lte=models.F("total")), name="bulk_job_done_of_total"
            )
        ]
        indexes = [
            models.Index(
                fields=["made_at"],
                name="bulk_job_unfinished",
                condition=models.Q(state__in=["queued", "running"]),
            )
        ]
        ordering = ["-id"]

    def __str__(self) -> str:
        what = self.decision.get_response_display() or self.decision.get_kind_display()
        return f"{what}: {self.total:,} processes"

    @property
    def is_finished(self) -> bool:
        return self.state not in {self.State.QUEUED, self.State.RUNNING}

    @property
    def is_settled(self) -> bool:
        """Nothing of it can be gone on with."""
        return self.state in {self.State.DONE, self.State.CANCELLED}

    @property
    def left(self) -> int:
        return self.total - self.done
