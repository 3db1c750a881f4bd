"""Rules of kinds that are not managed here, kept so that an export can give them back."""

from __future__ import annotations

from django.db import models


class ForeignRules(models.Model):
    """What a file that was taken into a policy's draft had besides hashes: folders, known risks.

    `rules` are members of a SEPM 14 `configuration` as they were read, list names as in version 2.
    They belong to the decision that took the file in: the newest that stands counts, so its undo
    drops them. Invariant: one per decision, and never changed.
    """

    decision = models.OneToOneField(
        "exceptions_app.Decision", on_delete=models.PROTECT, related_name="foreign_rules"
    )
    policy = models.ForeignKey(
        "exceptions_app.Policy", on_delete=models.PROTECT, related_name="foreign_rules"
    )
    rules = models.JSONField()

    class Meta:
        verbose_name_plural = "foreign rules"

    def __str__(self) -> str:
        return f"of other kinds in {self.policy}"
