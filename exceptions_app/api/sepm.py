"""sepm-jobs/: work on SEPM servers with its steps; apply a plan, go on, stop."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from django.core.exceptions import PermissionDenied
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.response import Response

from exceptions_app.api.refusal import refused
from exceptions_app.errors import ExceptionsError
from exceptions_app.models.sepm import SepmJob, SepmStep
from exceptions_app.sepm.apply import make_application
from exceptions_app.sepm.job import resume_job, stop_job
from truscan.access.actor import Actor
from truscan.access.scope import has_role_anywhere, may_write_groups, sees_whole_estate
from truscan.api.idempotency import KEY, once

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.contrib.auth.models import User
    from django.db.models import QuerySet
    from rest_framework.request import Request


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


def answer_job(request: Request, act: Callable[[], SepmJob], body: object) -> Response:
    """The job that the act made, or the answer of the first request under the same key."""

    def done() -> Response:
        try:
            job = act()
        except ExceptionsError as error:
            raise refused(error) from error
        return Response(SepmJobSerializer(job).data, status=201)

    return once(request, done, body)


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
        return answer_job(
            request, lambda: make_application(actor=actor, plan=plan, now=now), "apply"
        )

    @extend_schema(request=None, responses={201: SepmJobSerializer}, parameters=[KEY])
    @action(detail=True, methods=["post"])
    def resume(self, request: Request, pk: str) -> Response:
        """Go on where it stopped; steps that are done stay done."""
        job, actor, now = self._writable(), Actor.by_token(self.user), timezone.now()
        return answer_job(request, lambda: resume_job(actor=actor, job=job, now=now), "resume")

    @extend_schema(request=None, responses={201: SepmJobSerializer}, parameters=[KEY])
    @action(detail=True, methods=["post"])
    def stop(self, request: Request, pk: str) -> Response:
        """Stop it; what is done stays done."""
        job, actor, now = self._writable(), Actor.by_token(self.user), timezone.now()
        return answer_job(request, lambda: stop_job(actor=actor, job=job, now=now), "stop")


routes = [("sepm-jobs", JobViewSet, "api-sepm-job")]
