"""sepm-servers/ and sepm-jobs/: read, plan, apply, look for drift; the twins of the pages."""

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
from exceptions_app.errors import ExceptionsError
from exceptions_app.models.policy import Policy
from exceptions_app.models.sepm import SepmJob, SepmServer, SepmStep
from exceptions_app.sepm import drift
from exceptions_app.sepm.apply import make_application
from exceptions_app.sepm.job import make_job, resume_job, stop_job
from exceptions_app.sepm.plan import make_plan
from truscan.access.actor import Actor
from truscan.access.scope import has_role_anywhere, may_write_groups, sees_whole_estate
from truscan.api.idempotency import KEY, once

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.contrib.auth.models import User
    from django.db.models import QuerySet
    from rest_framework.request import Request


class SepmServerSerializer(serializers.ModelSerializer[SepmServer]):
    """Neither address nor account: those are on the page of administrators."""

    class Meta:
        model = SepmServer
        fields = ["id", "name", "is_on", "drift_hours", "read_at", "checked_at"]


class SepmPlanSerializer(serializers.Serializer[Any]):
    policies = serializers.ListField(
        child=serializers.IntegerField(), min_length=1, max_length=1000
    )


class SepmStepSerializer(serializers.ModelSerializer[SepmStep]):
    class Meta:
        model = SepmStep
        fields = ["position", "kind", "policy", "text", "state", "told", "done_at"]


class SepmJobSerializer(serializers.ModelSerializer[SepmJob]):
    steps = SepmStepSerializer(many=True, read_only=True)
    result = serializers.DictField(read_only=True)

    class Meta:
        model = SepmJob
        fields = [
            "id", "server", "kind", "state", "plan", "progress", "error", "error_code", "retry_at",
            "actor_name", "created_at", "finished_at", "result", "steps",
        ]  # fmt: skip


def _answer(request: Request, act: Callable[[], SepmJob], body: object) -> Response:
    def done() -> Response:
        try:
            job = act()
        except ExceptionsError as error:
            raise refused(error) from error
        return Response(SepmJobSerializer(job).data, status=201)

    return once(request, done, body)


class ServerViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[SepmServer]
):
    """SEPM servers, for approvers; adding and changing one is done on the page."""

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
        return _answer(
            request,
            lambda: make_plan(actor=actor, server=server, policies=policies, now=now),
            sorted(wanted),
        )

    def _administered(self) -> SepmServer:
        server = self.get_object()
        if not sees_whole_estate(self.user, "administrator"):
            raise PermissionDenied
        return server

    @extend_schema(request=None, responses={201: SepmJobSerializer}, parameters=[KEY])
    @action(detail=True, methods=["post"])
    def read(self, request: Request, pk: str) -> Response:
        """Read groups, locations, clients and their serials into our books."""
        server, actor, now = self._administered(), Actor.by_token(self.user), timezone.now()
        kind = SepmJob.Kind.READ
        return _answer(
            request,
            lambda: make_job(actor=actor, server=server, kind=kind, now=now, beyond=True),
            "read",
        )

    @extend_schema(request=None, responses={201: SepmJobSerializer}, parameters=[KEY])
    @action(detail=True, methods=["post"])
    def drift(self, request: Request, pk: str) -> Response:
        """Compare what was applied with what SEPM holds now."""
        server, actor, now = self._administered(), Actor.by_token(self.user), timezone.now()
        return _answer(
            request, lambda: drift.make_check(actor=actor, server=server, now=now), "drift"
        )


class JobViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[SepmJob]
):
    """Work on SEPM servers in the person's groups, with its steps."""

    queryset = SepmJob.objects.none()
    serializer_class = SepmJobSerializer
    write_scope = "publish"
    filterset_fields = ["server", "kind", "state"]

    @property
    def user(self) -> User:
        return cast("User", self.request.user)

    def get_queryset(self) -> QuerySet[SepmJob]:
        if getattr(self, "swagger_fake_view", False):
            return self.queryset
        return SepmJob.objects.visible_to(self.user).prefetch_related("steps")

    def _writable(self) -> SepmJob:
        job = self.get_object()
        allowed = has_role_anywhere(self.user, "approver")
        allowed = allowed and may_write_groups(self.user, "approver", job.reach)
        if not allowed or (job.beyond and not sees_whole_estate(self.user, "approver")):
            raise PermissionDenied
        return job

    @extend_schema(request=None, responses={201: SepmJobSerializer}, parameters=[KEY])
    @action(detail=True, methods=["post"])
    def apply(self, request: Request, pk: str) -> Response:
        """Carry out a plan; asked twice, the same job."""
        plan, actor, now = self._writable(), Actor.by_token(self.user), timezone.now()
        return _answer(request, lambda: make_application(actor=actor, plan=plan, now=now), "apply")

    @extend_schema(request=None, responses={201: SepmJobSerializer}, parameters=[KEY])
    @action(detail=True, methods=["post"])
    def resume(self, request: Request, pk: str) -> Response:
        """Go on where it stopped; steps that are done stay done."""
        job, actor, now = self._writable(), Actor.by_token(self.user), timezone.now()
        return _answer(request, lambda: resume_job(actor=actor, job=job, now=now), "resume")

    @extend_schema(request=None, responses={201: SepmJobSerializer}, parameters=[KEY])
    @action(detail=True, methods=["post"])
    def stop(self, request: Request, pk: str) -> Response:
        """Stop it; what is done stays done."""
        job, actor, now = self._writable(), Actor.by_token(self.user), timezone.now()
        return _answer(request, lambda: stop_job(actor=actor, job=job, now=now), "stop")


routes = [
    ("sepm-servers", ServerViewSet, "api-sepm-server"),
    ("sepm-jobs", JobViewSet, "api-sepm-job"),
]
