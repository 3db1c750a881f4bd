"""decisions/ and watches/: respond, observe, undo, by the same write path as the page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import exceptions, mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.response import Response as Answer

from exceptions_app.api.refusal import refused
from exceptions_app.errors import ExceptionsError
from exceptions_app.models.approval import ApprovalRequest
from exceptions_app.models.bulk import BulkJob
from exceptions_app.models.decision import Decision, DecisionItem
from exceptions_app.models.foreign import ForeignRules
from exceptions_app.models.policy import Policy, Response
from exceptions_app.models.watch import SAID, Watch
from exceptions_app.policies.effective import groups_touched, policies_in_force
from exceptions_app.triage.decide import Result
from exceptions_app.triage.observe_request import observe_or_ask
from exceptions_app.triage.respond_request import respond_or_ask
from exceptions_app.triage.undo import policies_of, root_of
from exceptions_app.triage.undo_job import undo_or_start
from exceptions_app.triage.watching import end_watch
from truscan.access.actor import Actor
from truscan.access.scope import group_ids, has_role_anywhere, may_write_groups
from truscan.api.idempotency import KEY, once
from truscan.models.estate import Group
from truscan.models.process import Process

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.contrib.auth.models import User
    from django.db.models import QuerySet
    from rest_framework.request import Request

MOST = 10_000


class DecisionSerializer(serializers.ModelSerializer[Decision]):
    class Meta:
        model = Decision
        fields = [
            "id",
            "kind",
            "response",
            "reason",
            "actor_name",
            "means",
            "decided_at",
            "undone_at",
            "undoes",
            "applied",
            "skipped",
        ]
        read_only_fields = fields


class RespondSerializer(serializers.Serializer[Any]):
    processes = serializers.ListField(
        child=serializers.IntegerField(), min_length=1, max_length=MOST
    )
    policies = serializers.ListField(child=serializers.IntegerField(), min_length=1, max_length=500)
    response = serializers.ChoiceField(choices=Response.choices)
    reason = serializers.CharField(max_length=4000)
    expires_at = serializers.DateTimeField(required=False, default=None)
    review_on = serializers.DateField(required=False, default=None)
    leave_out = serializers.BooleanField(
        default=False, help_text="skip what needs a second person, instead of asking for all of it"
    )


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


class SkipSerializer(serializers.Serializer[Any]):
    process_id = serializers.IntegerField()
    policy_id = serializers.IntegerField(allow_null=True)
    group_id = serializers.IntegerField(allow_null=True)
    code = serializers.CharField()
    why = serializers.CharField()


class ResultSerializer(serializers.Serializer[Any]):
    decision = DecisionSerializer(allow_null=True)
    applied = serializers.IntegerField()
    replaced = serializers.IntegerField()
    skipped = SkipSerializer(many=True)
    notes = serializers.ListField(child=serializers.CharField())
    approval = serializers.IntegerField(
        allow_null=True, default=None, help_text="the request that holds the act, if it needs one"
    )
    bulk_job = serializers.IntegerField(
        allow_null=True, default=None, help_text="the job that carries the act out, if one does"
    )


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


def seen_processes(user: User, ids: Iterable[int]) -> list[int]:
    """All of the processes must be in the person's scope; a forged id is not found."""
    wanted = set(ids)
    found = list(
        Process.objects.visible_to(user).filter(pk__in=wanted).values_list("pk", flat=True)
    )
    if len(found) != len(wanted):
        raise exceptions.NotFound("A process is not there, or it is outside your groups.")
    return found


def require_policies(user: User, policies: Iterable[Policy]) -> None:
    """The person must be an analyst in every group that the policies touch."""
    groups = groups_touched(list(policies))
    if not has_role_anywhere(user, "analyst") or not may_write_groups(user, "analyst", groups):
        raise PermissionDenied


