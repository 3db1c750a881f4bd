"""processes/{id}/why/: the chain from the log line to the client; the twin of the page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django.shortcuts import get_object_or_404
from django.urls import path
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from exceptions_app.api.refusal import refused
from exceptions_app.errors import ExceptionsError
from exceptions_app.export.package import location_called
from exceptions_app.why.chain import why
from truscan.models.estate import Group
from truscan.models.process import Process

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from rest_framework.request import Request


class LinkSerializer(serializers.Serializer[Any]):
    """Each link has more members of its own kind, told in docs/api.md."""

    link = serializers.ChoiceField(
        choices=["detection", "decision", "approval", "revision", "export", "client"]
    )
    state = serializers.CharField(help_text="known, none or not known")
    text = serializers.CharField()
    at = serializers.DateTimeField(allow_null=True)


class ElsewhereSerializer(serializers.Serializer[Any]):
    location = serializers.CharField(allow_null=True)
    response = serializers.CharField(allow_null=True)


class WhySerializer(serializers.Serializer[Any]):
    process = serializers.DictField()
    group = serializers.CharField()
    location = serializers.CharField(allow_null=True)
    response = serializers.CharField(allow_null=True, help_text="null: nothing is ordered there")
    answer = serializers.CharField()
    chain = LinkSerializer(many=True)
    elsewhere = ElsewhereSerializer(many=True)


class WhyView(APIView):
    @extend_schema(
        parameters=[
            OpenApiParameter("group", int, required=True, description="Id of the group"),
            OpenApiParameter("location", str, description="Name; without it the group itself"),
        ],
        responses=WhySerializer,
    )
    def get(self, request: Request, pk: int) -> Response:
        """Why the process has its response in the group; what nobody told stays "not known"."""
        user = cast("User", request.user)
        process = get_object_or_404(Process.objects.all().visible_to(user), pk=pk)
        asked = serializers.IntegerField(min_value=1, max_value=2**63 - 1).run_validation(
            request.query_params.get("group")
        )
        visible = Group.objects.visible_to(user).select_related("domain")
        group = get_object_or_404(visible, pk=asked)
        name = request.query_params.get("location", "").strip()
        try:
            location = location_called(group, name) if name else None
            found = why(process, group, location, now=timezone.now())
        except ExceptionsError as error:
            raise refused(error) from error
        return Response(found.as_json())


urlpatterns = [path("processes/<int:pk>/why/", WhyView.as_view(), name="api-process-why")]
