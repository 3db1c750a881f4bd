"""groups/: the tree, and what policy tooling polls: groups/{id}/policy/."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import exceptions, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.response import Response

from exceptions_app.api.exports import IF_NONE_MATCH, TARGET, answer, asked_target
from exceptions_app.errors import NotFound
from exceptions_app.export.package import location_called, package_for_group
from exceptions_app.export.state import state_of_group
from exceptions_app.policies.placed import set_at
from truscan.models.estate import Group, Location

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.db.models import QuerySet
    from django.http import HttpResponse
    from rest_framework.request import Request

LOCATION = OpenApiParameter("location", str, description="Name; without it all locations")

AT = OpenApiParameter("at", OpenApiTypes.DATETIME, description="as of this moment")


class GroupSerializer(serializers.ModelSerializer[Group]):
    domain = serializers.CharField(source="domain.name")
    locations = serializers.SlugRelatedField[Location]("name", many=True, read_only=True)

    class Meta:
        model = Group
        fields = [
            "id",
            "domain",
            "path",
            "name",
            "parent",
            "inherits",
            "inherits_known",
            "client_count",
            "locations",
        ]


class EffectiveSetSerializer(serializers.Serializer[Any]):
    policy = serializers.CharField(allow_null=True)
    revision = serializers.IntegerField(allow_null=True)
    from_group = serializers.CharField(allow_null=True)
    inherited = serializers.BooleanField()
    sha256 = serializers.CharField(help_text="of the canonical text in `content`")
    doubts = serializers.ListField(
        child=serializers.CharField(), help_text="what does not hold; empty: proven"
    )
    content = serializers.CharField(help_text="the canonical document with the rules")


class GroupViewSet(viewsets.ReadOnlyModelViewSet[Group]):
    """Client groups in the scope of the token's person."""

    queryset = Group.objects.none()
    serializer_class = GroupSerializer
    filterset_fields = ["path_key", "parent", "domain__name"]

    def get_queryset(self) -> QuerySet[Group]:
        groups = Group.objects.visible_to(cast("User", self.request.user))
        return groups.select_related("domain").prefetch_related("locations")

    @extend_schema(parameters=[LOCATION, AT], responses=EffectiveSetSerializer)
    @action(detail=True, methods=["get"], filterset_fields=[])
    def effective(self, request: Request, pk: str) -> Response:
        """What clients of the group or location are ordered, now or at a moment, and its proof."""
        group, name = self.get_object(), request.query_params.get("location", "").strip()
        at = timezone.now()
        if "at" in request.query_params:
            at = serializers.DateTimeField().run_validation(request.query_params["at"])
        try:
            location = location_called(group, name) if name else None
        except NotFound as error:
            raise exceptions.NotFound(str(error)) from error
        found = set_at(group, location, at)
        told = {
            "policy": found.policy.name if found.policy else None,
            "revision": found.revision.number if found.revision else None,
            "from_group": found.path[-1].path if found.policy else None,
            "inherited": found.origin.inherited,
            "sha256": found.sha256,
            "doubts": list(found.doubts),
            "content": found.text,
        }
        return Response(EffectiveSetSerializer(told).data)

    @extend_schema(
        parameters=[TARGET, LOCATION, IF_NONE_MATCH],
        responses={
            (200, "application/json"): OpenApiTypes.OBJECT,
            (200, "application/zip"): OpenApiTypes.BINARY,
            304: None,
            (409, "application/problem+json"): OpenApiTypes.OBJECT,
        },
    )
    @action(detail=True, methods=["get"], filterset_fields=[])
    def policy(self, request: Request, pk: str) -> HttpResponse:
        """What clients of the group are to get, as the export target's file or zip.

        Carries an ETag over the bytes; with `If-None-Match` an unchanged policy answers 304.
        409 if nothing is published for the group, or if what is published contradicts itself.
        """
        group = self.get_object()
        target = asked_target(request)
        name = request.query_params.get("location", "").strip()
        try:
            location = location_called(group, name) if name else None
        except NotFound as error:
            raise exceptions.NotFound(str(error)) from error
        return answer(
            request,
            target,
            lambda now: state_of_group(group, location, target, now=now),
            lambda now: package_for_group(group, location, now=now),
        )


routes = [("groups", GroupViewSet, "api-group")]
