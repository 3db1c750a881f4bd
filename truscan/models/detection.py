"""Detections: one row for each thing that the log reports, partitioned by month of event time."""

from __future__ import annotations

from django.db import models

from truscan.access.scope import DetectionQuerySet


class EventType(models.IntegerChoices):
    """The guide's event types [73] and those found in real logs (LOG-FORMATS 2.4)."""

    OTHER = 0, "Other"
    POTENTIAL_RISK = 1, "Potential risk found"
    SECURITY_RISK = 2, "Security risk found"
    COMMERCIAL = 3, "Commercial application detected"
    FORCED = 4, "Forced detection"
    ALLOWED = 5, "Detection now allowed"


EVENT_TYPE_OF_WORD = {
    "other": EventType.OTHER,
    "potential_risk": EventType.POTENTIAL_RISK,
    "security_risk": EventType.SECURITY_RISK,
    "commercial": EventType.COMMERCIAL,
    "forced": EventType.FORCED,
    "allowed": EventType.ALLOWED,
}


class Action(models.Model):
    """An action that a client took, as the log spells it. Invariant: unique without case."""

    name = models.CharField(max_length=255, blank=True)
    name_key = models.CharField(max_length=255, blank=True, unique=True)

    def __str__(self) -> str:
        return self.name or "(none given)"


class Outcome(models.Model):
    """What the client detected and did, stored once per distinct set of values.

    `sensitivity` is the number 0..100 when the log gave one that can be read as a level, else
    null; `sensitivity_text` is as read. Invariant: identity is unique and rows never change.
    """

    identity = models.UUIDField(unique=True)
    event = models.TextField(null=True)
    event_type = models.SmallIntegerField(choices=EventType)
    candidate = models.BooleanField()
    detection_type = models.TextField(null=True)
    sensitivity = models.SmallIntegerField(null=True)
    sensitivity_text = models.TextField(null=True)
    detection_score = models.SmallIntegerField(null=True)
    source = models.TextField(null=True)
    risk_name = models.TextField(null=True)
    engine_version = models.TextField(null=True)
    action = models.ForeignKey(Action, on_delete=models.PROTECT, related_name="+")
    requested_action = models.TextField(null=True)
    secondary_action = models.TextField(null=True)

    def __str__(self) -> str:
        return self.event or self.get_event_type_display()


class DetectionFields(models.Model):
    """The columns that a detection and a claim share.

    Foreign keys have no database constraint: ids come from the import's resolve step in the same
    transaction, and a set-based orphan check guards it (PERFORMANCE: constraints cost 10x).
    """

    event_at = models.DateTimeField()
    key = models.BigIntegerField()
    log_import = models.ForeignKey(
        "truscan.LogImport",
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="+",
    )
    line_no = models.BigIntegerField()
    process = models.ForeignKey(
        "truscan.Process",
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="+",
    )
    appearance = models.ForeignKey(
        "truscan.Appearance",
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="+",
    )
    facts = models.ForeignKey(
        "truscan.FileFacts",
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="+",
    )
    outcome = models.ForeignKey(
        Outcome, on_delete=models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
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
    computer = models.ForeignKey(
        "truscan.Computer",
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="+",
    )
    account = models.ForeignKey(
        "truscan.Account",
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        related_name="+",
    )
    server = models.ForeignKey(
        "truscan.Server",
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        null=True,
        related_name="+",
    )
    event_type = models.SmallIntegerField(choices=EventType)
    candidate = models.BooleanField()
    sensitivity = models.SmallIntegerField(null=True)
    inserted_at = models.DateTimeField(null=True)
    end_at = models.DateTimeField(null=True)
    # What this claim's own line said; the detection's `occurrences` is the largest of all claims.
    own_occurrences = models.IntegerField()
    # Columns that no field holds (unknown headers, source computer, description), null if none.
    extra = models.JSONField(null=True)

    class Meta:
        abstract = True


class Detection(DetectionFields):
    """One detection as the newest import tells it; `occurrences` is the largest any import told.

    The table is partitioned by month of `event_at` (migration 0002). Key: see
    `truscan.logs.identity.detection_key`. Invariant: unique (event_at, key); attributes are those
    of the claim with the highest (log_import, line_no) among the imports not withdrawn.
    """

    pk = models.CompositePrimaryKey("event_at", "key")
    occurrences = models.IntegerField()

    objects = DetectionQuerySet.as_manager()

    class Meta:
        managed = False
        db_table = "truscan_detection"

    def __str__(self) -> str:
        return f"detection {self.key} at {self.event_at:%Y-%m-%d %H:%M:%S}"


class DetectionClaim(DetectionFields):
    """What another import says of a detection that is stored already.

    Lets any import be withdrawn exactly: the detection falls back to the claims that are left.
    Invariant: unique (event_at, key, log_import); never the claim that the detection shows.
    """

    pk = models.CompositePrimaryKey("event_at", "key", "log_import_id")

    class Meta:
        managed = False
        db_table = "truscan_detectionclaim"

    def __str__(self) -> str:
        return f"claim of import {self.log_import_id} on {self.key}"
