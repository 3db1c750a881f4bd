"""lint-settings/ and protected-programs/: what administrators set of lint."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django.core.exceptions import PermissionDenied
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, viewsets
from rest_framework.response import Response

from exceptions_app.api.refusal import refused
from exceptions_app.errors import ExceptionsError
from exceptions_app.models.lint import Grade, LintSettings
from exceptions_app.policies.approval import DAYS_MAX
from exceptions_app.policies.known_programs import protect_list
from exceptions_app.policies.lint_settings import lint_settings, set_lint, set_protected
from truscan.access.actor import Actor
from truscan.access.scope import sees_whole_estate

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from rest_framework.request import Request


class FindingSerializer(serializers.Serializer[Any]):
    code = serializers.CharField()
    grade = serializers.SerializerMethodField(help_text="note, caution or grave")
    process_id = serializers.IntegerField(allow_null=True)
    subject = serializers.CharField()
    reason = serializers.CharField()
    way_out = serializers.CharField()
    key = serializers.CharField()

    def get_grade(self, finding: Any) -> str:
        return Grade(finding.grade).name.lower()


class LintSettingsSerializer(serializers.ModelSerializer[LintSettings]):
    wide_percent = serializers.IntegerField(min_value=0, max_value=100)
    evidence_percent = serializers.IntegerField(min_value=0, max_value=100)
    request_days = serializers.IntegerField(
        min_value=1, max_value=DAYS_MAX, default=7, help_text="a request to publish is kept so long"
    )

    class Meta:
        model = LintSettings
        fields = ["blocking_grade", "wide_percent", "evidence_percent", "request_days"]


class ProtectedSerializer(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=255)
    folder = serializers.CharField(
        max_length=512, required=False, default="", allow_blank=True, help_text="such as %WINDIR%\\"
    )
    why = serializers.CharField(max_length=255, required=False, default="", allow_blank=True)
    is_shipped = serializers.BooleanField(read_only=True)
    is_on = serializers.BooleanField(write_only=True, default=True, help_text="false takes it off")


def _administrator(request: Request) -> Actor:
    user = cast("User", request.user)
    if not sees_whole_estate(user, "administrator"):
        raise PermissionDenied
    return Actor.by_token(user)


class LintSettingsViewSet(viewsets.ViewSet):
    serializer_class = LintSettingsSerializer
    write_scope = "admin"

    @extend_schema(operation_id="lint_settings_retrieve", responses=LintSettingsSerializer)
    def list(self, request: Request) -> Response:
        """The blocking grade (null: lint only warns), the shares, how long requests are kept."""
        return Response(LintSettingsSerializer(lint_settings()).data)

    @extend_schema(request=LintSettingsSerializer, responses=LintSettingsSerializer)
    def create(self, request: Request) -> Response:
        """Set them all, as an administrator of the whole estate."""
        actor = _administrator(request)
        asked = LintSettingsSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        given = {"blocking_grade": None, **asked.validated_data}
        return Response(LintSettingsSerializer(set_lint(actor=actor, **given)).data)


class ProtectedProgramViewSet(viewsets.ViewSet):
    serializer_class = ProtectedSerializer
    write_scope = "admin"

    @extend_schema(responses=ProtectedSerializer(many=True))
    def list(self, request: Request) -> Response:
        """The protect list in force: shipped and added programs, without those taken off."""
        return Response(ProtectedSerializer(protect_list(), many=True).data)

    @extend_schema(request=ProtectedSerializer, responses=ProtectedSerializer(many=True))
    def create(self, request: Request) -> Response:
        """Put a program on the list or take it off; the list afterwards."""
        actor = _administrator(request)
        asked = ProtectedSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        try:
            set_protected(actor=actor, now=timezone.now(), **asked.validated_data)
        except ExceptionsError as error:
            raise refused(error) from error
        return Response(ProtectedSerializer(protect_list(), many=True).data)


routes = [
    ("lint-settings", LintSettingsViewSet, "api-lint-settings"),
    ("protected-programs", ProtectedProgramViewSet, "api-protected-program"),
]
