"""SEPM 14 servers that are talked to by REST, what was applied to them, and the work on them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from exceptions_app.models.policy import Policy, Revision
from truscan.access.scope import group_ids
from truscan.delivery.trust import Kind

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser


class SepmServer(models.Model):
    """One domain of one SEPM server, with the account that this program uses there.

    `domain` is the one of ours whose groups it holds; `sepm_domain` is what the sign-in names ("":
    SEPM's default). `sealed` holds the password, encrypted, and opens for this address, account and
    trust only. Invariant: names are unique without regard to case; the address is https.
    """

    class Interface(models.IntegerChoices):
        V2 = 2, "Version 2"
        V1 = 1, "Version 1"

    name = models.CharField(max_length=100)
    url = models.CharField(max_length=255)
    username = models.CharField(max_length=255)
    sepm_domain = models.CharField(max_length=255, blank=True, default="")
    domain = models.ForeignKey("truscan.Domain", on_delete=models.PROTECT, related_name="+")
    interface = models.PositiveSmallIntegerField(choices=Interface, default=Interface.V2)
    trust_kind = models.CharField(max_length=8, choices=Kind, default=Kind.SYSTEM)
    ca_pem = models.TextField(blank=True, default="")
    fingerprint = models.CharField(max_length=64, blank=True, default="")
    sealed = models.TextField()
    is_on = models.BooleanField(default=True)
    drift_hours = models.PositiveSmallIntegerField(null=True, blank=True)
    read_at = models.DateTimeField(null=True)
    checked_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(Lower("name"), name="sepm_server_name_unique"),
            models.CheckConstraint(
                condition=Q(url__startswith="https://"), name="sepm_server_https"
            ),
        ]
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class SepmPolicy(models.Model):
    """A policy of ours on a server: the revision that was applied last, and how SEPM differs now.

    `applied` are our rules as they were read back ("list:HASH" to action), `others` those of other
    people in the same policy, which are never touched. `drift` lists what differs since; empty
    means none was found at `checked_at`. `settled` is the digest of a drift that somebody dealt
    with, so that it is not told again. Invariant: unique (server, policy).
    """

    server = models.ForeignKey(SepmServer, on_delete=models.PROTECT, related_name="policies")
    policy = models.ForeignKey(Policy, on_delete=models.PROTECT, related_name="on_sepm")
    sepm_id = models.CharField(max_length=32)
    revision = models.ForeignKey(Revision, on_delete=models.PROTECT, null=True, related_name="+")
    applied = models.JSONField(default=dict)
    others = models.JSONField(default=dict)
    places = models.JSONField(default=dict)
    applied_at = models.DateTimeField(null=True)
    checked_at = models.DateTimeField(null=True)
    drift = models.JSONField(default=list)
    drift_digest = models.CharField(max_length=64, blank=True, default="")
    drift_found_at = models.DateTimeField(null=True)
    settled = models.CharField(max_length=64, blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["server", "policy"], name="sepm_policy_unique")
        ]
        ordering = ["server_id", "policy__name"]
        verbose_name_plural = "policies on SEPM"

    def __str__(self) -> str:
        return f"{self.policy} on {self.server}"

    @property
    def has_open_drift(self) -> bool:
        return bool(self.drift) and self.drift_digest != self.settled


class SepmJobQuerySet(models.QuerySet["SepmJob"]):
    def visible_to(self, user: AbstractBaseUser, role: str = "viewer") -> Self:
        """Jobs whose every group is in the person's scope; those of whole servers need the whole
        estate."""
        ids = group_ids(user, role)
        if ids is None:
            return self
        seen = list(ids.values_list("pk", flat=True))
        return self.filter(beyond=False, reach__contained_by=seen).exclude(reach=[])


class SepmJob(models.Model):
    """Work on one server: reading it, planning, applying a plan, looking for drift.

    Claimed by a conditional UPDATE with a lease, so that what a killed worker left is gone on with;
    trouble that passes makes it wait and try again. `reach` are the groups that it touches or
    names, `beyond` tells that there are others which we do not know. Invariant: at most one runs
    per server; a plan is applied at most once.
    """

    class Kind(models.TextChoices):
        READ = "read", "Read"
        PLAN = "plan", "Plan"
        APPLY = "apply", "Apply"
        DRIFT = "drift", "Look for drift"

    class State(models.TextChoices):
        QUEUED = "queued", "Waiting for a worker"
        RUNNING = "running", "At work"
        WAITING = "waiting", "Tries again later"
        DONE = "done", "Done"
        FAILED = "failed", "Stopped by an error"
        STOPPED = "stopped", "Stopped by a person"

    server = models.ForeignKey(SepmServer, on_delete=models.PROTECT, related_name="jobs")
    kind = models.CharField(max_length=8, choices=Kind)
    state = models.CharField(max_length=8, choices=State, default=State.QUEUED)
    plan = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, related_name="application"
    )
    policies = models.ManyToManyField(Policy, related_name="+")
    reach = ArrayField(models.BigIntegerField(), default=list)
    beyond = models.BooleanField(default=False)
    result = models.JSONField(default=dict)
    progress = models.CharField(max_length=255, blank=True, default="")
    error = models.TextField(blank=True, default="")
    error_code = models.CharField(max_length=32, blank=True, default="")
    tries = models.PositiveSmallIntegerField(default=0)
    retry_at = models.DateTimeField(null=True)
    lease_owner = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)
    actor_name = models.CharField(max_length=255)
    actor_user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    means = models.CharField(max_length=16)
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    objects = SepmJobQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["server"], condition=Q(state="running"), name="sepm_job_one_runs"
            )
        ]
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.server} ({self.pk})"

    @property
    def is_finished(self) -> bool:
        return self.state in {self.State.DONE, self.State.FAILED, self.State.STOPPED}

    @property
    def may_resume(self) -> bool:
        return self.state in {self.State.FAILED, self.State.STOPPED}


class SepmStep(models.Model):
    """One change at SEPM within a job; done ones are never done again.

    `goal` is what the plan said: for rules the changes and the digest of the goal, for an
    assignment the place and what was there. Invariant: unique (job, position).
    """

    class Kind(models.TextChoices):
        CREATE = "create", "Make the policy"
        RULES = "rules", "Change its rules"
        ASSIGN = "assign", "Put it on a location"

    class State(models.TextChoices):
        WAITING = "waiting", "Not yet"
        DONE = "done", "Done and read back"
        FAILED = "failed", "Not done"

    job = models.ForeignKey(SepmJob, on_delete=models.CASCADE, related_name="steps")
    position = models.PositiveIntegerField()
    kind = models.CharField(max_length=8, choices=Kind)
    policy = models.ForeignKey(Policy, on_delete=models.PROTECT, related_name="+")
    revision = models.ForeignKey(Revision, on_delete=models.PROTECT, related_name="+")
    text = models.CharField(max_length=1000)
    goal = models.JSONField(default=dict)
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    told = models.CharField(max_length=1000, blank=True, default="")
    done_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["job", "position"], name="sepm_step_position_unique")
        ]
        ordering = ["job_id", "position"]

    def __str__(self) -> str:
        return self.text
