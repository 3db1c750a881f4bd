"""suggestions/: what the site's own decisions suggest, and how right that is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import django_filters
from django.urls import path
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import mixins, serializers, viewsets
from rest_framework.response import Response
from rest_framework.views import APIView

from exceptions_app.models.suggestion import Suggestion
from exceptions_app.suggest.judge import FEWEST
from exceptions_app.suggest.refresh import standing
from exceptions_app.suggest.words import reason_words
from truscan.api.paging import IdCursor
from truscan.models.process import Process

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.contrib.auth.models import User
    from django.db.models import QuerySet
    from rest_framework.request import Request


class ReasonSerializer(serializers.Serializer[Any]):
    kind = serializers.CharField()
    value = serializers.CharField()
    having = serializers.IntegerField(help_text="decided processes that share the fact")
    agreeing = serializers.IntegerField(help_text="those of them with the suggested response")
    weight = serializers.FloatField(help_text="how far it moves the odds; below 0: against it")
    words = serializers.CharField()


class NeighbourSerializer(serializers.Serializer[Any]):
    process = serializers.IntegerField()
    response = serializers.CharField()
    shared = serializers.ListField(child=serializers.CharField())
    likeness = serializers.FloatField()


class SuggestionSerializer(serializers.ModelSerializer[Suggestion]):
    """Neighbours outside the groups of the token's person are left out."""

    process = serializers.IntegerField(source="process_id")
    reasons = serializers.SerializerMethodField()
    neighbours = serializers.SerializerMethodField()

    class Meta:
        model = Suggestion
        fields = ["process", "response", "rate", "bound", "answers", "reasons", "neighbours"]

    @extend_schema_field(ReasonSerializer(many=True))
    def get_reasons(self, row: Suggestion) -> list[dict[str, Any]]:
        return [
            {**one, "words": reason_words(one["kind"], one["value"], one["having"],
                                          one["agreeing"], row.response)}
            for one in row.reasons
        ]  # fmt: skip

    @extend_schema_field(NeighbourSerializer(many=True))
    def get_neighbours(self, row: Suggestion) -> list[dict[str, Any]]:
        seen: set[int] = self.context["seen"]
        return [one for one in row.neighbours if one["process"] in seen]


class StateSerializer(serializers.Serializer[Any]):
    made_at = serializers.DateTimeField(allow_null=True)
    open_processes = serializers.IntegerField()
    suggested = serializers.IntegerField()
    fewest = serializers.IntegerField(help_text="decided processes below which nothing is said")
    calibration = serializers.JSONField(
        help_text="history, judged, said, right; by response its bands, the surest first"
    )


class SuggestionFilter(django_filters.FilterSet):  # type: ignore[misc]  # ships no types
    response = django_filters.CharFilter("response")
    rate_min = django_filters.NumberFilter("rate", "gte", label="At least so often right (0 to 1)")

    class Meta:
        model = Suggestion
        fields: list[str] = []


class SuggestionCursor(IdCursor):
    ordering = "-process_id"


class SuggestionViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Suggestion]
):
    """For processes that wait for a response somewhere; a suggestion is never applied by itself.

    One that is not there means: nothing that is right often enough.
    """

    queryset = Suggestion.objects.none()
    serializer_class = SuggestionSerializer
    pagination_class = SuggestionCursor
    filterset_class = SuggestionFilter

    @property
    def user(self) -> User:
        return cast("User", self.request.user)

    def get_queryset(self) -> QuerySet[Suggestion]:
        if getattr(self, "swagger_fake_view", False):
            return self.queryset
        return Suggestion.objects.filter(process__in=Process.objects.visible_to(self.user))

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset())) or []
        return self.get_paginated_response(self._shown(page))

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return Response(self._shown([self.get_object()])[0])

    def _shown(self, rows: Sequence[Suggestion]) -> Sequence[Any]:
        near = {one["process"] for row in rows for one in row.neighbours}
        seen = Process.objects.visible_to(self.user).filter(pk__in=near)
        context = {"seen": set(seen.values_list("pk", flat=True))}
        return [SuggestionSerializer(row, context=context).data for row in rows]


class SuggestionState(APIView):
    @extend_schema(responses=StateSerializer)
    def get(self, request: Request) -> Response:
        """How right suggestions are on this site's own decisions, each left out in turn."""
        state = standing()
        told = {
            "made_at": state.made_at if state else None,
            "open_processes": state.open_processes if state else 0,
            "suggested": state.suggested if state else 0,
            "fewest": FEWEST,
            "calibration": state.calibration if state else {},
        }
        return Response(StateSerializer(told).data)


routes = [("suggestions", SuggestionViewSet, "api-suggestion")]
urlpatterns = [
    path("suggestions/calibration/", SuggestionState.as_view(), name="api-suggestion-state")
]
