"""claims/ and class-targets/: who looks at what, and how long a class may wait."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import exceptions, mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.response import Response

from exceptions_app.api.refusal import refused
from exceptions_app.errors import ExceptionsError
from exceptions_app.models.claim import Claim
from exceptions_app.triage.ageing import CLASSES, DAYS_MAX, set_targets, targets
from exceptions_app.triage.claims import claim, release
from truscan.access.actor import Actor
from truscan.access.scope import has_role_anywhere, sees_whole_estate
from truscan.api.idempotency import KEY, once
from truscan.api.paging import IdCursor
from truscan.models.process import Process

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.db.models import QuerySet
    from rest_framework.request import Request


class ClaimSerializer(serializers.ModelSerializer[Claim]):
    class Meta:
        model = Claim
        fields = ["process", "user_name", "claimed_at", "until"]
        read_only_fields = fields


class ClaimRequestSerializer(serializers.Serializer[Any]):
    processes = serializers.ListField(
        child=serializers.IntegerField(), min_length=1, max_length=1_000
    )


class ClaimedSerializer(serializers.Serializer[Any]):
    won = serializers.ListField(child=serializers.IntegerField())
    lost = ClaimSerializer(many=True)


class ReleasedSerializer(serializers.Serializer[Any]):
    released = serializers.IntegerField()


class ClaimCursor(IdCursor):
    ordering = "-process_id"


class ClaimViewSet(mixins.ListModelMixin, viewsets.GenericViewSet[Claim]):
    """Claims that stand, on processes of the person's groups."""

    queryset = Claim.objects.none()
    serializer_class = ClaimSerializer
    pagination_class = ClaimCursor
    write_scope = "decide"

    @property
    def user(self) -> User:
        return cast("User", self.request.user)

    def get_queryset(self) -> QuerySet[Claim]:
        seen = Process.objects.visible_to(self.user).values("pk")
        return Claim.objects.filter(until__gt=timezone.now(), process__in=seen)

    @extend_schema(
        request=ClaimRequestSerializer, responses={201: ClaimedSerializer}, parameters=[KEY]
    )
    def create(self, request: Request) -> Response:
        """Claim for eight hours, or renew; `lost` are those that somebody else has."""
        ids = self._chosen(request)

        def act() -> Response:
            actor = Actor.by_token(self.user)
            done = claim(actor=actor, user=self.user, processes=ids, now=timezone.now())
            return Response(ClaimedSerializer(done).data, status=201)

        return once(request, act, ids)

    @extend_schema(request=ClaimRequestSerializer, responses=ReleasedSerializer, parameters=[KEY])
    @action(detail=False, methods=["post"])
    def release(self, request: Request) -> Response:
        """Give one's claims back."""
        ids = self._chosen(request)

        def act() -> Response:
            actor = Actor.by_token(self.user)
            count = release(actor=actor, user=self.user, processes=ids, now=timezone.now())
            return Response({"released": count})

        return once(request, act, ids)

    def _chosen(self, request: Request) -> list[int]:
        asked = ClaimRequestSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        wanted = set(asked.validated_data["processes"])
        seen = Process.objects.filter(pk__in=wanted).visible_to(self.user)
        if seen.count() != len(wanted):
            raise exceptions.NotFound
        mine = Process.objects.filter(pk__in=wanted).visible_to(self.user, "analyst")
        if not has_role_anywhere(self.user, "analyst") or mine.count() != len(wanted):
            raise exceptions.PermissionDenied
        return sorted(wanted)


class TargetsSerializer(serializers.Serializer[Any]):
    days = serializers.DictField(
        child=serializers.IntegerField(min_value=1, max_value=DAYS_MAX, allow_null=True),
        help_text="days by class, null takes it away; classes: " + ", ".join(CLASSES),
    )


class ClassTargetViewSet(viewsets.ViewSet):
    serializer_class = TargetsSerializer
    write_scope = "admin"

    @extend_schema(operation_id="class_targets_retrieve", responses=TargetsSerializer)
    def list(self, request: Request) -> Response:
        """In how many days after it was first seen a process of a class shall be decided."""
        return Response({"days": targets()})

    @extend_schema(request=TargetsSerializer, responses=TargetsSerializer)
    def create(self, request: Request) -> Response:
        """Set those that are named, as an administrator of the whole estate."""
        user = cast("User", request.user)
        if not sees_whole_estate(user, "administrator"):
            raise exceptions.PermissionDenied
        asked = TargetsSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        try:
            done = set_targets(actor=Actor.by_token(user), days=asked.validated_data["days"])
        except ExceptionsError as error:
            raise refused(error) from error
        return Response({"days": done})


routes: list[tuple[str, type[viewsets.ViewSetMixin], str]] = [
    ("claims", ClaimViewSet, "api-claim"),
    ("class-targets", ClassTargetViewSet, "api-class-target"),
]
