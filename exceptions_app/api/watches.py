"""watches/: processes that are observed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django.core.exceptions import PermissionDenied
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import exceptions, mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.response import Response as Answer

from exceptions_app.api.decisions import (
    MOST,
    ResultSerializer,
    answered,
    require_policies,
    seen_processes,
)
from exceptions_app.api.refusal import refused
from exceptions_app.errors import ExceptionsError
from exceptions_app.models.policy import Policy
from exceptions_app.models.watch import SAID, Watch
from exceptions_app.policies.effective import policies_in_force
from exceptions_app.triage.observe_request import observe_or_ask
from exceptions_app.triage.watching import end_watch
from truscan.access.actor import Actor
from truscan.access.scope import group_ids, may_write_groups
from truscan.api.idempotency import KEY, once
from truscan.models.estate import Group

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.contrib.auth.models import User
    from django.db.models import QuerySet
    from rest_framework.request import Request


class TripwiresField(serializers.DictField):
    """What brings an observed process back; words that there are not are refused."""

    child = serializers.IntegerField(min_value=1)

    def __init__(self) -> None:
        super().__init__(
            required=False,
            default=None,
            allow_null=True,
            help_text="so many more `occurrences`, `computers`, `groups` (at or below) or `hashes`"
            " (other builds of the same program) bring it back",
        )

    def to_internal_value(self, data: Any) -> Any:
        told = super().to_internal_value(data)
        if not told.keys() <= SAID.keys():
            raise serializers.ValidationError(f"Give some of {', '.join(sorted(SAID))}.")
        return told


class ObserveSerializer(serializers.Serializer[Any]):
    processes = serializers.ListField(
        child=serializers.IntegerField(), min_length=1, max_length=MOST
    )
    groups = serializers.ListField(child=serializers.IntegerField(), min_length=1, max_length=500)
    reason = serializers.CharField(max_length=4000)
    until = serializers.DateTimeField(required=False, default=None)
    tripwires = TripwiresField()
    leave_out = serializers.BooleanField(
        default=False, help_text="skip what needs a second person, instead of asking for all of it"
    )


class EndWatchSerializer(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=4000)


class WatchSerializer(serializers.ModelSerializer[Watch]):
    class Meta:
        model = Watch
        fields = [
            "id",
            "process",
            "group",
            "reason",
            "until",
            "tripwires",
            "started_at",
            "ended_at",
            "returned_because",
            "changes",
        ]


def _holding(processes: Iterable[int], groups: Iterable[Group]) -> list[Policy]:
    """The policies in force in these groups whose drafts have exceptions for these processes."""
    places = policies_in_force([group.pk for group in groups])
    held = Policy.objects.filter(
        pk__in={row.policy_id for row in places if row.policy_id is not None},
        exceptions__process__in=list(processes),
        exceptions__retired_at=None,
    )
    return list(held.distinct())


class WatchViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Watch]
):
    """Processes that are observed: no exception, still counted."""

    queryset = Watch.objects.none()
    serializer_class = WatchSerializer
    write_scope = "decide"
    filterset_fields = ["process", "group"]

    def get_queryset(self) -> QuerySet[Watch]:
        ids = group_ids(cast("User", self.request.user))
        return Watch.objects.all() if ids is None else Watch.objects.filter(group__in=ids)

    @extend_schema(request=ObserveSerializer, responses={201: ResultSerializer}, parameters=[KEY])
    def create(self, request: Request) -> Answer:
        """Observe: exceptions in these groups are retired first, and the result says so.

        202: one of the processes needs a second person, so `approval` holds the whole act."""
        user = cast("User", request.user)
        asked = ObserveSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        given = asked.validated_data
        groups = list(Group.objects.visible_to(user).filter(pk__in=given["groups"]))
        if len(groups) != len(set(given["groups"])):
            raise exceptions.NotFound("A group is not there, or it is outside your groups.")
        if not may_write_groups(user, "analyst", given["groups"]):
            raise PermissionDenied
        processes = seen_processes(user, given["processes"])
        # Observing takes exceptions out of the policies in force there: that writes them too.
        require_policies(user, _holding(processes, groups))

        def act() -> Answer:
            try:
                return answered(
                    observe_or_ask(
                        actor=Actor.by_token(user),
                        processes=processes,
                        groups=groups,
                        reason=given["reason"],
                        until=given["until"],
                        tripwires=given["tripwires"],
                        leave_out=given["leave_out"],
                        now=timezone.now(),
                    )
                )
            except ExceptionsError as error:
                raise refused(error) from error

        return once(request, act, dict(given))

    @extend_schema(request=EndWatchSerializer, responses={201: ResultSerializer}, parameters=[KEY])
    @action(detail=True, methods=["post"])
    def end(self, request: Request, pk: str) -> Answer:
        """Bring it back: what has no exception is open again. Undone like any decision."""
        user, watch = cast("User", request.user), self.get_object()
        if not may_write_groups(user, "analyst", [watch.group_id]):
            raise PermissionDenied
        asked = EndWatchSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        reason = asked.validated_data["reason"]

        def act() -> Answer:
            actor, now = Actor.by_token(user), timezone.now()
            try:
                return answered(end_watch(actor=actor, watches=[watch.pk], reason=reason, now=now))
            except ExceptionsError as error:
                raise refused(error) from error

        return once(request, act, reason)


routes = [("watches", WatchViewSet, "api-watch")]
