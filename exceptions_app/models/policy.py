"""Centralized Exceptions Policies, where they apply, and what was published."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Lower

from exceptions_app.scope import PolicyQuerySet


class Response(models.TextChoices):
    """The three responses of the log dialog [75]."""

    IGNORE = "ignore", "Ignore"
    QUARANTINE = "quarantine", "Quarantine"
    TERMINATE = "terminate", "Terminate"


class Policy(models.Model):
    """A Centralized Exceptions Policy: a draft that people write, and published revisions.

    Shared: any number of groups and locations; not shared: one location of one group [56].
    Invariant: names are unique without regard to case.
    """

    name = models.CharField(max_length=255)
    description = models.CharField(max_length=1024, blank=True, default="")
    shared = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)
    draft_changed_at = models.DateTimeField(null=True)

    objects = PolicyQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(Lower("name"), name="policy_name_unique")]
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class PolicyAssignment(models.Model):
    """A policy put on a group (location null) or on a location of it.

    Exactly one policy per group and location: assigning another replaces it, never merges.
    Invariant: unique (group, location), null equal to null.
    """

    policy = models.ForeignKey(Policy, on_delete=models.PROTECT, related_name="assignments")
    group = models.ForeignKey(
        "truscan.Group", on_delete=models.PROTECT, related_name="policy_assignments"
    )
    location = models.ForeignKey(
        "truscan.Location", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    assigned_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["group", "location"], name="assignment_unique", nulls_distinct=False
            )
        ]

    def __str__(self) -> str:
        where = f"{self.group}" + (f" · {self.location}" if self.location else "")
        return f"{self.policy} on {where}"


class Revision(models.Model):
    """A published policy: immutable, numbered, canonical JSON with its SHA-256.

    `ledger_head` is the ledger's newest hash at that moment, so that a cut ledger is found.
    A trigger refuses UPDATE and DELETE. Invariant: unique (policy, number), numbers from 1.
    """

    policy = models.ForeignKey(Policy, on_delete=models.PROTECT, related_name="revisions")
    number = models.PositiveIntegerField()
    canonical = models.TextField()
    sha256 = models.CharField(max_length=64)
    # Base64 of the Ed25519 signature of the canonical text and of the raw public key; "": unsigned.
    signature = models.CharField(max_length=88, default="", editable=False)
    public_key = models.CharField(max_length=44, default="", editable=False)
    ledger_head = models.CharField(max_length=64)
    published_at = models.DateTimeField()
    actor_name = models.CharField(max_length=255)
    actor_user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    note = models.TextField(blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["policy", "number"], name="revision_number_unique")
        ]
        ordering = ["policy_id", "-number"]

    def __str__(self) -> str:
        return f"{self.policy} revision {self.number}"


class RevisionEntry(models.Model):
    """One rule of a revision, as rows so that "in force" is a query. Immutable like its revision.

    `hashes` are all hashes that targets emit for the process ("sha1:…", "sha256:…"), its own first.
    Invariant: unique (revision, process).
    """

    revision = models.ForeignKey(Revision, on_delete=models.PROTECT, related_name="entries")
    process = models.ForeignKey("truscan.Process", on_delete=models.PROTECT, related_name="+")
    response = models.CharField(max_length=16, choices=Response)
    expires_at = models.DateTimeField(null=True)
    hashes = ArrayField(models.CharField(max_length=80), default=list)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["revision", "process"], name="revision_entry_unique")
        ]
        indexes = [
            models.Index(fields=["process"], name="revision_entry_process"),
            # A poll asks how many rules have expired: most revisions have none that can.
            models.Index(
                fields=["revision", "expires_at"],
                name="revision_entry_expiry",
                condition=models.Q(expires_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.response} {self.process}"
