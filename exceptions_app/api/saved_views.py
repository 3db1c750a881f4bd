"""views/: saved views of the inbox, with their stored counts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar, cast

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.generics import get_object_or_404
from rest_framework.response import Response

from exceptions_app.api.refusal import refused
from exceptions_app.errors import ExceptionsError
from exceptions_app.models.view import InboxView
from exceptions_app.triage.view_rows import rows_of
from exceptions_app.triage.views import (
    change_view,
    delete_view,
    may_change,
    restorable,
    restore_view,
    save_view,
    set_landing,
)
from truscan.access.actor import Actor
from truscan.access.scope import has_role_anywhere, sees_whole_estate
from truscan.api.idempotency import KEY, once
from truscan.models.access import Role

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from django.contrib.auth.models import User
    from django.db.models import QuerySet
    from rest_framework.request import Request

T = TypeVar("T")


class ViewRowSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField(source="view.pk")
    name = serializers.CharField(source="view.name")
    query = serializers.CharField(source="view.query")
    sort = serializers.CharField(source="view.sort")
    is_shared = serializers.BooleanField(source="view.is_shared")
    owner_name = serializers.CharField(source="view.owner.username")
    is_mine = serializers.BooleanField()
    problem = serializers.CharField(help_text="why its filter is no longer valid; empty if it is")
    count = serializers.IntegerField(allow_null=True, help_text="10001: more than 10,000")
    counted_at = serializers.DateTimeField(allow_null=True)
    landing_of = serializers.ListField(source="roles", child=serializers.CharField())


class NewViewSerializer(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=80)
    query = serializers.CharField(
        max_length=4000, required=False, default="", allow_blank=True,
        help_text="the filter as the inbox's address says it, such as state=open&level=20",
    )  # fmt: skip
    sort = serializers.CharField(max_length=16, required=False, default="", allow_blank=True)


class ChangeViewSerializer(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=80, required=False)
    query = serializers.CharField(max_length=4000, required=False, allow_blank=True)
    sort = serializers.CharField(max_length=16, required=False, allow_blank=True)
    is_shared = serializers.BooleanField(required=False)


class LandingSerializer(serializers.Serializer[Any]):
    role = serializers.ChoiceField(choices=Role.choices)
    is_on = serializers.BooleanField(default=True, help_text="false: that role begins in the inbox")


class InboxViewViewSet(mixins.RetrieveModelMixin, viewsets.GenericViewSet[InboxView]):
    """One's own views and those that others share with one; newest first."""

    queryset = InboxView.objects.none()
    serializer_class = ViewRowSerializer

    @property
    def write_scope(self) -> str:
        return "admin" if self.action == "landing" else "decide"

    @property
    def user(self) -> User:
        return cast("User", self.request.user)

    def get_queryset(self) -> QuerySet[InboxView]:
        if getattr(self, "swagger_fake_view", False):
            return self.queryset
        views = InboxView.objects.all().visible_to(self.user)
        return views.select_related("owner").prefetch_related("landings")

    def list(self, request: Request) -> Response:
        page = self.paginate_queryset(self.get_queryset()) or []
        return self.get_paginated_response(self._shown(page))

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return Response(self._shown([self.get_object()])[0])

    @extend_schema(request=NewViewSerializer, responses={201: ViewRowSerializer}, parameters=[KEY])
    def create(self, request: Request) -> Response:
        """Save a personal view; an equal one of that name is returned as it is."""
        if not has_role_anywhere(self.user, "viewer"):
            raise PermissionDenied
        asked = NewViewSerializer(data=request.data)
        asked.is_valid(raise_exception=True)

        def act() -> Response:
            view = self._done(
                lambda: save_view(
                    actor=Actor.by_token(self.user),
                    owner=self.user,
                    now=timezone.now(),
                    **asked.validated_data,
                )
            )
            return Response(self._shown([view])[0], status=201)

        return once(request, act, asked.validated_data)

    @extend_schema(request=ChangeViewSerializer, responses=ViewRowSerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Rename, ask something else, sort, share or take back: its owner, and for a shared view
        an administrator of the whole estate."""
        view = self._changeable()
        asked = ChangeViewSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        done = self._done(
            lambda: change_view(
                actor=Actor.by_token(self.user),
                user=self.user,
                view=view,
                now=timezone.now(),
                **asked.validated_data,
            )
        )
        return Response(self._shown([done])[0])

    @extend_schema(responses={204: None})
    def destroy(self, request: Request, pk: str) -> Response:
        """Delete; it can be restored for thirty days. 409 while it is a role's landing page."""
        view = self._changeable()
        actor = Actor.by_token(self.user)
        self._done(lambda: delete_view(actor=actor, view=view, now=timezone.now()))
        return Response(status=204)

    @extend_schema(request=None, responses=ViewRowSerializer)
    @action(detail=True, methods=["post"])
    def restore(self, request: Request, pk: str) -> Response:
        """Take a deleted view back."""
        if not pk.isdecimal() or len(pk) > 18:
            raise Http404
        view = get_object_or_404(restorable(self.user, timezone.now()), pk=pk)
        done = self._done(lambda: restore_view(actor=Actor.by_token(self.user), view=view))
        return Response(self._shown([done])[0])

    @extend_schema(request=LandingSerializer, responses=ViewRowSerializer)
    @action(detail=True, methods=["post"])
    def landing(self, request: Request, pk: str) -> Response:
        """Let people of a role begin in this shared view: an administrator of the whole estate."""
        view = self.get_object()
        if not sees_whole_estate(self.user, "administrator"):
            raise PermissionDenied
        asked = LandingSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        role, chosen = asked.validated_data["role"], view if asked.validated_data["is_on"] else None
        self._done(lambda: set_landing(actor=Actor.by_token(self.user), role=role, view=chosen))
        return Response(self._shown([self.get_object()])[0])

    def _changeable(self) -> InboxView:
        view = self.get_object()
        if not may_change(self.user, view):
            raise PermissionDenied
        return view

    def _shown(self, views: Sequence[InboxView]) -> Sequence[Any]:
        rows = rows_of(views, self.user, timezone.now())
        return [ViewRowSerializer(row).data for row in rows]

    def _done(self, act: Callable[[], T]) -> T:
        try:
            return act()
        except ExceptionsError as error:
            raise refused(error) from error


routes = [("views", InboxViewViewSet, "api-view")]
