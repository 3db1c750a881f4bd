"""comments/ and mentions/: what people say about processes, and where one was named."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import django_filters
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import exceptions, mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.response import Response

from exceptions_app.api.refusal import refused
from exceptions_app.errors import ExceptionsError
from exceptions_app.models.comment import Comment, Mention
from exceptions_app.triage.comments import TEXT_MAX, add_comment, see_mentions, take_back
from truscan.access.actor import Actor
from truscan.access.scope import sees_whole_estate
from truscan.api.idempotency import KEY, once
from truscan.models.process import Process

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.db.models import QuerySet
    from rest_framework.request import Request


class CommentSerializer(serializers.ModelSerializer[Comment]):
    mentions = serializers.SerializerMethodField(help_text="user names of those who were told")

    class Meta:
        model = Comment
        fields = [
            "id",
            "process",
            "text",
            "author_name",
            "written_at",
            "mentions",
            "taken_back_at",
            "taken_back_by_name",
        ]
        read_only_fields = fields

    def get_mentions(self, row: Comment) -> list[str]:
        return sorted(mention.user.get_username() for mention in row.mentions.all())


class NewCommentSerializer(serializers.Serializer[Any]):
    process = serializers.IntegerField()
    text = serializers.CharField(
        max_length=TEXT_MAX, help_text="plain text; @name tells a person who sees the process"
    )


class CommentFilter(django_filters.FilterSet):  # type: ignore[misc]  # ships no types
    process = django_filters.NumberFilter("process_id")

    class Meta:
        model = Comment
        fields: list[str] = []


class CommentViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Comment]
):
    """Comments on processes seen in the groups of the token's person; newest first."""

    queryset = Comment.objects.none()
    serializer_class = CommentSerializer
    filterset_class = CommentFilter
    write_scope = "decide"

    @property
    def user(self) -> User:
        return cast("User", self.request.user)

    def get_queryset(self) -> QuerySet[Comment]:
        seen = Process.objects.visible_to(self.user).values("pk")
        rows = Comment.objects.filter(process__in=seen).order_by("-pk")
        return rows.prefetch_related("mentions__user")

    @extend_schema(
        request=NewCommentSerializer, responses={201: CommentSerializer}, parameters=[KEY]
    )
    def create(self, request: Request) -> Response:
        """Comment as an analyst of a group where the process was seen."""
        asked = NewCommentSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        given = asked.validated_data
        process = Process.objects.visible_to(self.user).filter(pk=given["process"]).first()
        if process is None:
            raise exceptions.NotFound
        if not Process.objects.visible_to(self.user, "analyst").filter(pk=process.pk).exists():
            raise exceptions.PermissionDenied

        def act() -> Response:
            try:
                row = add_comment(
                    actor=Actor.by_token(self.user),
                    author=self.user,
                    process=process,
                    text=given["text"],
                    now=timezone.now(),
                )
            except ExceptionsError as error:
                raise refused(error) from error
            return Response(CommentSerializer(row).data, status=201)

        return once(request, act, dict(given))

    @extend_schema(request=None, responses=CommentSerializer, parameters=[KEY])
    @action(detail=True, methods=["post"], url_path="take-back")
    def take_back(self, request: Request, pk: str) -> Response:
        """Empty one's own comment within 15 minutes; an administrator of the whole estate any."""
        row, administers = self.get_object(), sees_whole_estate(self.user, "administrator")
        if row.author_id != self.user.pk and not administers:
            raise exceptions.PermissionDenied

        def act() -> Response:
            try:
                done = take_back(
                    actor=Actor.by_token(self.user),
                    comment=row,
                    now=timezone.now(),
                    at_any_time=administers,
                )
            except ExceptionsError as error:
                raise refused(error) from error
            return Response(CommentSerializer(done).data)

        return once(request, act, None)


class MentionSerializer(serializers.ModelSerializer[Mention]):
    comment = CommentSerializer()

    class Meta:
        model = Mention
        fields = ["id", "comment", "seen_at"]
        read_only_fields = fields


class MentionViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, viewsets.GenericViewSet[Mention]
):
    """Where others named one, on processes that one still sees; newest first."""

    queryset = Mention.objects.none()
    serializer_class = MentionSerializer
    write_scope = "decide"

    def get_queryset(self) -> QuerySet[Mention]:
        user = cast("User", self.request.user)
        seen = Process.objects.visible_to(user).values("pk")
        rows = Mention.objects.filter(user_id=user.pk, comment__process__in=seen)
        return rows.select_related("comment").prefetch_related("comment__mentions__user")

    @extend_schema(request=None, responses=MentionSerializer)
    @action(detail=True, methods=["post"])
    def seen(self, request: Request, pk: str) -> Response:
        """Put it away; idempotent."""
        row = self.get_object()
        user = cast("User", request.user)
        see_mentions(user=user, mentions=[row.pk], now=timezone.now())
        row.refresh_from_db()
        return Response(MentionSerializer(row).data)


routes = [
    ("comments", CommentViewSet, "api-comment"),
    ("mentions", MentionViewSet, "api-mention"),
]
