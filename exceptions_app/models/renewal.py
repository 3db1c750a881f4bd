"""New builds of processes that people decided."""

from __future__ import annotations

from django.db import models


class Renewal(models.Model):
    """That a process arrived as a new build of one that had an exception then.

    Whether it still asks for an answer is computed: while the process is open and its predecessor
    has an exception that stands. Invariant: one per process, whose predecessor is another one.
    """

    process = models.OneToOneField(
        "truscan.Process", on_delete=models.PROTECT, primary_key=True, related_name="renewal"
    )
    predecessor = models.ForeignKey(
        "truscan.Process", on_delete=models.PROTECT, related_name="renewed_by"
    )
    found_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(process=models.F("predecessor")), name="renewal_of_another"
            )
        ]

    def __str__(self) -> str:
        return f"{self.process} as a new build of process {self.predecessor_id}"
