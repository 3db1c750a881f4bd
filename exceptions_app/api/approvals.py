"""approvals/: acts that wait for a second person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django.core.exceptions import PermissionDenied
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, viewsets
from rest_framework.decorators import action
from rest_framework.response import Response

from exceptions_app.api.refusal import refused
from exceptions_app.errors import ExceptionsError
from exceptions_app.models.approval import ApprovalRequest
from exceptions_app.policies.approval import approve, decline, may_settle, withdraw
from truscan.access.actor import Actor
from truscan.api.idempotency import KEY, once

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.contrib.auth.models import User
    from django.db.models import QuerySet
    from rest_framework.request import Request


class ApprovalSerializer(serializers.ModelSerializer[ApprovalRequest]):
    class Meta:
        model = ApprovalRequest
        fields = [
            "id",
            "act",
            "title",
            "policies",
            "asked",
            "because",
            "digest",
            "reason",
            "requester_name",
            "requested_at",
            "expires_at",
            "state",
            "settled_by_name",
            "settled_at",
            "comment",
            "result",
        ]


class CommentSerializer(serializers.Serializer[Any]):
    comment = serializers.CharField(required=False, default="", allow_blank=True, max_length=2000)


class ApprovalViewSet(viewsets.ReadOnlyModelViewSet[ApprovalRequest]):
    """Requests about policies that the person sees, and his own; newest first."""

    queryset = ApprovalRequest.objects.none()
    serializer_class = ApprovalSerializer
    filterset_fields = ["state", "act"]

    @property
    def write_scope(self) -> str:
        return "decide" if self.action == "withdraw" else "publish"

    @property
    def user(self) -> User:
        return cast("User", self.request.user)

    def get_queryset(self) -> QuerySet[ApprovalRequest]:
        return ApprovalRequest.objects.visible_to(self.user).prefetch_related("policies")

    @extend_schema(request=CommentSerializer, responses=ApprovalSerializer, parameters=[KEY])
    @action(detail=True, methods=["post"])
    def approve(self, request: Request, pk: str) -> Response:
        """Carry out what was asked for. 409 for the requester, for who wrote the last change of
        the draft, and when what would be done changed since."""
        return self._settle(request, approve)

    @extend_schema(request=CommentSerializer, responses=ApprovalSerializer, parameters=[KEY])
    @action(detail=True, methods=["post"])
    def decline(self, request: Request, pk: str) -> Response:
        """Say no; the comment says why."""
        return self._settle(request, decline)

    @extend_schema(request=CommentSerializer, responses=ApprovalSerializer, parameters=[KEY])
    @action(detail=True, methods=["post"])
    def withdraw(self, request: Request, pk: str) -> Response:
        """Take one's own request back."""
        return self._settle(request, withdraw)

    def _settle(self, request: Request, settle: Callable[..., ApprovalRequest]) -> Response:
        row = self.get_object()
        if self.action != "withdraw":
            self._require(row)
        asked = CommentSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        comment = asked.validated_data["comment"]

        def act() -> Response:
            actor, now = Actor.by_token(self.user), timezone.now()
            try:
                done = settle(actor=actor, request=row, now=now, comment=comment)
            except ExceptionsError as error:
                raise refused(error) from error
            return Response(ApprovalSerializer(done).data)

        return once(request, act, comment)

    def _require(self, row: ApprovalRequest) -> None:
        if not may_settle(self.user, row):
            raise PermissionDenied


routes = [("approvals", ApprovalViewSet, "api-approval")]
