"""processes/{id}/evidence/: what the process page shows, for machines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rest_framework import serializers

if TYPE_CHECKING:
    from exceptions_app.evidence.gather import Evidence


class ActionCountSerializer(serializers.Serializer[Any]):
    action = serializers.CharField()
    count = serializers.IntegerField()


class EventCountSerializer(serializers.Serializer[Any]):
    event = serializers.CharField()
    count = serializers.IntegerField()
    actions = ActionCountSerializer(many=True)


class LevelCountSerializer(serializers.Serializer[Any]):
    level = serializers.IntegerField(allow_null=True, help_text="null: the log gave none")
    count = serializers.IntegerField()


class DayCountSerializer(serializers.Serializer[Any]):
    day = serializers.DateField()
    count = serializers.IntegerField()


class SaidSerializer(serializers.Serializer[Any]):
    column = serializers.CharField()
    words = serializers.CharField()
    as_read = serializers.CharField()


class PlaceSerializer(serializers.Serializer[Any]):
    group = serializers.IntegerField(source="sighting.group_id")
    group_path = serializers.CharField(source="sighting.group.path")
    occurrences = serializers.IntegerField(source="sighting.occurrences")
    computers = serializers.IntegerField()
    clients = serializers.IntegerField(allow_null=True, help_text="null: not known")
    level_in_force = serializers.CharField(source="levels")


class BuildSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField(source="process.pk")
    hash = serializers.CharField(source="process.hash")
    application_version = serializers.CharField(source="process.application_version")
    first_at = serializers.DateTimeField(allow_null=True)
    last_at = serializers.DateTimeField(allow_null=True)
    occurrences = serializers.IntegerField()
    responses = serializers.ListField(child=serializers.CharField())
    decided_by = serializers.CharField(source="decided.decision.actor_name", default="")
    decided_because = serializers.CharField(source="decided.decision.reason", default="")


class EvidenceSerializer(serializers.Serializer[Any]):
    """Counts are those of the groups of the token's person; days are UTC, the last sixty."""

    events = EventCountSerializer(many=True)
    application = serializers.CharField()
    application_type = serializers.CharField()
    path = serializers.CharField()
    location = serializers.CharField()
    is_user_writable = serializers.BooleanField()
    may_be_removable = serializers.BooleanField()
    risk_class = serializers.CharField()
    levels = LevelCountSerializer(many=True)
    days = DayCountSerializer(many=True)
    computers = serializers.IntegerField()
    users = serializers.IntegerField()
    groups = serializers.IntegerField()
    places = PlaceSerializer(many=True, help_text="those with most detections")
    reputation = SaidSerializer(many=True)
    builds = BuildSerializer(many=True, help_text="hashes of the same program, this one included")


def told(evidence: Evidence) -> dict[str, Any]:
    """What EvidenceSerializer writes."""
    process, days = evidence.process, evidence.days
    return {
        "events": [
            {
                "event": event.label,
                "count": event.count,
                "actions": [{"action": name, "count": n} for name, n in event.actions],
            }
            for event in evidence.tally.events
        ],
        "application": process.application_name or process.name,
        "application_type": process.application_type,
        "path": process.generic_path,
        "location": evidence.location.label,
        "is_user_writable": evidence.location.is_writable,
        "may_be_removable": evidence.location.is_removable,
        "risk_class": evidence.classified.risk_class,
        "levels": [{"level": level, "count": sum(n)} for level, n in evidence.tally.levels],
        "days": [
            {"day": day, "count": n} for day, n in zip(days.days, days.totals, strict=True) if n
        ],
        "computers": evidence.spread.computers,
        "users": evidence.spread.users,
        "groups": evidence.totals["groups"],
        "places": evidence.places,
        "reputation": evidence.reputation,
        "builds": evidence.builds,
    }
