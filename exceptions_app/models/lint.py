"""What administrators set of lint: the blocking grade, the shares, the protect list."""

from __future__ import annotations

from django.db import models


class Grade(models.IntegerChoices):
    """How much a finding weighs."""

    NOTE = 1, "Note"
    CAUTION = 2, "Caution"
    GRAVE = 3, "Grave"


class LintSettings(models.Model):
    """From which grade on publishing needs a second person, and what counts as much.

    No blocking grade: lint only warns. `wide_percent` is the share of the computers of a policy's
    groups from which on a Quarantine or Terminate is told, `evidence_percent` the share of its
    groups below which an Ignore is broader than its evidence. A request to publish is kept for
    `request_days`. Invariant: one row, number 1.
    """

    blocking_grade = models.PositiveSmallIntegerField(choices=Grade, null=True, blank=True)
    wide_percent = models.PositiveSmallIntegerField(default=5)
    evidence_percent = models.PositiveSmallIntegerField(default=10)
    request_days = models.PositiveSmallIntegerField(default=7)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(pk=1), name="lint_settings_one"),
            models.CheckConstraint(
                condition=models.Q(wide_percent__lte=100, evidence_percent__lte=100),
                name="lint_settings_percent",
            ),
            models.CheckConstraint(
                condition=models.Q(request_days__gte=1), name="lint_settings_days"
            ),
        ]

    def __str__(self) -> str:
        return "lint settings"


class ProtectedProgram(models.Model):
    """An administrator's change of the protect list that is shipped: a program more, or one less.

    Keys are casefolded; an empty folder is any. Invariant: unique (name, folder).
    """

    name_key = models.CharField(max_length=255)
    folder_key = models.CharField(max_length=512, blank=True, default="")
    why = models.CharField(max_length=255, blank=True, default="")
    is_on = models.BooleanField(default=True)
    changed_by_name = models.CharField(max_length=255)
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["name_key", "folder_key"], name="protected_program_unique"
            )
        ]
        ordering = ["name_key", "folder_key"]

    def __str__(self) -> str:
        return f"{self.folder_key}{self.name_key}"
