"""sepm-servers/: add one, change it, switch it, read, plan, look for drift; twins of the pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import exceptions, mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.response import Response

from exceptions_app.api.refusal import refused
from exceptions_app.api.sepm import SepmJobSerializer, answer_job
from exceptions_app.errors import ExceptionsError
from exceptions_app.models.policy import Policy
from exceptions_app.models.sepm import SepmJob, SepmServer
from exceptions_app.sepm import drift
from exceptions_app.sepm.job import make_job
from exceptions_app.sepm.plan import make_plan
from exceptions_app.sepm.setup import MOST_HOURS, save_server, switch_server
from truscan.access.actor import Actor
from truscan.access.scope import has_role_anywhere, sees_whole_estate
from truscan.api.idempotency import KEY, once
from truscan.delivery.trust import Kind

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.db.models import QuerySet
    from rest_framework.request import Request


class SepmServerSerializer(serializers.ModelSerializer[SepmServer]):
    """Neither address nor account: those are on the page of administrators."""

    class Meta:
        model = SepmServer
        fields = ["id", "name", "is_on", "drift_hours", "read_at", "checked_at"]


class SepmServerGivenSerializer(serializers.Serializer[Any]):
    """All of a server: what is left out becomes what it is for a new one, but the password."""

    name = serializers.CharField(max_length=100)
    url = serializers.CharField(max_length=255, help_text="https://host:8446")
    username = serializers.CharField(max_length=255)
    password = serializers.CharField(
        required=False,
        default="",
        allow_blank=True,
        max_length=255,
        trim_whitespace=False,
        write_only=True,
        help_text="Stored encrypted, never told. Empty keeps it, while address, account and trust"
        " stay as they are.",
    )
    sepm_domain = serializers.CharField(
        required=False,
        default="",
        allow_blank=True,
        max_length=255,
        help_text="to sign in to; empty: SEPM's default one",
    )
    domain = serializers.CharField(
        required=False, default="Default", max_length=255, help_text="as logs name it"
    )
    interface = serializers.ChoiceField(choices=[1, 2], required=False, default=2)
    trust_kind = serializers.ChoiceField(
        choices=[one.value for one in Kind], required=False, default=Kind.SYSTEM.value
    )
    ca_pem = serializers.CharField(
        required=False, default="", allow_blank=True, max_length=100_000, help_text="for ca"
    )
    fingerprint = serializers.CharField(
        required=False, default="", allow_blank=True, max_length=128, help_text="SHA-256, for pin"
    )
    drift_hours = serializers.IntegerField(
        required=False,
        default=None,
        allow_null=True,
        min_value=1,
        max_value=MOST_HOURS,
        help_text="look for drift so often; null: only when asked",
    )


class SepmSwitchSerializer(serializers.Serializer[Any]):
    is_on = serializers.BooleanField(help_text="off: nothing calls it, and its jobs wait")


class SepmPlanSerializer(serializers.Serializer[Any]):
    policies = serializers.ListField(
        child=serializers.IntegerField(), min_length=1, max_length=1000
    )


class ServerViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[SepmServer]
):
    """SEPM servers, for approvers; administrators of the whole estate add and change them."""

    queryset = SepmServer.objects.none()
    serializer_class = SepmServerSerializer
    filterset_fields = ["name"]

    @property
    def write_scope(self) -> str:
        return "publish" if self.action == "plan" else "admin"

    @property
    def user(self) -> User:
        return cast("User", self.request.user)

    def get_queryset(self) -> QuerySet[SepmServer]:
        if getattr(self, "swagger_fake_view", False):
            return self.queryset
        if not has_role_anywhere(self.user, "approver"):
            raise Http404
        return SepmServer.objects.all()

    @extend_schema(
        request=SepmServerGivenSerializer, responses={201: SepmServerSerializer}, parameters=[KEY]
    )
    def create(self, request: Request) -> Response:
        """Add a server; nothing calls it before somebody asks for a job."""
        self.get_queryset()
        self._require_administrator()
        return self._save(request, None)

    @extend_schema(request=SepmServerGivenSerializer, responses=SepmServerSerializer)
    def update(self, request: Request, pk: str) -> Response:
        """Change all of a server. Another address, account or trust needs the password again."""
        return self._save(request, self._administered())

    def _save(self, request: Request, server: SepmServer | None) -> Response:
        asked = SepmServerGivenSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        given = dict(asked.validated_data)
        password = given.pop("password")

        def act() -> Response:
            try:
                row = save_server(
                    actor=Actor.by_token(self.user), given=given, password=password, server=server
                )
            except ExceptionsError as error:
                raise refused(error) from error
            return Response(SepmServerSerializer(row).data, status=200 if server else 201)

        # The password is no part of what makes two requests equal: its digest would be kept.
        return act() if server else once(request, act, given)

    @extend_schema(request=SepmSwitchSerializer, responses=SepmServerSerializer)
    @action(detail=True, methods=["post"])
    def switch(self, request: Request, pk: str) -> Response:
        """Switch it on or off."""
        server = self._administered()
        asked = SepmSwitchSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        is_on = asked.validated_data["is_on"]
        switch_server(actor=Actor.by_token(self.user), server=server, is_on=is_on)
        return Response(SepmServerSerializer(server).data)

    @extend_schema(request=SepmPlanSerializer, responses={201: SepmJobSerializer}, parameters=[KEY])
    @action(detail=True, methods=["post"])
    def plan(self, request: Request, pk: str) -> Response:
        """Compare policies that you approve for with what SEPM holds; nothing is changed there."""
        server = self.get_object()
        asked = SepmPlanSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        wanted = set(asked.validated_data["policies"])
        policies = list(Policy.objects.visible_to(self.user, "approver").filter(pk__in=wanted))
        if len(policies) != len(wanted):
            raise exceptions.NotFound("A policy is not there, or you do not approve for it.")
        actor, now = Actor.by_token(self.user), timezone.now()
        return answer_job(
            request,
            lambda: make_plan(actor=actor, server=server, policies=policies, now=now),
            sorted(wanted),
        )

    def _require_administrator(self) -> None:
        if not sees_whole_estate(self.user, "administrator"):
            raise PermissionDenied

    def _administered(self) -> SepmServer:
        server = self.get_object()
        self._require_administrator()
        return server

    @extend_schema(request=None, responses={201: SepmJobSerializer}, parameters=[KEY])
    @action(detail=True, methods=["post"])
    def read(self, request: Request, pk: str) -> Response:
        """Read groups, locations, clients and their serials into our books."""
        server, actor, now = self._administered(), Actor.by_token(self.user), timezone.now()
        kind = SepmJob.Kind.READ
        return answer_job(
            request,
            lambda: make_job(actor=actor, server=server, kind=kind, now=now, beyond=True),
            "read",
        )

    @extend_schema(request=None, responses={201: SepmJobSerializer}, parameters=[KEY])
    @action(detail=True, methods=["post"])
    def drift(self, request: Request, pk: str) -> Response:
        """Compare what was applied with what SEPM holds now."""
        server, actor, now = self._administered(), Actor.by_token(self.user), timezone.now()
        return answer_job(
            request, lambda: drift.make_check(actor=actor, server=server, now=now), "drift"
        )


routes = [("sepm-servers", ServerViewSet, "api-sepm-server")]
