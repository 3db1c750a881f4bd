"""Counts, maintained by every import in the transaction of its rows; pages never group detections.

Every table, those of `truscan.models.presence` too, keeps `rows` beside `occurrences` so that a
withdrawn import can be subtracted exactly and a count row disappears with its last detection.
"""

from __future__ import annotations

from datetime import UTC, datetime

from django.db import models

from truscan.access.scope import ScopedQuerySet, SightingQuerySet
from truscan.models.detection import EventType

NEVER = datetime(1970, 1, 1, tzinfo=UTC)
FOREVER = datetime(9999, 12, 31, tzinfo=UTC)


class TypeCounts(models.Model):
    """Occurrences by event type, first and last, lowest and highest level that the log gave."""

    rows = models.BigIntegerField(default=0)
    occurrences = models.BigIntegerField(default=0)
    candidate_occurrences = models.BigIntegerField(default=0)
    potential_occurrences = models.BigIntegerField(default=0)
    security_occurrences = models.BigIntegerField(default=0)
    commercial_occurrences = models.BigIntegerField(default=0)
    forced_occurrences = models.BigIntegerField(default=0)
    allowed_occurrences = models.BigIntegerField(default=0)
    other_occurrences = models.BigIntegerField(default=0)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    level_min = models.SmallIntegerField(null=True)
    level_max = models.SmallIntegerField(null=True)

    class Meta:
        abstract = True


class Sighting(TypeCounts):
    """A process in a group: how often, since when, at which levels, and whether it is decided.

    Open at a moment = has candidate detections (`is_candidate`), `covered_until` <= moment and
    `observed_until` <= moment. `covered_until` is the earliest expiry of the draft exceptions that
    cover every location of the group (NEVER when one is uncovered), `covered_locations` the ids of
    those that are covered, 0 for the group itself. Invariant: unique (process, group); counts equal
    those of the detections.
    """

    # No index of their own: the two pairs below begin with them, and every update pays for each.
    process = models.ForeignKey(
        "truscan.Process", on_delete=models.PROTECT, db_index=False, related_name="sightings"
    )
    group = models.ForeignKey(
        "truscan.Group", on_delete=models.PROTECT, db_index=False, related_name="sightings"
    )
    # How many presences there are of the pair; see MovedPresence for more than one group.
    computers = models.IntegerField(default=0)
    covered_until = models.DateTimeField(default=NEVER)
    covered_locations = models.JSONField(default=list)
    observed_until = models.DateTimeField(default=NEVER)
    # A column of its own, so that counting up leaves the index of open sightings alone.
    is_candidate = models.GeneratedField(
        expression=models.Q(candidate_occurrences__gt=0),  # type: ignore[arg-type]  # as documented
        output_field=models.BooleanField(),
        db_persist=True,
    )

    objects = SightingQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["process", "group"], name="sighting_unique"),
        ]
        indexes = [
            # What is open in some groups is read in it alone.
            models.Index(
                fields=["group", "process"],
                include=["covered_until", "observed_until", "is_candidate"],
                name="sighting_of_group",
            ),
            # Those that are decided or observed; counting up leaves it alone.
            models.Index(
                fields=["group", "process"],
                include=["covered_until", "observed_until"],
                condition=models.Q(covered_until__gt=NEVER) | models.Q(observed_until__gt=NEVER),
                name="sighting_settled",
            ),
            # Open processes are counted in it, in order and up to the cap, without the rows.
            models.Index(
                fields=["process", "group"],
                include=["covered_until", "observed_until"],
                condition=models.Q(is_candidate=True),
                name="sighting_open",
            ),
        ]

    def __str__(self) -> str:
        return f"process {self.process_id} in group {self.group_id}"


class ProcessSummary(TypeCounts):
    """The inbox row: estate-wide counts and sort keys of a process.

    `risk_class` is the word of `truscan.classify`; `sort_name` is casefolded. Invariant: one per
    process with detections; counts equal those of its sightings.
    """

    process = models.OneToOneField(
        "truscan.Process", on_delete=models.PROTECT, primary_key=True, related_name="summary"
    )
    groups = models.IntegerField(default=0)
    computers = models.IntegerField(default=0)
    risk_class = models.CharField(max_length=32, default="")
    application_type = models.CharField(max_length=128, blank=True, default="")
    sort_name = models.CharField(max_length=128, blank=True, default="")
    sort_company = models.CharField(max_length=128, blank=True, default="")

    class Meta:
        indexes = [
            models.Index(fields=["-last_at", "-process"], name="summary_last"),
            models.Index(fields=["-first_at", "-process"], name="summary_first"),
            models.Index(fields=["-candidate_occurrences", "-process"], name="summary_candidates"),
            models.Index(fields=["-computers", "-process"], name="summary_computers"),
            models.Index(fields=["-groups", "-process"], name="summary_groups"),
            models.Index(fields=["sort_name", "process"], name="summary_name"),
            models.Index(fields=["sort_company", "process"], name="summary_company"),
        ]

    def __str__(self) -> str:
        return f"summary of process {self.process_id}"


class DailyCount(models.Model):
    """Detections of a UTC day by everything that charts, gates and replay ask for.

    Invariant: unique (day, group, location, process, event type, sensitivity, action), where an
    unknown location or sensitivity is null and equals another null.
    """

    day = models.DateField()
    group = models.ForeignKey(
        "truscan.Group",
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="+",
    )
    location = models.ForeignKey(
        "truscan.Location",
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        null=True,
        related_name="+",
    )
    process = models.ForeignKey(
        "truscan.Process",
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="+",
    )
    event_type = models.SmallIntegerField(choices=EventType)
    sensitivity = models.SmallIntegerField(null=True)
    action = models.ForeignKey(
        "truscan.Action",
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="+",
    )
    rows = models.IntegerField()
    occurrences = models.BigIntegerField()

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=[
                    "day",
                    "group",
                    "process",
                    "event_type",
                    "action",
                    "location",
                    "sensitivity",
                ],
                name="daily_count_unique",
                nulls_distinct=False,
            )
        ]
        # With the counts in it, the days of a process are read without its rows: a frequent one has
        # tens of thousands of them.
        indexes = [
            models.Index(
                fields=["process", "day"],
                include=[
                    "group",
                    "location",
                    "event_type",
                    "sensitivity",
                    "action",
                    "rows",
                    "occurrences",
                ],
                name="daily_count_of_process",
            )
        ]

    def __str__(self) -> str:
        return f"{self.day}: process {self.process_id} in group {self.group_id}"
