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
from exceptions_app.policies.approval_rules import need_second
from exceptions_app.policies.effective import groups_touched
from exceptions_app.triage.decide import Result
from exceptions_app.triage.preview import preview
from exceptions_app.triage.respond_request import respond_or_ask
from exceptions_app.triage.undo import policies_of, root_of
from exceptions_app.triage.undo_job import undo_or_start
from truscan.access.actor import Actor
from truscan.access.scope import group_ids, has_role_anywhere, may_write_groups
from truscan.api.idempotency import KEY, once
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


class PreviewAskedSerializer(serializers.Serializer[Any]):
    processes = serializers.ListField(
        child=serializers.IntegerField(), min_length=1, max_length=MOST
    )
    policies = serializers.ListField(child=serializers.IntegerField(), min_length=1, max_length=500)
    response = serializers.ChoiceField(choices=Response.choices)
    expires_at = serializers.DateTimeField(required=False, default=None)
    review_on = serializers.DateField(required=False, default=None)


class PreviewSerializer(serializers.Serializer[Any]):
    applies = serializers.IntegerField(help_text="(process, policy) pairs that would be written")
    replaces = serializers.IntegerField(help_text="of these, pairs with another response now")
    groups = serializers.IntegerField()
    locations = serializers.IntegerField()
    clients = serializers.IntegerField(allow_null=True, help_text="null: not known for a group")
    skipped = serializers.DictField(
        child=serializers.IntegerField(), help_text="what is left as it is, by code"
    )
    needs_approval = serializers.IntegerField(help_text="processes that need a second person")


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
        policies = self._policies(given["policies"])
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

    @extend_schema(request=PreviewAskedSerializer, responses=PreviewSerializer)
    @action(detail=False, methods=["post"])
    def preview(self, request: Request) -> Answer:
        """What POST with the same would do, as the dialog tells it; nothing is written."""
        asked = PreviewAskedSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        given, now = asked.validated_data, timezone.now()
        policies = self._policies(given["policies"])
        given |= {"processes": seen_processes(self.user, given["processes"]), "policies": policies}
        seen = preview(**given, now=now)
        found = need_second(given["processes"], policies, given["response"], now)
        told = {
            name: getattr(seen, name)
            for name in ("applies", "replaces", "groups", "locations", "clients")
        }
        return Answer({**told, "skipped": seen.counts, "needs_approval": len(found)})

    def _policies(self, ids: list[int]) -> list[Policy]:
        policies = list(Policy.objects.visible_to(self.user).filter(pk__in=ids))
        if len(policies) != len(set(ids)):
            raise exceptions.NotFound("A policy is not there, or it is outside your groups.")
        require_policies(self.user, policies)
        return policies

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


routes = [
    ("decisions", DecisionViewSet, "api-decision"),
]
