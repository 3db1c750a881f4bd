"""What the site's own decisions suggest, stored so that pages only read it."""

from __future__ import annotations

from django.db import models


class Suggestion(models.Model):
    """What would be suggested for a process that is open somewhere; never applied by itself.

    `response` is a response or "observe". `rate` is how often people of this site agreed with
    suggestions that were so sure, over `answers` of them; `bound` is its lower bound. `reasons` and
    `neighbours` are as `exceptions_app.suggest.judge` gives them. Invariant: one per process, and
    only where there is something to say.
    """

    process = models.OneToOneField(
        "truscan.Process", on_delete=models.CASCADE, primary_key=True, related_name="suggestion"
    )
    response = models.CharField(max_length=16)
    rate = models.FloatField()
    bound = models.FloatField()
    answers = models.PositiveIntegerField()
    reasons = models.JSONField(default=list)
    neighbours = models.JSONField(default=list)

    class Meta:
        indexes = [models.Index(fields=["response", "-rate"], name="suggestion_response")]

    def __str__(self) -> str:
        return f"{self.response} for process {self.process_id}"


class SuggestionState(models.Model):
    """When suggestions were made last, from what, and how right they would have been.

    `calibration` is what leaving one out told (history, judged, said, right, bands). `decision` and
    `imported_at` are the newest that were seen, so that the tick knows what is new. Invariant: one
    row, with the id 1.
    """

    calibration = models.JSONField(default=dict)
    decision = models.BigIntegerField(default=0)
    imported_at = models.DateTimeField(null=True)
    made_at = models.DateTimeField(null=True)
    seconds = models.FloatField(default=0)
    open_processes = models.PositiveIntegerField(default=0)
    suggested = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(pk=1), name="suggestion_state_single")
        ]

    def __str__(self) -> str:
        return f"suggestions of {self.made_at or 'never'}"
