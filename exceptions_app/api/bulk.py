"""bulk-decisions/: one act on everything that matches a filter, written by a worker."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import exceptions, mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.response import Response as Answer

from exceptions_app.api.decisions import require_policies
from exceptions_app.api.refusal import refused
from exceptions_app.api.watches import TripwiresField
from exceptions_app.errors import ExceptionsError
from exceptions_app.models.bulk import BulkJob
from exceptions_app.models.policy import Policy, Response
from exceptions_app.triage.bulk import cancel, make_job, resume
from exceptions_app.triage.selection import take_snapshot
from truscan.access.actor import Actor
from truscan.access.scope import has_role_anywhere, may_write_groups
from truscan.api.idempotency import KEY, once
from truscan.models.estate import Group

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.contrib.auth.models import User
    from django.db.models import QuerySet
    from rest_framework.request import Request


CHOICES = [*Response.choices, ("observe", "Observe")]


class BulkJobSerializer(serializers.ModelSerializer[BulkJob]):
    class Meta:
        model = BulkJob
        fields = [
            "id",
            "decision",
            "wanted",
            "query",
            "total",
            "done",
            "applied",
            "skipped",
            "state",
            "error",
            "actor_name",
            "made_at",
            "started_at",
            "finished_at",
        ]
        read_only_fields = fields


class NewBulkSerializer(serializers.Serializer[Any]):
    query = serializers.CharField(
        max_length=4000, help_text="the filter as the inbox's address says it: state=open&level=20"
    )
    response = serializers.ChoiceField(choices=CHOICES)
    reason = serializers.CharField(max_length=4000)
    policies = serializers.ListField(
        child=serializers.IntegerField(), required=False, default=list, max_length=500
    )
    groups = serializers.ListField(
        child=serializers.IntegerField(), required=False, default=list, max_length=500
    )
    review_on = serializers.DateField(required=False, default=None)
    expires_at = serializers.DateTimeField(required=False, default=None)
    until = serializers.DateTimeField(required=False, default=None)
    tripwires = TripwiresField()


class BulkJobViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[BulkJob]
):
    """One's own bulk decisions, and all for who sees the whole estate; newest first."""

    queryset = BulkJob.objects.none()
    serializer_class = BulkJobSerializer
    filterset_fields = ["state"]
    write_scope = "decide"

    @property
    def user(self) -> User:
        return cast("User", self.request.user)

    def get_queryset(self) -> QuerySet[BulkJob]:
        return BulkJob.objects.defer("process_ids").visible_to(self.user)

    @extend_schema(request=NewBulkSerializer, responses={202: BulkJobSerializer}, parameters=[KEY])
    def create(self, request: Request) -> Answer:
        """Decide on all that matches now: what matches later is not touched. Undo is that of the
        decision. 202: a worker writes it, and GET tells how far it is."""
        asked = NewBulkSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        given = asked.validated_data
        if not has_role_anywhere(self.user, "analyst"):
            raise exceptions.PermissionDenied
        self._require_places(given)

        def act() -> Answer:
            now = timezone.now()
            found = take_snapshot(self.user, given["query"], now)
            if found is None:
                raise exceptions.NotFound("Nothing matches, or the filter is not valid.")
            try:
                job = make_job(
                    actor=Actor.by_token(self.user),
                    processes=found.process_ids,
                    now=now,
                    seen_at=now,
                    **given,
                )
            except ExceptionsError as error:
                raise refused(error) from error
            job.refresh_from_db()
            return Answer(BulkJobSerializer(job).data, status=202)

        return once(request, act, dict(given))

    def _require_places(self, given: dict[str, Any]) -> None:
        """Policies for a response, groups to observe: all seen, and all within the role."""
        missing = exceptions.NotFound("A policy or group is not there, or outside your groups.")
        if given["response"] == "observe":
            groups = set(given["groups"])
            if not groups or Group.objects.visible_to(self.user).filter(
                pk__in=groups
            ).count() != len(groups):
                raise missing
            if not may_write_groups(self.user, "analyst", groups):
                raise exceptions.PermissionDenied
            return
        policies = list(Policy.objects.visible_to(self.user).filter(pk__in=given["policies"]))
        if not policies or len(policies) != len(set(given["policies"])):
            raise missing
        require_policies(self.user, policies)

    @extend_schema(request=None, responses=BulkJobSerializer, parameters=[KEY])
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: str) -> Answer:
        """Write no further part; what is done stays, and can be undone."""
        return self._act(request, cancel)

    @extend_schema(request=None, responses=BulkJobSerializer, parameters=[KEY])
    @action(detail=True, methods=["post"])
    def resume(self, request: Request, pk: str) -> Answer:
        """Go on after an error, where it stopped."""
        return self._act(request, resume)

    def _act(self, request: Request, act: Callable[..., BulkJob]) -> Answer:
        job = self.get_object()
        if job.actor_user_id != self.user.pk:
            raise exceptions.PermissionDenied

        def done() -> Answer:
            try:
                row = act(actor=Actor.by_token(self.user), job=job, now=timezone.now())
            except ExceptionsError as error:
                raise refused(error) from error
            return Answer(BulkJobSerializer(row).data)

        return once(request, done, None)


routes = [("bulk-decisions", BulkJobViewSet, "api-bulk-decision")]
