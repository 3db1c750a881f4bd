"""GET detections/: rows of the log, newest first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import django_filters
from rest_framework import mixins, serializers, viewsets

from truscan.api.paging import SafeCursor
from truscan.models.detection import Detection, EventType
from truscan.ramp.where import groups_of_plan

if TYPE_CHECKING:
    from django.db.models import QuerySet


class DetectionCursor(SafeCursor):
    """By event time and key, both unchanging."""

    ordering = ("-event_at", "-key")
    page_size = 100
    page_size_query_param = "page_size"
    max_page_size = 1000


class DetectionFilter(django_filters.FilterSet):  # type: ignore[misc]  # ships no types
    process = django_filters.NumberFilter("process_id")
    group = django_filters.NumberFilter("group_id")
    computer = django_filters.CharFilter("computer__name_key", method="by_computer")
    log_import = django_filters.NumberFilter("log_import_id")
    plan = django_filters.NumberFilter(
        method="by_plan", min_value=1, max_value=2**62, label="ramp plan whose groups are meant"
    )
    event_type = django_filters.ChoiceFilter(choices=EventType.choices)
    since = django_filters.IsoDateTimeFilter("event_at", "gte")
    until = django_filters.IsoDateTimeFilter("event_at", "lt")

    class Meta:
        model = Detection
        fields: list[str] = []

    def by_computer(
        self, queryset: QuerySet[Detection], name: str, value: str
    ) -> QuerySet[Detection]:
        """Names are compared without case."""
        return queryset.filter(**{name: value.casefold()})

    def by_plan(self, queryset: QuerySet[Detection], name: str, value: Any) -> QuerySet[Detection]:
        return queryset.filter(group__in=groups_of_plan(int(value), self.request.user))


class DetectionSerializer(serializers.ModelSerializer[Detection]):
    key = serializers.CharField(help_text="64-bit number as text; unique with event_at")
    process = serializers.CharField(source="process.name")
    hash = serializers.CharField(source="process.hash")
    group = serializers.CharField(source="group.path")
    location = serializers.CharField(source="location.name", default=None)
    computer = serializers.CharField(source="computer.name")
    user = serializers.CharField(source="account.name")
    event = serializers.CharField(source="outcome.event", allow_null=True)
    application_type = serializers.CharField(source="facts.application_type", allow_null=True)
    path = serializers.CharField(source="appearance.generic_path")
    actual_action = serializers.CharField(source="outcome.action.name")

    class Meta:
        model = Detection
        fields = [
            "event_at",
            "key",
            "process_id",
            "process",
            "hash",
            "path",
            "group_id",
            "group",
            "location",
            "computer",
            "user",
            "event",
            "event_type",
            "candidate",
            "application_type",
            "sensitivity",
            "actual_action",
            "occurrences",
            "log_import_id",
            "line_no",
            "inserted_at",
            "end_at",
        ]


class DetectionViewSet(mixins.ListModelMixin, viewsets.GenericViewSet[Detection]):
    """Detections in the groups of the token's person."""

    queryset = Detection.objects.none()
    serializer_class = DetectionSerializer
    pagination_class = DetectionCursor
    filterset_class = DetectionFilter

    def get_queryset(self) -> QuerySet[Detection]:
        rows = Detection.objects.visible_to(self.request.user)  # type: ignore[arg-type]
        return rows.select_related(
            "process",
            "group",
            "location",
            "computer",
            "account",
            "outcome__action",
            "facts",
            "appearance",
        )


routes = [("detections", DetectionViewSet, "api-detection")]
