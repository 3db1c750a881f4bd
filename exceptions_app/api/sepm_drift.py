"""sepm-policies/: what was applied to SEPM, how it differs since, and what to do about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.response import Response

from exceptions_app.api.refusal import refused
from exceptions_app.api.sepm import SepmJobSerializer, answer_job
from exceptions_app.errors import ExceptionsError
from exceptions_app.models.policy import Policy
from exceptions_app.models.sepm import SepmPolicy
from exceptions_app.policies.effective import groups_touched
from exceptions_app.sepm.drift import adopt, leave
from exceptions_app.sepm.plan import make_plan
from truscan.access.actor import Actor
from truscan.access.scope import has_role_anywhere, may_write_groups
from truscan.api.idempotency import KEY, once

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.db.models import QuerySet
    from rest_framework.request import Request


class DifferenceSerializer(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(
        choices=["policy", "gone", "changed", "marked", "added", "place"],
        help_text="gone, changed: rules of ours; marked: with our mark, but not ours; added: by"
        " others; place: a location that has another policy",
    )
    key = serializers.CharField(allow_blank=True, help_text='of a rule: "list:HASH"')
    name = serializers.CharField(allow_blank=True)
    before = serializers.CharField(allow_blank=True, help_text="as it was applied")
    after = serializers.CharField(allow_blank=True, help_text="in SEPM now")


class SepmPolicySerializer(serializers.ModelSerializer[SepmPolicy]):
    name = serializers.CharField(source="policy.name", read_only=True)
    revision = serializers.IntegerField(source="revision.number", default=None, allow_null=True)
    is_open = serializers.BooleanField(
        source="has_open_drift", read_only=True, help_text="differs, and nobody settled it"
    )
    drift = DifferenceSerializer(many=True, read_only=True)

    class Meta:
        model = SepmPolicy
        fields = [
            "id", "server", "policy", "name", "revision", "applied_at", "checked_at",
            "drift_found_at", "is_open", "drift",
        ]  # fmt: skip


class AdoptSerializer(serializers.Serializer[Any]):
    keys = serializers.ListField(
        child=serializers.CharField(max_length=200), min_length=1, max_length=1000
    )
    reason = serializers.CharField(required=False, default="", allow_blank=True, max_length=2000)


class LeaveSerializer(serializers.Serializer[Any]):
    reason = serializers.CharField(required=False, default="", allow_blank=True, max_length=2000)


class AdoptedSerializer(serializers.Serializer[Any]):
    decisions = serializers.ListField(child=serializers.IntegerField())


class SepmPolicyViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[SepmPolicy]
):
    """Policies on SEPM servers, for approvers; each act needs every group that one touches."""

    queryset = SepmPolicy.objects.none()
    serializer_class = SepmPolicySerializer
    write_scope = "publish"
    filterset_fields = ["server", "policy"]

    @property
    def user(self) -> User:
        return cast("User", self.request.user)

    def get_queryset(self) -> QuerySet[SepmPolicy]:
        if getattr(self, "swagger_fake_view", False):
            return self.queryset
        if not has_role_anywhere(self.user, "approver"):
            raise Http404
        rows = SepmPolicy.objects.filter(policy__in=Policy.objects.visible_to(self.user))
        return rows.select_related("server", "policy", "revision")

    def _writable(self) -> SepmPolicy:
        link = self.get_object()
        if not may_write_groups(self.user, "approver", groups_touched([link.policy])):
            raise PermissionDenied
        return link

    @extend_schema(request=None, responses={201: SepmJobSerializer}, parameters=[KEY])
    @action(detail=True, methods=["post"])
    def restore(self, request: Request, pk: str) -> Response:
        """Plan what was applied anew; applying the plan puts it back."""
        link, actor, now = self._writable(), Actor.by_token(self.user), timezone.now()
        return answer_job(
            request,
            lambda: make_plan(actor=actor, server=link.server, policies=[link.policy], now=now),
            "restore",
        )

    @extend_schema(request=AdoptSerializer, responses={201: AdoptedSerializer}, parameters=[KEY])
    @action(detail=True, methods=["post"])
    def adopt(self, request: Request, pk: str) -> Response:
        """Take what SEPM says of these rules into our draft; publish it to make it the rule."""
        link = self._writable()
        asked = AdoptSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        given = asked.validated_data

        def act() -> Response:
            actor, now = Actor.by_token(self.user), timezone.now()
            try:
                results = adopt(
                    actor=actor, link=link, keys=given["keys"], reason=given["reason"], now=now
                )
            except ExceptionsError as error:
                raise refused(error) from error
            made = [result.decision.pk for result in results if result.decision]
            return Response({"decisions": made}, status=201)

        return once(request, act, dict(given))

    @extend_schema(request=LeaveSerializer, responses=SepmPolicySerializer)
    @action(detail=True, methods=["post"])
    def leave(self, request: Request, pk: str) -> Response:
        """Know of the drift and leave it: it is told again only when it changes."""
        link = self._writable()
        asked = LeaveSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        reason = asked.validated_data["reason"]
        leave(actor=Actor.by_token(self.user), link=link, reason=reason)
        link.refresh_from_db()
        return Response(SepmPolicySerializer(link).data)


routes = [("sepm-policies", SepmPolicyViewSet, "api-sepm-policy")]
