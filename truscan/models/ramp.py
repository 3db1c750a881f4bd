"""Sensitivity over time: scan policies, plans, and what happened."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from truscan.access.scope import RampPlanQuerySet


class ScanPolicy(models.Model):
    """The Antivirus and Antispyware Policy that carries level and action. Names are unique."""

    name = models.CharField(max_length=255, unique=True)
    description = models.TextField(blank=True, default="")
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name


class ScanPolicyUse(models.Model):
    """A (group, location) pair that uses a scan policy; null location = all of the group's.

    Invariant: one scan policy per pair.
    """

    scan_policy = models.ForeignKey(ScanPolicy, on_delete=models.CASCADE, related_name="uses")
    group = models.ForeignKey("truscan.Group", on_delete=models.PROTECT, related_name="scan_uses")
    location = models.ForeignKey(
        "truscan.Location", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["group", "location"], name="scan_policy_use_unique", nulls_distinct=False
            )
        ]

    def __str__(self) -> str:
        return f"{self.scan_policy} in {self.group}"


class ScanSettingChange(models.Model):
    """A setting of a scan policy that is no level, as it was set in SEPM: who, when, to what.

    Append-only by a database trigger. "Since the last change" counts from its `at` too.
    """

    scan_policy = models.ForeignKey(
        ScanPolicy, on_delete=models.PROTECT, related_name="setting_changes"
    )
    setting = models.CharField(max_length=32)
    value = models.CharField(max_length=16)
    at = models.DateTimeField()
    recorded_at = models.DateTimeField(auto_now_add=True)
    reason = models.TextField(blank=True, default="")
    actor_name = models.CharField(max_length=255)
    actor_user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    means = models.CharField(max_length=16)

    class Meta:
        indexes = [models.Index(fields=["scan_policy", "-at"], name="scan_setting_policy")]
        ordering = ["scan_policy_id", "at", "id"]

    def __str__(self) -> str:
        return f"{self.setting}: {self.value}"


class Track(models.TextChoices):
    TROJANS = "trojans", "Trojans and worms"
    KEYLOGGERS = "keyloggers", "Keyloggers"
    COMMERCIAL = "commercial", "Commercial applications"


class RampPlan(models.Model):
    """Levels and dates for one scan policy and one track.

    `days` lie between the first and the last level; `profile` tells a climbing plan from the
    remote one that is high from the start; `calendar` holds the open days at the start
    (`truscan.ramp.open_days`), which an event may replace.

    State is a fold over the plan's steps and events (`truscan.ramp.schedule`), never stored.
    60 to 90 days: guide p. 77. Invariant: one plan that is not ended per (scan policy, track).
    """

    scan_policy = models.ForeignKey(ScanPolicy, on_delete=models.PROTECT, related_name="plans")
    track = models.CharField(max_length=16, choices=Track)
    start_on = models.DateField()
    days = models.PositiveSmallIntegerField()
    timezone = models.CharField(max_length=64, default="UTC")
    profile = models.CharField(max_length=16, default="ramp")
    calendar = models.JSONField(default=dict)
    calendar_digest = models.CharField(max_length=64, blank=True, default="")
    created_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = RampPlanQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["scan_policy", "track"],
                condition=models.Q(ended_at__isnull=True),
                name="ramp_plan_open_unique",
            ),
            models.CheckConstraint(
                condition=models.Q(days__gte=1, days__lte=366), name="ramp_plan_days_sane"
            ),
        ]
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.scan_policy} · {self.get_track_display()}"


class RampStep(models.Model):
    """One planned level, and the least days that it stays (0 = to the next planned date).

    Invariant: unique (plan, position), dates do not decrease.
    """

    plan = models.ForeignKey(RampPlan, on_delete=models.CASCADE, related_name="steps")
    position = models.PositiveSmallIntegerField()
    level = models.CharField(max_length=16)
    planned_on = models.DateField()
    dwell_days = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["plan", "position"], name="ramp_step_unique")
        ]
        ordering = ["plan_id", "position"]

    def __str__(self) -> str:
        return f"{self.level} on {self.planned_on}"


class RampEvent(models.Model):
    """What happened to a plan. Append-only: a database trigger refuses UPDATE and DELETE.

    Confirmed and back are scan-setting changes: "since the last change" counts from their `at`.
    """

    class Kind(models.TextChoices):
        CREATED = "created", "Created"
        CONFIRMED = "confirmed", "Level confirmed"
        HELD = "held", "Held"
        RESUMED = "resumed", "Resumed"
        BACK = "back", "Gone back one level"
        ENDED = "ended", "Ended"
        MOVED = "moved", "Dates moved"
        CALENDAR = "calendar", "Closed days changed"
        OVERRIDE_ASKED = "override_asked", "Override asked for"
        OVERRIDDEN = "overridden", "Gates overridden"
        OVERRIDE_REFUSED = "override_refused", "Override refused"
        OVERRIDE_WITHDRAWN = "withdrawn", "Override withdrawn"

    plan = models.ForeignKey(RampPlan, on_delete=models.PROTECT, related_name="events")
    kind = models.CharField(max_length=16, choices=Kind)
    level = models.CharField(max_length=16, blank=True, default="")
    at = models.DateTimeField()
    recorded_at = models.DateTimeField(auto_now_add=True)
    reason = models.TextField(blank=True, default="")
    facts = models.JSONField(default=dict)
    actor_name = models.CharField(max_length=255)
    actor_user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    means = models.CharField(max_length=16)

    class Meta:
        indexes = [models.Index(fields=["plan", "at"], name="ramp_event_plan")]
        ordering = ["plan_id", "at", "id"]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.level}".strip()


class RampThreshold(models.Model):
    """What a plan asks of one of its gates instead of the default. Invariant: unique (plan, gate);
    values make sense for the gate (`truscan.ramp.thresholds.checked`); each change is audited.
    """

    plan = models.ForeignKey(RampPlan, on_delete=models.CASCADE, related_name="thresholds")
    gate = models.CharField(max_length=32)
    bound = models.FloatField()
    back_at = models.FloatField(null=True)
    mode = models.CharField(max_length=16)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["plan", "gate"], name="ramp_threshold_unique")
        ]

    def __str__(self) -> str:
        return f"{self.gate}: {self.bound:g}"


class RampGateNote(models.Model):
    """What a gate of a plan said on a UTC day, noted once a day by the tick: its trend.

    `number` null = not known on that day. Invariant: unique (plan, day, gate).
    """

    plan = models.ForeignKey(RampPlan, on_delete=models.CASCADE, related_name="gate_notes")
    day = models.DateField()
    gate = models.CharField(max_length=32)
    level = models.CharField(max_length=16)
    number = models.FloatField(null=True)
    answer = models.CharField(max_length=16)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["plan", "day", "gate"], name="ramp_gate_note_unique")
        ]

    def __str__(self) -> str:
        return f"{self.gate} on {self.day}: {self.answer}"
