"""processes/ and sightings/: the inbox for machines, with the page's filters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import django_filters
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.response import Response

from exceptions_app.api.evidence import EvidenceSerializer, told
from exceptions_app.evidence.gather import evidence_of
from exceptions_app.triage.inbox import InboxFilter
from exceptions_app.triage.newcomers import NEWCOMERS_MAX, mark_of, newcomers, read_mark
from exceptions_app.triage.own_counts import narrow
from truscan.access.scope import group_ids, groups_held
from truscan.api.paging import IdCursor
from truscan.in_time import ANSWER_MS, in_time
from truscan.models.counts import ProcessSummary, Sighting
from truscan.models.process import Process

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.db.models import QuerySet
    from rest_framework.request import Request

# The groups with most detections; sightings/ gives the others.
PLACES = 50


class ProcessSerializer(serializers.ModelSerializer[ProcessSummary]):
    """`id` is the process; the counts are of the groups of the token's person."""

    id = serializers.IntegerField(source="process_id")
    hash = serializers.CharField(source="process.hash")
    hash_type = serializers.CharField(source="process.hash_type")
    name = serializers.CharField(source="process.name")
    generic_path = serializers.CharField(source="process.generic_path")
    application_name = serializers.CharField(source="process.application_name")
    application_type = serializers.CharField(source="process.application_type")
    application_version = serializers.CharField(source="process.application_version")
    company_name = serializers.CharField(source="process.company_name")
    signer = serializers.CharField(source="process.signer")
    file_size = serializers.IntegerField(source="process.file_size", allow_null=True)
    permitted_reason = serializers.CharField(source="process.permitted_reason")
    on_symantec_list = serializers.BooleanField(source="process.on_symantec_list")

    class Meta:
        model = ProcessSummary
        fields = [
            "id",
            "hash",
            "hash_type",
            "name",
            "generic_path",
            "application_name",
            "application_type",
            "application_version",
            "company_name",
            "signer",
            "file_size",
            "permitted_reason",
            "on_symantec_list",
            "risk_class",
            "rows",
            "occurrences",
            "candidate_occurrences",
            "potential_occurrences",
            "security_occurrences",
            "commercial_occurrences",
            "groups",
            "computers",
            "first_at",
            "last_at",
        ]


class NewcomersSerializer(serializers.Serializer[Any]):
    """Ask again with the new mark; `is_more` says that there are more than `count`."""

    count = serializers.IntegerField()
    is_more = serializers.BooleanField()
    processes = serializers.ListField(child=serializers.IntegerField())
    mark = serializers.CharField()


class ProcessFilter(InboxFilter):
    """The inbox's filters, for machines: every state unless one is asked for."""

    sort = None  # pages go by the immutable key
    hash = django_filters.CharFilter(label="Hash", max_length=128)
    name = django_filters.CharFilter(label="File name", max_length=260)

    @property
    def chosen_state(self) -> str:
        return self._chosen("state") or "all"

    def filter_queryset(self, queryset: QuerySet[ProcessSummary]) -> QuerySet[ProcessSummary]:
        found, wanted = super().filter_queryset(queryset), self.form.cleaned_data
        if wanted["hash"]:
            found = found.filter(process__hash=wanted["hash"].lower())
        return found.filter(process__name__iexact=wanted["name"]) if wanted["name"] else found


class ProcessCursor(IdCursor):
    ordering = "-process_id"


class ProcessViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[ProcessSummary]
):
    """Processes seen in the groups of the token's person; the counts are of these groups."""

    queryset = ProcessSummary.objects.none()
    serializer_class = ProcessSerializer
    pagination_class = ProcessCursor
    filterset_class = ProcessFilter

    def get_queryset(self) -> QuerySet[ProcessSummary]:
        mine = Process.objects.visible_to(cast("User", self.request.user))
        rows = ProcessSummary.objects.filter(process__in=mine.values("pk"))
        return rows.select_related("process")

    def filter_queryset(self, queryset: QuerySet[ProcessSummary, Any]) -> Any:
        """One process is found in whatever state it is."""
        return queryset if self.detail else super().filter_queryset(queryset)

    def paginate_queryset(self, queryset: Any) -> Any:
        page = in_time(lambda: super(ProcessViewSet, self).paginate_queryset(queryset), ANSWER_MS)
        narrow(page or [], group_ids(cast("User", self.request.user)))
        return page

    @extend_schema(
        responses=NewcomersSerializer,
        parameters=[
            OpenApiParameter("mark", str, description="of the answer before; none at first")
        ],
        filters=True,
    )
    @action(detail=False, methods=["get"], pagination_class=None)
    def newcomers(self, request: Request) -> Response:
        """What matches the filters since a mark: seen first, or back without a response."""
        now = timezone.now()
        fresh = mark_of(now)
        text = request.query_params.get("mark", "")
        mark = read_mark(text) if text else fresh
        if mark is None:
            raise serializers.ValidationError({"mark": "Not a mark of this list: ask without one."})
        found = ProcessFilter(request.query_params, user=cast("User", request.user), now=now)
        if not found.form.is_valid():
            raise serializers.ValidationError(found.form.errors)
        rows = newcomers(found, mark)
        ids = sorted(row.pk for row in in_time(lambda: list(rows), ANSWER_MS))
        shown = ids[:NEWCOMERS_MAX]
        told = {"count": len(shown), "is_more": len(ids) > len(shown), "processes": shown}
        return Response(NewcomersSerializer({**told, "mark": str(fresh)}).data)

    @extend_schema(responses=EvidenceSerializer)
    @action(detail=True, methods=["get"])
    def evidence(self, request: Request, pk: str) -> Response:
        """What the process page shows: the guide's columns, counts, reputation, builds, places."""
        user = cast("User", request.user)
        process = self.get_object().process
        found = evidence_of(user, process, timezone.now(), groups_held(user), shown=PLACES)
        return Response(EvidenceSerializer(told(found)).data)

    def get_object(self) -> ProcessSummary:
        summary = super().get_object()
        narrow([summary], group_ids(cast("User", self.request.user)))
        return summary


class SightingSerializer(serializers.ModelSerializer[Sighting]):
    hash = serializers.CharField(source="process.hash")
    name = serializers.CharField(source="process.name")
    group_path = serializers.CharField(source="group.path")

    class Meta:
        model = Sighting
        fields = [
            "id",
            "process",
            "hash",
            "name",
            "group",
            "group_path",
            "rows",
            "occurrences",
            "candidate_occurrences",
            "potential_occurrences",
            "security_occurrences",
            "commercial_occurrences",
            "first_at",
            "last_at",
            "level_min",
            "level_max",
            "covered_until",
            "observed_until",
        ]


class SightingFilter(django_filters.FilterSet):  # type: ignore[misc]  # ships no types
    process = django_filters.NumberFilter("process_id")
    group = django_filters.NumberFilter("group_id")
    open = django_filters.BooleanFilter(method="by_open")

    class Meta:
        model = Sighting
        fields: list[str] = []

    def by_open(self, queryset: QuerySet[Sighting], name: str, value: bool) -> QuerySet[Sighting]:
        """Neither covered nor observed now."""
        ids = Sighting.objects.open(timezone.now()).values("pk")
        return queryset.filter(pk__in=ids) if value else queryset.exclude(pk__in=ids)


class SightingViewSet(viewsets.ReadOnlyModelViewSet[Sighting]):
    """A process in a group: counts, levels, whether it is decided."""

    queryset = Sighting.objects.none()
    serializer_class = SightingSerializer
    filterset_class = SightingFilter

    def get_queryset(self) -> QuerySet[Sighting]:
        rows = Sighting.objects.visible_to(cast("User", self.request.user))
        return rows.select_related("process", "group")


routes = [
    ("processes", ProcessViewSet, "api-process"),
    ("sightings", SightingViewSet, "api-sighting"),
]
