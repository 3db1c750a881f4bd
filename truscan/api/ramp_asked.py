"""What requests about ramp plans carry."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from truscan.models.ramp import Track
from truscan.ramp.cohort_plans import MOST_GAP
from truscan.ramp.cohorts import MAX_COHORTS, MIN_COHORTS
from truscan.ramp.create import MOST_DAYS
from truscan.ramp.errors import PlanRefused
from truscan.ramp.layout import COMMERCIAL_ACTIONS, MAX_SPELL
from truscan.ramp.open_days import MOST_CLOSURES, ClosedFor, Closure, OpenDays
from truscan.ramp.override import OVERRIDES
from truscan.ramp.plan import MAX_DAYS, MIN_DAYS, Profile
from truscan.ramp.replan import Move
from truscan.ramp.scan_settings import NAMES
from truscan.ramp.thresholds import Key, Mode


class ClosureSerializer(serializers.Serializer[Any]):
    first = serializers.DateField()
    last = serializers.DateField()
    kind = serializers.ChoiceField(choices=[kind.value for kind in ClosedFor])
    name = serializers.CharField(default="", allow_blank=True, max_length=100)


class PlanSerializer(serializers.Serializer[Any]):
    scan_policy = serializers.CharField(max_length=255)
    track = serializers.ChoiceField(choices=Track.choices)
    groups = serializers.ListField(child=serializers.IntegerField(), min_length=1, max_length=500)
    location = serializers.CharField(
        required=False, default="", allow_blank=True, max_length=256, help_text="else all locations"
    )
    start_on = serializers.DateField()
    days = serializers.IntegerField(
        min_value=1,
        max_value=MOST_DAYS,
        default=75,
        help_text=f"between the first and the last level; outside {MIN_DAYS} to {MAX_DAYS} a "
        "reason is needed",
    )
    dwells = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=MAX_SPELL),
        default=list,
        max_length=9,
        help_text="days at each level but the last, instead of an even spread",
    )
    profile = serializers.ChoiceField(choices=[p.value for p in Profile], default="ramp")
    break_in = serializers.IntegerField(min_value=0, max_value=MAX_SPELL, default=0)
    enforce_after = serializers.IntegerField(min_value=0, max_value=MAX_SPELL, default=0)
    watch = serializers.IntegerField(min_value=0, max_value=MAX_SPELL, default=0)
    weekdays = serializers.ListField(
        child=serializers.IntegerField(min_value=0, max_value=6),
        min_length=1,
        max_length=7,
        default=lambda: list(range(7)),
        help_text="days of the week on which a level may be due, 0 is Monday",
    )
    closures = serializers.ListField(
        child=ClosureSerializer(), default=list, max_length=MOST_CLOSURES
    )
    zone = serializers.CharField(max_length=64, default="UTC")
    action = serializers.ChoiceField(
        choices=list(COMMERCIAL_ACTIONS),
        default="quarantine",
        help_text="what new detections get at the end; commercial applications: after Log",
    )
    reason = serializers.CharField(required=False, default="", allow_blank=True, max_length=2000)
    preview = serializers.BooleanField(
        default=False, help_text="tell the dates as `steps` and store nothing"
    )


class ActSerializer(serializers.Serializer[Any]):
    action = serializers.ChoiceField(choices=["confirm", "hold", "resume", "back", "end"])
    level = serializers.CharField(required=False, default="", allow_blank=True, max_length=16)
    reason = serializers.CharField(required=False, default="", allow_blank=True)


class OverrideSerializer(serializers.Serializer[Any]):
    what = serializers.ChoiceField(choices=list(OVERRIDES))
    level = serializers.CharField(max_length=16)
    reason = serializers.CharField(default="", allow_blank=True, max_length=2000)


class ThresholdSerializer(serializers.Serializer[Any]):
    gate = serializers.ChoiceField(choices=[key.value for key in Key])
    bound = serializers.FloatField(min_value=0, help_text="shares as 0.8 for 80 %")
    back_at = serializers.FloatField(min_value=0, default=None, allow_null=True)
    mode = serializers.ChoiceField(choices=[mode.value for mode in Mode])
    reason = serializers.CharField(default="", allow_blank=True, max_length=2000)


class SettingSerializer(serializers.Serializer[Any]):
    setting = serializers.ChoiceField(choices=list(NAMES))
    value = serializers.CharField(max_length=16)
    at = serializers.DateTimeField(default=None, allow_null=True, help_text="else now")
    reason = serializers.CharField(default="", allow_blank=True, max_length=2000)


class ReplanSerializer(serializers.Serializer[Any]):
    """Either `level` and `on`, or `weekdays` and `closures`."""

    level = serializers.CharField(default="", allow_blank=True, max_length=16)
    on = serializers.DateField(default=None, allow_null=True)
    weekdays = serializers.ListField(
        child=serializers.IntegerField(min_value=0, max_value=6), max_length=7, default=list
    )
    closures = serializers.ListField(
        child=ClosureSerializer(), default=list, max_length=MOST_CLOSURES
    )
    reason = serializers.CharField(default="", allow_blank=True, max_length=2000)
    preview = serializers.BooleanField(default=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        is_move = bool(attrs["level"]) and attrs["on"] is not None
        if is_move == bool(attrs["weekdays"]):
            raise serializers.ValidationError("Give level and on, or weekdays and closures.")
        return attrs

    def change(self) -> Move | OpenDays:
        given = self.validated_data
        return open_days_asked(given) if given["weekdays"] else Move(given["level"], given["on"])


def open_days_asked(given: dict[str, Any]) -> OpenDays:
    """The calendar of a request; PlanRefused for a closure that ends before it begins."""
    try:
        closures = tuple(Closure(**{**c, "kind": ClosedFor(c["kind"])}) for c in given["closures"])
    except ValueError as error:
        raise PlanRefused(str(error)) from error
    return OpenDays(frozenset(given["weekdays"]), closures)


class CohortsSerializer(serializers.Serializer[Any]):
    """`digest` is that of the proposal which is accepted."""

    count = serializers.IntegerField(min_value=MIN_COHORTS, max_value=MAX_COHORTS, default=3)
    digest = serializers.CharField(max_length=16)
    name = serializers.CharField(
        max_length=200, help_text="of the scan policies, followed by the number of the cohort"
    )
    track = serializers.ChoiceField(choices=Track.choices)
    start_on = serializers.DateField(help_text="of the first cohort")
    gap = serializers.IntegerField(min_value=0, max_value=MOST_GAP, default=14)
    days = serializers.IntegerField(min_value=1, max_value=MOST_DAYS, default=75)
    zone = serializers.CharField(max_length=64, default="UTC")
    reason = serializers.CharField(default="", allow_blank=True, max_length=2000)
