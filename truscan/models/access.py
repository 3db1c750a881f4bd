"""Who may do what, where."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class Role(models.TextChoices):
    """Each role includes those before it."""

    VIEWER = "viewer", "Viewer"
    ANALYST = "analyst", "Analyst"
    APPROVER = "approver", "Approver"
    ADMINISTRATOR = "administrator", "Administrator"


class RoleGrant(models.Model):
    """A role of a person for a group and everything below it; null group = the whole estate.

    Invariant: unique (user, group): the highest role wins over a second one of the same place.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="role_grants"
    )
    role = models.CharField(max_length=16, choices=Role)
    group = models.ForeignKey(
        "truscan.Group", on_delete=models.CASCADE, null=True, blank=True, related_name="role_grants"
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "group"], name="role_grant_unique", nulls_distinct=False
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_role_display()} of {self.group or 'the whole estate'}"


class PersonSettings(models.Model):
    """What a person chose for himself: time zone of all pages, and how he is reminded.

    `digest` puts all reminders of a day into one message of the morning; nothing is sent between
    `quiet_from` and `quiet_until` in `timezone`. Invariant: one per user; both times or neither.
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="person_settings",
    )
    timezone = models.CharField(max_length=64, default="UTC")
    calendar_digest = models.CharField(max_length=64, blank=True, default="")
    digest = models.BooleanField(default=False)
    quiet_from = models.TimeField(null=True)
    quiet_until = models.TimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(quiet_from__isnull=True, quiet_until__isnull=True)
                | models.Q(quiet_from__isnull=False, quiet_until__isnull=False),
                name="person_quiet_whole",
            )
        ]

    def __str__(self) -> str:
        return f"settings of {self.user}"


class ApiToken(models.Model):
    """A key for the REST API. Only the SHA-256 of the secret is stored; `prefix` finds the row.

    A token can do no more than its person may, and only what its scopes say ("read", "import",
    "decide", "publish", "ramp", "admin"). Invariant: prefix is unique.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_tokens"
    )
    name = models.CharField(max_length=100)
    prefix = models.CharField(max_length=16, unique=True)
    digest = models.CharField(max_length=64)
    scopes = models.JSONField(default=list)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"


class IdempotencyKey(models.Model):
    """A POST that was answered already, so that a repeat gets the same answer.

    Invariant: unique (user, key); another request under the same key is refused.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=255)
    request_digest = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(null=True)
    response = models.JSONField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "key"], name="idempotency_key_unique")
        ]

    def __str__(self) -> str:
        return self.key
