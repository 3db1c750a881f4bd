"""Which decisions need a second person."""

from __future__ import annotations

from django.db import models

from exceptions_app.models.lint import Grade
from exceptions_app.models.policy import Response

OBSERVE, REMOVE = "observe", "remove"
# What a rule can be about. Left empty it is about every change of a policy.
ACTS = [*Response.choices, (OBSERVE, "Observe"), (REMOVE, "Remove an exception")]


class ApprovalRule(models.Model):
    """A decision needs a second person if all that one of these rules says is so.

    Empty means any: the class of the process, from how many computers or groups of the estate on
    it was seen, from which grade of lint on. `response` is a word of `ACTS`; empty are the three
    responses and removing, also the removing that comes before observing. Lint says nothing of
    what goes, so a rule with a grade never holds for that. A request is kept for `days`. None is
    shipped. Invariant: a rule says at least one thing.
    """

    response = models.CharField(max_length=16, choices=ACTS, blank=True, default="")
    risk_class = models.CharField(max_length=32, blank=True, default="")
    computers_from = models.PositiveIntegerField(null=True, blank=True)
    groups_from = models.PositiveIntegerField(null=True, blank=True)
    grade = models.PositiveSmallIntegerField(choices=Grade, null=True, blank=True)
    days = models.PositiveSmallIntegerField(default=7)
    made_by_name = models.CharField(max_length=255)
    made_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(response="")
                | ~models.Q(risk_class="")
                | models.Q(computers_from__isnull=False)
                | models.Q(groups_from__isnull=False)
                | models.Q(grade__isnull=False),
                name="approval_rule_says_something",
            ),
            models.CheckConstraint(
                condition=models.Q(days__gte=1), name="approval_rule_is_kept_for_a_day"
            ),
        ]
        ordering = ["id"]

    def __str__(self) -> str:
        return f"approval rule {self.pk}"