def _holding(processes: Iterable[int], groups: Iterable[Group]) -> list[Policy]:
    """The policies in force in these groups whose drafts have exceptions for these processes."""
    places = policies_in_force([group.pk for group in groups])
    held = Policy.objects.filter(
        pk__in={row.policy_id for row in places if row.policy_id is not None},
        exceptions__process__in=list(processes),
        exceptions__retired_at=None,
    )
    return list(held.distinct())


def answered(result: Result | ApprovalRequest | BulkJob) -> Answer:
    """201 for what is done, 200 for nothing to do, 202 for what a person or a job has to do."""
    if isinstance(result, ApprovalRequest):
        nothing = ResultSerializer(Result(None, 0, [])).data
        return Answer({**nothing, "approval": result.pk}, status=202)
    if isinstance(result, BulkJob):
        begun = ResultSerializer(Result(result.decision, 0, [])).data
        return Answer({**begun, "bulk_job": result.pk}, status=202)
    return Answer(ResultSerializer(result).data, status=201 if result.decision else 200)


class DecisionViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Decision]
):
    """What people decided on processes of the person's groups."""

    queryset = Decision.objects.none()
    serializer_class = DecisionSerializer
    write_scope = "decide"
    filterset_fields = ["kind", "response"]

    @property
    def user(self) -> User:
        return cast("User", self.request.user)

    def get_queryset(self) -> QuerySet[Decision]:
        ids = group_ids(self.user)
        if ids is None:
            return Decision.objects.all()
        visible = Policy.objects.visible_to(self.user).values("pk")
        items = DecisionItem.objects.filter(decision=OuterRef("pk"))
        mine = items.filter(Q(policy__in=visible) | Q(group__in=ids))
        brought = ForeignRules.objects.filter(decision=OuterRef("pk"), policy__in=visible)
        return Decision.objects.filter(Exists(mine) | Exists(brought))

    @extend_schema(request=RespondSerializer, responses={201: ResultSerializer}, parameters=[KEY])
    def create(self, request: Request) -> Answer:
        """Ignore, Quarantine or Terminate: many processes into the drafts of many policies.

        202: one of them needs a second person, so `approval` holds the whole act and nothing
        changed."""
        asked = RespondSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        given = asked.validated_data
        policies = list(Policy.objects.visible_to(self.user).filter(pk__in=given["policies"]))
        if len(policies) != len(set(given["policies"])):
            raise exceptions.NotFound("A policy is not there, or it is outside your groups.")
        require_policies(self.user, policies)
        processes = seen_processes(self.user, given["processes"])

        def act() -> Answer:
            try:
                return answered(
                    respond_or_ask(
                        actor=Actor.by_token(self.user),
                        processes=processes,
                        policies=policies,
                        response=given["response"],
                        reason=given["reason"],
                        expires_at=given["expires_at"],
                        review_on=given["review_on"],
                        leave_out=given["leave_out"],
                        now=timezone.now(),
                    )
                )
            except ExceptionsError as error:
                raise refused(error) from error

        return once(request, act, dict(given))

    @extend_schema(request=None, responses=ResultSerializer, parameters=[KEY])
    @action(detail=True, methods=["post"])
    def undo(self, request: Request, pk: str) -> Answer:
        """Take a decision back as one act; later decisions are respected and reported.

        202: it is a very large one, so `bulk_job` carries it out."""
        decision = self.get_object()
        first = root_of(decision)
        require_policies(self.user, policies_of(decision))
        watched = set(first.items.exclude(group=None).values_list("group", flat=True))
        if not may_write_groups(self.user, "analyst", watched):
            raise PermissionDenied

        def act() -> Answer:
            try:
                actor, now = Actor.by_token(self.user), timezone.now()
                done = undo_or_start(actor=actor, decision=decision, now=now)
            except ExceptionsError as error:
                raise refused(error) from error
            return answered(done)

        return once(request, act, None)


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


routes = [
    ("decisions", DecisionViewSet, "api-decision"),
    ("watches", WatchViewSet, "api-watch"),
]
